// Highest concurrency, distinct agents and busy time of calls that overlap a bucket: one sweep for every source of rows.
//
// Shape    an Interval is one call, [start, end); a call of no length counts for one microsecond. Buckets are cut to
//          [from, to) of the grid.
// Cost     O(n log n) over the intervals of one group, and for each bucket one look at those that overlap it.
// Threads  pure.
// Source   decisions.md 5.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "aggregate/live_question.h"
#include "base/ids.h"
#include "query/answer.h"

namespace aybiza {

struct Interval {
  Instant start{}, end{};
  Id agent{};
  std::int64_t weight = 1;  // how many calls it stands for
};

// The status of one agent from `since` on, until its next one.
struct StatusChange {
  Id agent{};
  Instant since{};
  bool offline = false;
  std::int64_t capacity = 1;
};

struct Occupancy {
  std::int64_t most_at_once = 0;   // active_calls
  std::int64_t agents = 0;         // active_agents
  double busy_seconds = 0, offered_seconds = 0;  // utilization = busy / offered
  bool estimate = false;           // some call stands for several; agents are then at least so many
};

// One Occupancy per bucket. `statuses` sorted by time; agents without any are taken as available with capacity 1 in the
// buckets where they have a call.
// `through` are at work in every bucket, from its start to its end.
std::vector<Occupancy> occupancy(const Grid& grid, const std::vector<Interval>& intervals, const std::vector<StatusChange>& statuses, const CallsThrough& through = {});

using GroupKey = std::vector<std::optional<std::string>>;
bool asks_occupancy(const Question& question);
// Fills active_calls, active_agents and utilization of every group, of calls that began at_work_at_most before the range. A group, or a filtered question, keeps the statuses
// of the agents that have calls in it.
struct GroupCalls {
  std::vector<Interval> intervals;
  CallsThrough through;
};
void add_occupancy(const Question& question, const Grid& grid, std::map<GroupKey, GroupCalls> groups,
                   const std::vector<StatusChange>& statuses, Cells& cells, Estimates& estimates);
// The cells of `key`, made with nothing() when they are not there yet.
std::vector<Figure>& row_of(const Question& question, Cells& cells, const CellKey& key);

}  // namespace aybiza
