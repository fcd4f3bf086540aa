#include "aggregate/pane_cut.h"

#include <algorithm>

#include "aggregate/call_record.h"


namespace aybiza {
namespace {

struct Fit {  // whether panes can answer at all, and on which axis
  bool panes = false;
  Axis axis = Axis::total;
};

Fit fit_of(const LiveQuestion& question) {
  std::optional<Dimension> one;  // beside customer_id
  bool customers = false;
  const auto use = [&](Dimension dimension) {
    if (dimension == Dimension::customer_id) return customers = true;
    if (one && *one != dimension) return false;
    one = dimension;
    return true;
  };
  for (const Dimension dimension : question.by)
    if (!use(dimension)) return {};
  for (const LiveFilter& filter : question.where)
    if (!use(filter.dimension)) return {};
  if (!one) return {true, customers ? Axis::customer : Axis::total};
  const auto axis = axis_of(*one);
  if (!axis) return {};
  const bool calls_only = *axis >= Axis::call_outcome && *axis <= Axis::end_reason;
  if (calls_only && (question.turns || question.usage)) return {};
  if (of_turn(*axis) && (question.calls || question.usage)) return {};
  // Several topics of a turn: a negated filter looks at all of them at once, series do not.
  if (*axis == Axis::topic && !question.where.empty())
    for (const LiveFilter& filter : question.where)
      if (filter.dimension == Dimension::topic) return {};
  return {true, *axis};
}

Instant ceil_to(Instant t, Duration step) {
  const Instant low = floor_to(t, step);
  return low == t ? t : low + step;
}

// The first instant at or after t where a pane of these rings begins.
Instant align_up(Instant t, const Floors& floors) {
  using namespace std::chrono_literals;
  if (t < floors.hour) t = floors.hour;
  if (t < floors.minute) return std::min(ceil_to(t, 1h), floors.minute);
  if (t < floors.second) return ceil_to(t, 1min);
  return ceil_to(t, 1s);
}
Instant align_down(Instant t, const Floors& floors) {
  using namespace std::chrono_literals;
  if (t <= floors.minute) return floor_to(t, 1h);
  if (t <= floors.second) return floor_to(t, 1min);
  return floor_to(t, 1s);
}

}  // namespace

PaneCut cut_to_panes(const LiveQuestion& question, const Floors (&floors)[axis_count], Instant newest) {
  PaneCut cut;
  const Fit fit = fit_of(question);
  cut.axis = fit.axis;
  for (std::size_t i = 0; i + 1 < question.edges.size(); ++i) {
    const Instant from = question.edges[i], to = question.edges[i + 1];
    if (from >= to) continue;
    if (!fit.panes || newest == never) {
      cut.rest.push_back({from, to, i});
      continue;
    }
    const Floors& rings = floors[std::size_t(fit.axis)];
    const Instant begin = align_up(from, rings);
    // Beyond the newest event there is nothing: a bucket that reaches there needs no aligned end.
    const Instant end = to > newest ? std::max(ceil_to(newest + Duration(1), std::chrono::hours(1)), to) : align_down(to, rings);
    if (begin >= end || begin >= to) {
      cut.rest.push_back({from, to, i});
      continue;
    }
    if (from < begin) cut.rest.push_back({from, begin, i});
    cut.panes.push_back({begin, end, i});
    if (end < to) cut.rest.push_back({end, to, i});
  }
  return cut;
}

const PaneCut::Range* range_of(const std::vector<PaneCut::Range>& ranges, Instant t) {
  auto at = std::upper_bound(ranges.begin(), ranges.end(), t, [](Instant value, const PaneCut::Range& r) { return value < r.from; });
  if (at == ranges.begin()) return nullptr;
  --at;
  return t < at->to ? &*at : nullptr;
}

}  // namespace aybiza
