// Events for calls that live state no longer holds, merged into the rows the store has of them.
//
// Shape    needs_of() names the calls to look up; with_late() answers the batch to write instead: late events turned into
//          changed calls and turns, each with the time it is stored under, and into new usage. Each engine reads, merges
//          and writes inside the batch's transaction, so the same code decides for all of them.
//          A turn or usage of a call that is among batch.calls leaves the call's row alone: the fold counted it.
//          An event of a call the store does not have becomes a raw event: were a row made of it, the call's own
//          events, if they still come, would make a second one.
// Units    as rows.h.
// Source   decisions.md 1, 4, 6, 7, 16; docs/metrics.md.
//
// What the rows cannot tell any more, and what is done instead: the orders of single fields are gone, so a field that is
// known gives way only to an event that is not older than the newest merged one, and of an ended call only to a final
// report (rank 5). A mean or sum that equals what the stored turns and usage give counts as derived, anything else as
// reported. The figures of a turn follow the last event, as they do in live state.
#pragma once

#include <vector>

#include "assemble/price_book.h"
#include "model/rows.h"

namespace aybiza {

std::vector<Id> needs_of(const RowBatch& batch);  // sorted, each once; empty without late rows

// `stored`: calls, turns and usage of needs_of(), as they are before `batch`. The answer has no late rows.
// Usage is priced by `prices`.
RowBatch with_late(const RowBatch& batch, RowBatch stored, const PriceBook& prices);

}  // namespace aybiza
