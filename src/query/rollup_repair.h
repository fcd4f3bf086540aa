// Rollups made anew from the rows they sum up, where the store says that these have changed.
//
// Shape    repair_rollups() takes what is due of the store's changed buckets: an hour's rows are read once for the hour and
//          its minutes, a day is the merge of its hours when none of them is waiting. What changes while it is read stays
//          marked (the claim is refused) and is read again. A bucket is due when it has been over for limits::rollup_settle
//          and left alone for rollup_quiet, or has waited for rollup_patience; with at_once every bucket is.
//          An hour with few rows has no minutes: rows answer as fast, and minutes would take more room than they. That is decided with
//          the hour, for all of its minutes at once: it has each of them that holds anything, or none. Until then those of an hour that
//          has enough rows already are made as they end.
// Errors   of the store; what was done stays done.
// Threads  any one at a time; beside the writer.
// Source   docs/sql.md "Rollups".
#pragma once

#include <functional>
#include <optional>

#include "store/store.h"

namespace aybiza {

inline constexpr std::int64_t rollup_thin_rows = 120'000;  // calls, turns and usage of an hour that is worth minutes of its own in DuckDB; a server hands rows over slower, and keeps all minutes

struct RepairTime {
  Instant now{};       // the clock's
  Duration elapsed{};  // of the same clock's elapsed axis, which marks are told on
  bool at_once = false;
  std::optional<std::int64_t> thin_rows = {};         // an hour with fewer has no minutes,
  Instant minutes_before = Instant::min();            // unless it lies before: its rows are to go
  Instant from = Instant::min(), to = Instant::max();  // buckets in [from, to) only
};

struct RepairReport {
  std::size_t hours_read = 0, buckets = 0, rows = 0;
};

// `stop` is asked now and then; `progress`, if there is any, is told after each.
Result<RepairReport> repair_rollups(Store& store, const RepairTime& time, const std::function<bool()>& stop,
                                    const std::function<void(const RepairReport&)>& progress = {});

// The first hour of [from, to) that has a rollup and no minutes.
Result<std::optional<Instant>> first_without_minutes(Store& store, Instant from, Instant to);

}  // namespace aybiza
