// What is asked of live state, and one shard's part of the answer.
//
// Shape    buckets x groups -> Tally; parts of several shards are merged, then value_of (tally.h) finishes measures.
//          Panes answer what is aligned to them and filtered by at most customer and one dimension; everything else is
//          answered from the retained calls, exactly, as far back as they reach (Shard::covers says whether).
// Threads  values: built by whoever asks, moved to the shard and back.
// Source   decisions.md 2, 5, 20-22; docs/metrics.md.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aggregate/tally.h"
#include "model/measure.h"
#include "model/rows.h"

namespace aybiza {

struct LiveFilter {  // filters of one question are joined by AND, values of one filter by OR
  Dimension dimension{};
  bool negated = false;  // keeps nulls unless with_null
  std::vector<std::string> values;
  bool with_null = false;
  bool keeps(const std::optional<std::string_view>& value) const;
};

// No call is at work for longer: who looks for those of a range need not look at all there ever were.
inline constexpr Duration at_work_at_most = std::chrono::hours(24 * 8);

struct LiveQuestion {
  std::vector<Dimension> by;        // any; the pane path knows at most customer_id and one more
  std::vector<LiveFilter> where;
  std::vector<Instant> edges;       // bucket i is [edges[i], edges[i+1]); REQUIRES: ascending, at least two
  bool calls = true, turns = true, usage = true;  // the parts needed
  // false: of turns only their number and the sentiment is asked, of usage only the cost. Then a call in flight is added as
  // one, instead of turn by turn; the other figures of the answer are not to be used.
  bool turn_detail = true, usage_detail = true;
  std::uint8_t sketches = TallyParts::all_sketches;  // those the figures of the answer are read from
  bool extremes = true;             // the smallest or largest value of something; false: the tallies' extremes are not to be used
  bool intervals = false;           // calls overlapping [edges.front(), edges.back()), for active_* and utilization; those begun `at_work_at_most` before: none

  TallyParts parts() const { return {calls, turns, usage, sketches}; }
};

using LiveGroup = std::vector<std::optional<std::string>>;  // one value per `by`; nullopt = null
struct LiveKey {
  std::size_t bucket = 0;
  LiveGroup group;
  friend auto operator<=>(const LiveKey&, const LiveKey&) = default;
};

struct CallInterval {
  Id call{}, agent{};
  Instant start{}, end{};  // an active call ends at the question's `now`
  LiveGroup group;
  std::int64_t weight = 1;   // how many calls it stands for
};

// Of calls that are at work from the first edge of a question to its last, only how many and whose: of a second of a large
// fleet these are nearly all.
struct CallsThrough {
  std::int64_t calls = 0;    // with what each stands for
  bool estimate = false;     // one of them stands for several
  std::vector<Id> agents;    // each at least once
};

struct LivePartial {
  std::map<LiveKey, Tally> cells;
  std::map<LiveGroup, CallsThrough> through;
  std::vector<CallInterval> intervals;   // of the calls that are not in `through`
  std::int64_t calls_in_flight = 0;      // now, within `where`
  void merge(LivePartial&& other);
};

struct Coverage {
  bool covered = false;
  Instant exact_since{};   // live state holds everything that happened since
  std::string text;        // what is covered, for the 400 `not_covered`
};

struct StateTransition {
  std::string from, to;    // turn states; from is empty for the first turn of a call
  std::int64_t count = 0;
};

struct CallDetail {
  CallRow call;
  std::vector<TurnRow> turns;
  std::vector<UsageRow> usage;
  std::vector<InterventionRow> interventions;
  bool complete = true;  // false: texts of turns were handed to the store and are no longer held here
};

struct TopEntry {
  std::string customer, value;
  Tally tally;
};

}  // namespace aybiza
