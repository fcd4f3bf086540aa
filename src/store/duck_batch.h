// The rows of one batch into the tables, inside the caller's transaction.
//
// Shape    what is stored already is deleted by key, in one statement a table; then everything is appended in time order.
//          Late events are merged with the stored rows first (late.h).
// Threads  the writer's.
// Source   reliability.md 3.1 rule 7.
#pragma once

#include "assemble/price_book.h"
#include "model/rows.h"
#include "store/changed.h"
#include "store/duck.h"

namespace aybiza {

// Counts the numbers that did not fit their column, and says which minutes hold other rows now.
Status write_batch(DuckConnection& writer, const RowBatch& batch, const PriceBook& prices, std::uint64_t& out_of_range,
                   std::vector<Instant>& minutes);

}  // namespace aybiza
