// Answering: whole panes where a question fits them, retained calls for the rest.
#include <algorithm>

#include "aggregate/call_scan.h"
#include "aggregate/live_values.h"
#include "aggregate/pane_cut.h"
#include "base/check.h"

namespace aybiza {
namespace {

std::string since_text(Instant since) {
  return since == Instant::min() ? std::string("the beginning") : format_rfc3339(since);
}

}  // namespace

Coverage Shard::State::covers(const LiveQuestion& question, Instant) const {
  Coverage coverage{.covered = true, .exact_since = exact_since, .text = {}};
  const auto refuse = [&](std::string text) {
    coverage.covered = false;
    if (coverage.text.empty()) coverage.text = std::move(text);
  };
  for (const Dimension d : question.by)
    if (!known_live(d)) refuse(fmt::format("live state has no {}", to_string(d)));
  for (const LiveFilter& f : question.where)
    if (!known_live(f.dimension)) refuse(fmt::format("live state has no {}", to_string(f.dimension)));
  if (question.edges.size() < 2) return coverage;
  const PaneCut parts = cut_to_panes(question, floors, newest);
  const Instant calls_from = std::max(calls_since, exact_since);
  if (!parts.rest.empty() && parts.rest.front().from < calls_from)
    refuse(fmt::format("live state holds single calls since {}, and panes for ranges aligned to them (seconds of 15 minutes, "
                       "minutes of 24 hours, hours of 8 days; agents: minutes of 30 minutes, hours of 8 hours)",
                       since_text(calls_from)));
  if (!parts.panes.empty() && parts.panes.front().from < exact_since)
    refuse(fmt::format("live state is complete since {}", since_text(exact_since)));
  if (question.intervals && question.edges.front() < calls_from)
    refuse(fmt::format("live state holds single calls since {}", since_text(calls_from)));
  return coverage;
}

// Brings pane_facts and totals of the calls in flight up to what has changed since the last look.
void Shard::State::sync_flight() const {
  for (const Slot slot : flight_changed) {
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->flight_place == UINT32_MAX || std::exchange(record->flight_facts, true)) continue;  // gone, or listed twice
    record->pane_facts = record->call.facts(record->sums);
    const AssembledCall& call = record->call;
    FlightTotals::Call told{record->id, call.agent(), call.start(), record->low, record->high, call.weight(), {}};
    std::ranges::copy(record->labels, told.labels.begin());
    const std::string_view outcomes[] = {call.call_outcome(), call.text(Field::resolution_status), call.end_reason()};
    for (std::size_t i = 0; i < std::size(outcomes); ++i) told.labels[shared_axes + i] = labels.find(outcomes[i]);
    flight.set(record->flight_place, told, record->pane_facts, record->sums, call.reports_cost());
  }
  flight_changed.clear();
}

LivePartial Shard::State::ask(const LiveQuestion& question, Instant now) const {
  LivePartial out;
  const bool any_parts = question.calls || question.turns || question.usage;
  const PaneCut parts = question.edges.size() < 2 || !any_parts ? PaneCut{} : cut_to_panes(question, floors, newest);
  // Panes.
  const auto customer_kept = [&](Label customer) {
    return std::all_of(question.where.begin(), question.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension != Dimension::customer_id || filter.keeps(labels.text(customer));
    });
  };
  const auto value_kept = [&](const Series& one) {
    const LiveValue value = one.value == null_label ? LiveValue{} : LiveValue(labels.text(one.value));
    return std::all_of(question.where.begin(), question.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension == Dimension::customer_id || filter.keeps(value);
    });
  };
  if (!parts.panes.empty()) {
    for (const std::uint32_t id : series.on(parts.axis)) {
      const Series& one = series[id];
      if (parts.axis != Axis::total && !customer_kept(one.customer)) continue;
      if (parts.axis > Axis::customer && !value_kept(one)) continue;
      LiveGroup group(question.by.size());
      for (std::size_t i = 0; i < group.size(); ++i) {
        const Label label = question.by[i] == Dimension::customer_id ? one.customer : one.value;
        if (label != null_label) group[i] = std::string(labels.text(label));
      }
      for (const PaneCut::Range& range : parts.panes) {
        Tally tally;
        series.merge_range(id, range.from, range.to, tally, question.parts());
        if (!tally.empty()) out.cells[LiveKey{range.bucket, group}].merge(tally);
      }
    }
  }
  // Retained calls: what panes cannot answer; those in flight whole, because they are in no pane.
  CallScan scan(*this, question, out);
  const bool intervals = question.intervals && question.edges.size() >= 2;
  const auto interval = [&](const Id& call, const Id& agent, Instant start, std::optional<Instant> over, std::int64_t weight, auto&& group) {
    const Instant end = over.value_or(std::max(now, start));
    if (start >= question.edges.back() || std::max(end, start + Duration(1)) <= question.edges.front() || start < question.edges.front() - at_work_at_most) return;
    if (start > question.edges.front() || end < question.edges.back()) return out.intervals.push_back({call, agent, start, end, group(), weight}), void();
    CallsThrough& through = out.through[group()];
    through.calls += weight;
    through.estimate |= weight > 1;
    through.agents.push_back(agent);
  };
  const auto visit = [&](const CallRecord& record, bool flying, bool near) {
    if (flying || near) scan.record(record, parts.rest, flying);
    if ((!flying && !intervals) || !scan.keeps(record, {})) return;
    out.calls_in_flight += flying ? record.call.weight() : 0;
    if (!intervals) return;
    interval(record.id, record.call.agent(), record.call.start(), record.call.ended_at(), record.call.weight(), [&] {
      scan.set_group(record, {});
      return scan.group();
    });
  };
  sync_flight();
  if (scan.of_all_in_flight()) {
    // Some calls reach beyond what is asked, because they have gone on since `now`: these alone are looked at one by one.
    struct Reaching {
      Instant minute{};
      const PaneCut::Range* range = nullptr;  // null: look at all of them
      Tally others;
    };
    std::vector<Reaching> reaching;
    for (const auto& [minute, all] : flight.cells()) {
      if (!any_parts || !scan.meets(minute, all.high)) continue;
      const PaneCut::Range* range = scan.range_at(minute);
      if (range && all.high < range->to) scan.whole(*range, all.tally);
      else reaching.push_back({minute, range, range ? all.tally : Tally()});
    }
    for (std::size_t i = 0; i < in_flight.size() && any_parts && (!reaching.empty() || flight.aside() > 0); ++i) {
      if (!flight.aside(i)) {
        const auto cell = std::ranges::find(reaching, flight.minute(i), &Reaching::minute);
        if (cell == reaching.end() || (cell->range && flight.call(i).high < cell->range->to)) continue;
        if (cell->range) flight.take_out(i, cell->others);
      }
      scan.record(*calls[in_flight[i]], parts.rest, true);
    }
    for (const Reaching& cell : reaching)
      if (cell.range) scan.whole(*cell.range, cell.others);
    out.calls_in_flight = flight.calls();
    const auto beyond = [&](std::size_t i) { interval(flight.call(i).id, flight.call(i).agent, flight.call(i).start, {}, flight.call(i).weight, [] { return LiveGroup(); }); };
    if (intervals && now >= question.edges.back()) flight.at_work().through(question.edges.front(), out.through[LiveGroup()], beyond);
    else if (intervals)
      for (std::size_t i = 0; i < in_flight.size(); ++i) beyond(i);
  } else if (scan.of_labels()) {
    for (std::size_t i = 0; i < in_flight.size(); ++i) {
      if (!scan.in_flight(i)) {
        visit(*calls[in_flight[i]], true, false);
        continue;
      }
      const FlightTotals::Call& call = flight.call(i);
      if (!scan.keeps(call.labels)) continue;
      out.calls_in_flight += call.weight;
      if (intervals) interval(call.id, call.agent, call.start, {}, call.weight, [&] { return scan.group(); });
    }
  } else {
    // Thousands of records nobody has touched lately: fetched some steps ahead, which is three quarters of what a look costs.
    constexpr std::size_t far = 24, near_by = 12;
    for (std::size_t i = 0; i < in_flight.size(); ++i) {
      if (i + far < in_flight.size()) __builtin_prefetch(&calls[in_flight[i + far]]);
      if (i + near_by < in_flight.size()) scan.fetch(*calls[in_flight[i + near_by]]);
      visit(*calls[in_flight[i]], true, false);
    }
  }
  std::optional<CallRecord> room;
  // Of the ended ones only those are touched that reach into what is asked.
  std::vector<Extents::Range> wanted;
  if (parts.rest.size() <= 4)
    for (const PaneCut::Range& range : parts.rest) wanted.push_back({range.from, range.to});
  else wanted.push_back({parts.rest.front().from, parts.rest.back().to});
  const std::size_t rests = wanted.size();
  if (intervals) wanted.push_back({question.edges.front(), question.edges.back()});
  if (wanted.empty()) return out;
  extents.each(wanted, [&](std::size_t slot) {
    if (!held(Slot(slot))) return;
    const bool near = std::any_of(wanted.begin(), wanted.begin() + std::ptrdiff_t(rests), [&](const auto& range) { return extents[slot].meets(range.from, range.to); });
    if (const CallRecord& record = look(Slot(slot), room); record.counted) visit(record, false, near);
  });
  return out;
}

}  // namespace aybiza
