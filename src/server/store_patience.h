// How long a page, and the making of rollups, waits for the store while rows wait to be written: as usual, shortly, or not at all.
//
// Shape    a store that is behind lacks what a live page is about, and what is asked of it takes from writing. So a question that
//          reaches into what it lacks is not asked while rows wait on disk; what else is asked has a second, and where that was not
//          enough nothing is asked for some seconds. Whoever refuses says by how much the store is behind.
//          Making rollups takes from writing as well, so it waits until the store has caught up; where that lasts, it has its turn
//          every now and then all the same.
// Errors   Refusal unavailable.
// Threads  StorePatience: any; RepairPatience: none, owned by who makes rollups.
// Source   reliability.md R7; docs/postgres.md "When it is away for long".
#pragma once

#include <atomic>
#include <optional>

#include "query/question.h"

namespace aybiza {

namespace limits {
inline constexpr auto store_behind = std::chrono::seconds(5);          // older than that is the first row that is missing: the store is behind
inline constexpr auto behind_timeout = std::chrono::seconds(1);        // instead of query_timeout, for pages
inline constexpr auto behind_pause = std::chrono::seconds(5);          // without questions of pages, after one that took longer
inline constexpr auto behind_repair_wait = std::chrono::minutes(15);   // without making rollups; then once, whatever waits
}  // namespace limits

struct StoreLag {
  Duration lag{0};        // age of the oldest event the store lacks
  bool on_disk = false;   // rows wait there
};

class StorePatience {
 public:
  // How long the answer may take. `to` is the end of what is asked. REQUIRES: `now` and `elapsed` are of one moment.
  Answered<Duration> of(Instant to, const StoreLag& store, Instant now, Duration elapsed) const;
  // What became of a question that was asked with it.
  void failed(const StoreLag& store, Duration elapsed);

 private:
  std::atomic<Duration::rep> pause_until_{0};  // a figure of its own: relaxed order will do
};

class RepairPatience {
 public:
  // Whether rollups are made now.
  bool due(const StoreLag& store, Duration elapsed);

 private:
  std::optional<Duration> waits_since_;
};

}  // namespace aybiza
