// Rollups made anew from the rows they sum up, where the store says that these have changed.
//
// Shape    repair_rollups() takes what is due of the store's changed buckets: an hour's rows are read once for the hour and
//          its minutes, a day is the merge of its hours when none of them is waiting. What changes while it is read stays
//          marked (the claim is refused) and is read again. A bucket is due when it has been over for limits::rollup_settle
//          and left alone for rollup_quiet, or has waited for rollup_patience; with at_once every bucket is.
// Errors   of the store; what was done stays done.
// Threads  any one at a time; beside the writer.
// Source   docs/sql.md "Rollups".
#pragma once

#include <functional>

#include "store/store.h"

namespace aybiza {

struct RepairTime {
  Instant now{};       // the clock's
  Duration elapsed{};  // of the same clock's elapsed axis, which marks are told on
  bool at_once = false;
};

struct RepairReport {
  std::size_t hours_read = 0, buckets = 0, rows = 0;
};

// `stop` is asked now and then; `progress`, if there is any, is told after each.
Result<RepairReport> repair_rollups(Store& store, const RepairTime& time, const std::function<bool()>& stop,
                                    const std::function<void(const RepairReport&)>& progress = {});

}  // namespace aybiza
