// The rows of one batch into the tables, inside the caller's transaction.
//
// Shape    what is stored already is deleted by key, in one statement a table; then everything is appended in time order.
//          Late events are merged with the stored rows first (late.h). Of a row that is removed and may lie in the archive it is
//          written down that it counts no more: no row takes its place there.
// Threads  the writer's.
// Source   reliability.md 3.1 rule 7.
#pragma once

#include "assemble/price_book.h"
#include "model/rows.h"
#include "store/changed.h"
#include "store/duck.h"

namespace aybiza {

struct DuckWriting {
  Instant archived_before = Instant::min();  // rows that were stored before it may be in the archive
  std::uint64_t out_of_range = 0;            // numbers that did not fit their column
  std::vector<Instant> minutes = {};         // that hold other rows now
};

Status write_batch(DuckConnection& writer, const RowBatch& batch, const PriceBook& prices, DuckWriting& how);

}  // namespace aybiza
