#include "aggregate/open_question.h"

#include <algorithm>

#include "base/check.h"

namespace aybiza {

OpenQuestion::OpenQuestion(const Shard::State& state, LiveQuestion question, Instant now)
    : state_(state), question_(std::move(question)), now_(now), any_parts_(question_.calls || question_.turns || question_.usage),
      intervals_(question_.intervals && question_.edges.size() >= 2),
      parts_(question_.edges.size() < 2 || !any_parts_ ? PaneCut{} : cut_to_panes(question_, state.floors, state.newest)), scan_(state, question_, out_) {
  ask_panes();
  state_.sync_flight();
  ask_flight();
  list_calls();
}

void OpenQuestion::ask_panes() {
  if (parts_.panes.empty()) return;
  const auto customer_kept = [&](Label customer) {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension != Dimension::customer_id || filter.keeps(state_.labels.text(customer));
    });
  };
  const auto value_kept = [&](const Series& one) {
    const LiveValue value = one.value == null_label ? LiveValue{} : LiveValue(state_.labels.text(one.value));
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension == Dimension::customer_id || filter.keeps(value);
    });
  };
  for (const std::uint32_t id : state_.series.on(parts_.axis)) {
    const Series& one = state_.series[id];
    if (parts_.axis != Axis::total && !customer_kept(one.customer)) continue;
    if (parts_.axis > Axis::customer && !value_kept(one)) continue;
    LiveGroup group(question_.by.size());
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Label label = question_.by[i] == Dimension::customer_id ? one.customer : one.value;
      if (label != null_label) group[i] = std::string(state_.labels.text(label));
    }
    for (const PaneCut::Range& range : parts_.panes) {
      Tally tally;
      state_.series.merge_range(id, range.from, range.to, tally, question_.parts());
      if (!tally.empty()) out_.cells[LiveKey{range.bucket, group}].merge(tally);
    }
  }
}

template <typename Group>
void OpenQuestion::interval(const Id& call, const Id& agent, Instant start, std::optional<Instant> over, std::int64_t weight, Group&& group) {
  const Instant from = question_.edges.front(), to = question_.edges.back(), end = over.value_or(std::max(now_, start));
  if (start >= to || std::max(end, start + Duration(1)) <= from || start < from - at_work_at_most) return;
  if (start > from || end < to) return out_.intervals.push_back({call, agent, start, end, group(), weight}), void();
  CallsThrough& through = out_.through[group()];
  through.calls += weight;
  through.estimate |= weight > 1;
  through.agents.push_back(agent);
}

void OpenQuestion::visit(const CallRecord& record, bool flying, bool near) {
  if (flying || near) scan_.record(record, parts_.rest, flying);
  if ((!flying && !intervals_) || !scan_.keeps(record, {})) return;
  out_.calls_in_flight += flying ? record.call.weight() : 0;
  if (!intervals_) return;
  interval(record.id, record.call.agent(), record.call.start(), record.call.ended_at(), record.call.weight(), [&] {
    scan_.set_group(record, {});
    return scan_.group();
  });
}

// Calls in flight whole, because they are in no pane.
void OpenQuestion::ask_flight() {
  const FlightTotals& flight = state_.flight;
  const std::vector<Slot>& in_flight = state_.in_flight;
  if (scan_.of_all_in_flight()) {
    // Some calls reach beyond what is asked, because they have gone on since `now`: these alone are looked at one by one.
    struct Reaching {
      Instant minute{};
      const PaneCut::Range* range = nullptr;  // null: look at all of them
      Tally others;
    };
    std::vector<Reaching> reaching;
    for (const auto& [minute, all] : flight.cells()) {
      if (!any_parts_ || !scan_.meets(minute, all.high)) continue;
      const PaneCut::Range* range = scan_.range_at(minute);
      if (range && all.high < range->to) scan_.whole(*range, all.tally);
      else reaching.push_back({minute, range, range ? all.tally : Tally()});
    }
    for (std::size_t i = 0; i < in_flight.size() && any_parts_ && (!reaching.empty() || flight.aside() > 0); ++i) {
      if (!flight.aside(i)) {
        const auto cell = std::ranges::find(reaching, flight.minute(i), &Reaching::minute);
        if (cell == reaching.end() || (cell->range && flight.call(i).high < cell->range->to)) continue;
        if (cell->range) flight.take_out(i, cell->others);
      }
      scan_.record(*state_.calls[in_flight[i]], parts_.rest, true);
    }
    for (const Reaching& cell : reaching)
      if (cell.range) scan_.whole(*cell.range, cell.others);
    out_.calls_in_flight = flight.calls();
    const auto beyond = [&](std::size_t i) { interval(flight.call(i).id, flight.call(i).agent, flight.call(i).start, {}, flight.call(i).weight, [] { return LiveGroup(); }); };
    if (intervals_ && now_ >= question_.edges.back()) flight.at_work().through(question_.edges.front(), out_.through[LiveGroup()], beyond);
    else if (intervals_)
      for (std::size_t i = 0; i < in_flight.size(); ++i) beyond(i);
  } else if (scan_.of_labels()) {
    for (std::size_t i = 0; i < in_flight.size(); ++i) {
      if (!scan_.in_flight(i)) {
        visit(*state_.calls[in_flight[i]], true, false);
        continue;
      }
      const FlightTotals::Call& call = flight.call(i);
      if (!scan_.keeps(call.labels)) continue;
      out_.calls_in_flight += call.weight;
      if (intervals_) interval(call.id, call.agent, call.start, {}, call.weight, [&] { return scan_.group(); });
    }
  } else {
    each_in_flight_ = true;
  }
}

// Of the ended ones only those that reach into what is asked.
void OpenQuestion::list_calls() {
  if (parts_.rest.size() <= 4)
    for (const PaneCut::Range& range : parts_.rest) wanted_.push_back({range.from, range.to});
  else wanted_.push_back({parts_.rest.front().from, parts_.rest.back().to});
  rests_ = wanted_.size();
  if (intervals_) wanted_.push_back({question_.edges.front(), question_.edges.back()});
  if (each_in_flight_) {
    list_.reserve(state_.in_flight.size());
    for (const Slot slot : state_.in_flight) list(slot);
  }
  if (wanted_.empty()) return;
  state_.extents.each(wanted_, [&](std::size_t slot) { list(Slot(slot)); });
}

void OpenQuestion::list(Slot slot) {
  if (waits_.empty()) waits_.resize(state_.calls.size());
  waits_[slot] = true;
  list_.push_back(slot);
}

void OpenQuestion::look_at(Slot slot) {
  waits_[slot] = false;
  CHECK(state_.held(slot));  // an extent is cleared with its call
  const CallRecord& record = state_.look(slot, room_);
  if (record.flight_place != UINT32_MAX) return visit(record, true, false);
  if (!record.counted) return;
  visit(record, false, std::any_of(wanted_.begin(), wanted_.begin() + std::ptrdiff_t(rests_), [&](const auto& range) { return state_.extents[slot].meets(range.from, range.to); }));
}

bool OpenQuestion::step(std::size_t calls) {
  // Thousands of records nobody has touched lately: fetched some steps ahead, which is three quarters of what a look costs.
  constexpr std::size_t far = 24, near_by = 12;
  for (const std::size_t end = next_ + std::min(calls, list_.size() - next_); next_ < end; ++next_) {
    if (next_ + far < list_.size()) __builtin_prefetch(&state_.calls[list_[next_ + far]]);
    if (next_ + near_by < list_.size() && state_.calls[list_[next_ + near_by]]) scan_.fetch(*state_.calls[list_[next_ + near_by]]);
    if (waits_[list_[next_]]) look_at(list_[next_]);
  }
  return !done();
}

}  // namespace aybiza
