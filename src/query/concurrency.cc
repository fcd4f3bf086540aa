#include "query/concurrency.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace aybiza {
namespace {

Instant end_of(const Interval& interval) { return std::max(interval.end, interval.start + Duration(1)); }

// Offline-free capacity seconds of one agent within [low, high).
double offered(const std::vector<StatusChange>& changes, Instant low, Instant high) {
  double seconds = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Instant start = std::max(low, changes[i].since);
    const Instant end = std::min(high, i + 1 < changes.size() ? changes[i + 1].since : high);
    if (changes[i].offline || end <= start) continue;
    seconds += double((end - start).count()) / 1e6 * double(std::max<std::int64_t>(changes[i].capacity, 1));
  }
  return seconds;
}

void sweep(const std::vector<const Interval*>& overlapping, Instant low, Instant high, Occupancy& out) {
  std::vector<std::pair<Instant, int>> edges;
  std::unordered_set<Id, IdHash> agents;
  for (const Interval* call : overlapping) {
    const Instant start = std::max(low, call->start), end = std::min(high, end_of(*call));
    edges.emplace_back(start, +1);
    edges.emplace_back(end, -1);
    agents.insert(call->agent);
    out.busy_seconds += double((end - start).count()) / 1e6;
  }
  std::sort(edges.begin(), edges.end());  // at one instant -1 sorts before +1: [start, end) does not meet its successor
  std::int64_t now = 0;
  for (const auto& [at, change] : edges) out.most_at_once = std::max(out.most_at_once, now += change);
  out.agents = std::int64_t(agents.size());
}

}  // namespace

std::vector<Occupancy> occupancy(const Grid& grid, std::vector<Interval> intervals,
                                 const std::vector<StatusChange>& statuses) {
  std::vector<Occupancy> result(grid.size());
  std::sort(intervals.begin(), intervals.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
  std::unordered_map<Id, std::vector<StatusChange>, IdHash> by_agent;
  for (const StatusChange& change : statuses) by_agent[change.agent].push_back(change);

  std::size_t next = 0;
  std::vector<const Interval*> open;  // started before the end of the bucket at hand, not over before its start
  for (std::size_t bucket = 0; bucket < grid.size(); ++bucket) {
    const Instant low = std::max(grid.start(bucket), grid.from()), high = std::min(grid.end(bucket), grid.to());
    std::erase_if(open, [&](const Interval* call) { return end_of(*call) <= low; });
    for (; next < intervals.size() && intervals[next].start < high; ++next)
      if (end_of(intervals[next]) > low) open.push_back(&intervals[next]);
    sweep(open, low, high, result[bucket]);

    std::unordered_set<Id, IdHash> unheard;  // have a call, never told a status
    for (const Interval* call : open)
      if (!by_agent.contains(call->agent)) unheard.insert(call->agent);
    result[bucket].offered_seconds = double(unheard.size()) * double((high - low).count()) / 1e6;
    for (const auto& [agent, changes] : by_agent) result[bucket].offered_seconds += offered(changes, low, high);
  }
  return result;
}

bool asks_occupancy(const Question& question) {
  return std::any_of(question.measures.begin(), question.measures.end(), [](const Measure& m) {
    return m.what == What::active_calls || m.what == What::active_agents || m.what == What::utilization;
  });
}

std::vector<Figure>& row_of(const Question& question, Cells& cells, const CellKey& key) {
  auto [at, fresh] = cells.try_emplace(key);
  if (fresh)
    for (const Measure& measure : question.measures) at->second.push_back(nothing(measure));
  return at->second;
}

namespace {

std::vector<StatusChange> statuses_of(const std::vector<StatusChange>& all, const std::vector<Interval>& intervals) {
  std::unordered_set<Id, IdHash> agents;
  for (const Interval& interval : intervals) agents.insert(interval.agent);
  std::vector<StatusChange> own;
  for (const StatusChange& change : all)
    if (agents.contains(change.agent)) own.push_back(change);
  return own;
}

Figure figure_of(What what, const Occupancy& o) {
  if (what == What::active_calls) return double(o.most_at_once);
  if (what == What::active_agents) return double(o.agents);
  return o.offered_seconds > 0 ? Figure(o.busy_seconds / o.offered_seconds) : Figure{};
}

}  // namespace

void add_occupancy(const Question& question, const Grid& grid, std::map<GroupKey, std::vector<Interval>> groups,
                   const std::vector<StatusChange>& statuses, Cells& cells) {
  const bool whole_fleet = question.by.empty() && question.where.empty();
  if (question.by.empty()) groups.try_emplace(GroupKey{});
  for (auto& [key, intervals] : groups) {
    const auto own = whole_fleet ? statuses : statuses_of(statuses, intervals);
    const auto buckets = occupancy(grid, intervals, own);
    for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
      if (!question.by.empty() && buckets[bucket].most_at_once == 0) continue;
      auto& figures = row_of(question, cells, CellKey{bucket, key});
      for (std::size_t i = 0; i < question.measures.size(); ++i) {
        const What what = question.measures[i].what;
        if (what == What::active_calls || what == What::active_agents || what == What::utilization)
          figures[i] = figure_of(what, buckets[bucket]);
      }
    }
  }
}

}  // namespace aybiza
