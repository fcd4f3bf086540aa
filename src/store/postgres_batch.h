// The rows of one batch into PostgreSQL's tables, inside the caller's transaction.
//
// Shape    what is stored already is deleted by key, one statement a table; then everything is copied in time order. Late events
//          are merged with the stored rows first (late.h). `careful` writes the same, but bisects what the server refuses down to
//          the rows it refuses, which go to poison_rows with the reason; everybody else's rows are written.
// Cost     careful: two savepoints more a table, and a logarithm of them for each refused row.
// Threads  the writer's.
// Source   reliability.md 3.1 rule 7.
#pragma once

#include "assemble/price_book.h"
#include "model/rows.h"
#include "store/changed.h"
#include "store/postgres.h"

namespace aybiza {

struct BatchOutcome {
  std::uint64_t out_of_range = 0;  // numbers that did not fit their column
  std::uint64_t set_aside = 0;     // rows the server refuses
  std::vector<Instant> minutes;    // that hold other rows now
};

struct BatchWriting {
  bool careful = false;
  Instant archived_before = Instant::min();  // rows that were stored before it may be in the archive: then it is noted that they are written again
};

Status write_batch(PostgresConnection& writer, const RowBatch& batch, const PriceBook& prices, const std::string& node, const BatchWriting& how,
                   BatchOutcome& outcome);

// From the first to the last row of a call, turn or usage, or rollup; empty (first > second) where there are none.
Result<std::pair<Instant, Instant>> stored_range(PostgresConnection& connection);

}  // namespace aybiza
