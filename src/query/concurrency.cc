#include "query/concurrency.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "aggregate/flat_index.h"

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

// Agents by a small number each, so that telling them apart costs no hash per bucket.
struct Call {
  Instant start{}, end{};
  std::uint32_t agent = 0;
  std::int32_t weight = 1;
};
struct Calls {
  std::vector<Call> calls;  // by start
  std::vector<Id> agents;
  std::size_t through = 0;  // so many of them have a call that reaches over everything
};

// The agents of `through` first.
Calls numbered(const std::vector<Interval>& intervals, const CallsThrough& through) {
  Calls out;
  FlatIndex index;
  const auto number = [&](const Id& id) {
    const std::uint64_t hash = IdHash{}(id);
    auto agent = index.find(hash, [&](std::uint32_t i) { return out.agents[i] == id; });
    if (!agent) {
      index.insert(hash, *(agent = std::uint32_t(out.agents.size())));
      out.agents.push_back(id);
    }
    return *agent;
  };
  for (const Id& id : through.agents) number(id);
  out.through = out.agents.size();
  out.calls.reserve(intervals.size());
  for (const Interval& one : intervals) out.calls.push_back({one.start, end_of(one), number(one.agent), std::int32_t(one.weight)});
  std::sort(out.calls.begin(), out.calls.end(), [](const Call& a, const Call& b) { return a.start < b.start; });
  return out;
}

// Calls that reach over the whole bucket need no sorting: only what begins or ends within it changes the number at work.
// `out` holds those that reach over all buckets.
void sweep(const std::vector<const Call*>& overlapping, Instant low, Instant high, std::vector<std::pair<Instant, int>>& edges, Occupancy& out) {
  edges.clear();
  std::int64_t now = out.most_at_once;
  for (const Call* call : overlapping) {
    out.estimate |= call->weight > 1;
    if (call->start > low) edges.emplace_back(call->start, +call->weight);
    else now += call->weight;
    if (call->end < high) edges.emplace_back(call->end, -call->weight);
    out.busy_seconds += double(call->weight) * double((std::min(high, call->end) - std::max(low, call->start)).count()) / 1e6;
  }
  std::sort(edges.begin(), edges.end());  // at one instant -1 sorts before +1: [start, end) does not meet its successor
  out.most_at_once = now;
  for (const auto& [at, change] : edges) out.most_at_once = std::max(out.most_at_once, now += change);
}

}  // namespace

std::vector<Occupancy> occupancy(const Grid& grid, const std::vector<Interval>& intervals, const std::vector<StatusChange>& statuses,
                                 const CallsThrough& through) {
  std::vector<Occupancy> result(grid.size());
  const Calls all = numbered(intervals, through);
  std::unordered_map<Id, std::vector<StatusChange>, IdHash> by_agent;
  for (const StatusChange& change : statuses) by_agent[change.agent].push_back(change);
  std::vector<bool> told(all.agents.size());  // a status
  if (!by_agent.empty())
    for (std::size_t i = 0; i < told.size(); ++i) told[i] = by_agent.contains(all.agents[i]);

  std::size_t next = 0;
  std::vector<const Call*> open;  // started before the end of the bucket at hand, not over before its start
  std::vector<std::size_t> last_seen(all.agents.size(), SIZE_MAX);
  std::vector<std::pair<Instant, int>> edges;
  for (std::size_t bucket = 0; bucket < grid.size(); ++bucket) {
    const Instant low = std::max(grid.start(bucket), grid.from()), high = std::min(grid.end(bucket), grid.to());
    std::erase_if(open, [&](const Call* call) { return call->end <= low; });
    for (; next < all.calls.size() && all.calls[next].start < high; ++next)
      if (all.calls[next].end > low) open.push_back(&all.calls[next]);
    const double seconds = double((high - low).count()) / 1e6;
    Occupancy& out = result[bucket];
    out = {.most_at_once = through.calls, .busy_seconds = double(through.calls) * seconds, .estimate = through.estimate};
    sweep(open, low, high, edges, out);
    std::int64_t unheard = 0;  // have a call, never told a status
    const auto meet = [&](std::uint32_t agent) {
      if (std::exchange(last_seen[agent], bucket) == bucket) return;
      ++out.agents;
      unheard += !told[agent];
    };
    for (std::uint32_t agent = 0; agent < all.through; ++agent) meet(agent);
    for (const Call* call : open) meet(call->agent);
    out.offered_seconds = double(unheard) * seconds;
    for (const auto& [agent, changes] : by_agent) out.offered_seconds += offered(changes, low, high);
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

std::vector<StatusChange> statuses_of(const std::vector<StatusChange>& all, const GroupCalls& calls) {
  std::unordered_set<Id, IdHash> agents(calls.through.agents.begin(), calls.through.agents.end());
  for (const Interval& interval : calls.intervals) agents.insert(interval.agent);
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

void add_occupancy(const Question& question, const Grid& grid, std::map<GroupKey, GroupCalls> groups,
                   const std::vector<StatusChange>& statuses, Cells& cells, Estimates& estimates) {
  const bool whole_fleet = question.by.empty() && question.where.empty();
  if (question.by.empty()) groups.try_emplace(GroupKey{});
  for (auto& [key, calls] : groups) {
    std::erase_if(calls.intervals, [&](const Interval& one) { return one.start < grid.from() - at_work_at_most; });
    const auto own = whole_fleet ? statuses : statuses_of(statuses, calls);
    const auto buckets = occupancy(grid, calls.intervals, own, calls.through);
    for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
      if (!question.by.empty() && buckets[bucket].most_at_once == 0) continue;
      const CellKey cell{bucket, key};
      auto& figures = row_of(question, cells, cell);
      for (std::size_t i = 0; i < question.measures.size(); ++i) {
        const What what = question.measures[i].what;
        if (what != What::active_calls && what != What::active_agents && what != What::utilization) continue;
        figures[i] = figure_of(what, buckets[bucket]);
        if (buckets[bucket].estimate) estimates.note(question, cell, i, std::nullopt);  // a maximum: its error is not known
      }
    }
  }
}

}  // namespace aybiza
