// Contributions: how facts enter panes, move between series and leave again.
#include <algorithm>

#include "aggregate/shard_state.h"
#include "base/check.h"

namespace aybiza {
namespace {

constexpr Field axis_fields[shared_axes] = {Field::count_, Field::customer_id, Field::region, Field::agent_type,
                                            Field::model_used, Field::agent_id, Field::campaign, Field::language,
                                            Field::direction};

}  // namespace

Field Shard::State::field_of(Axis axis) { return axis_fields[std::size_t(axis)]; }

Pane* Shard::State::pane(std::uint32_t id, Instant t) {
  keep_series(id);
  Series& one = series[id];
  if (one.moved != floors_moved) {
    one.move_to(floors[std::size_t(one.axis)]);
    one.moved = floors_moved;
  }
  const auto place = one.place(t);
  if (!place) return nullptr;
  Pane& found = one.ring(place->first).at(place->second);
  list(found, id, place->first, place->second);
  return &found;
}

// Listed again when it is touched again after it has cooled; twice in the list does no harm.
void Shard::State::list(Pane& touched_pane, std::uint32_t id, Level level, std::int64_t index) {
  if (touched_pane.listed()) return;
  touched_pane.list();
  hot.push_back({id, level, index});
}

Pane* Shard::State::total_pane(Instant t) {
  const std::uint32_t id = series.resolve(null_label, Axis::total, null_label);
  keep_series(id);
  Series& one = series[id];
  if (one.moved != floors_moved) {
    one.move_to(floors[std::size_t(Axis::total)]);
    one.moved = floors_moved;
  }
  if (t < one.floors.hour) return nullptr;
  const Level level = t < one.floors.minute ? Level::hour : Level::minute;
  const std::int64_t index = index_of(level, t);
  Pane& found = one.ring(level).at(index);
  list(found, id, level, index);
  return &found;
}

void Shard::State::move_turn(const CallRecord& record, const LiveTurn& turn, int sign, const Axes& axes) {
  const TurnFacts facts = turn.state.facts();
  each_series(record, turn, axes, [&](std::uint32_t id) {
    change(id, turn.state.time(), [&](Tally& tally) { sign > 0 ? tally.add(facts) : tally.retract(facts); });
  });
}

void Shard::State::move_usage(const CallRecord& record, const LiveUsage& usage, bool reports_cost, int sign, const Axes& axes) {
  const UsageFacts facts = usage.facts(reports_cost);
  each_series(record, usage, axes, [&](std::uint32_t id) {
    change(id, usage.time, [&](Tally& tally) { sign > 0 ? tally.add(facts) : tally.retract(facts); });
  });
}

void Shard::State::move_parts(const CallRecord& record, bool reports_cost, int sign, const Axes& axes) {
  moving_parts.gather(record, reports_cost);
  Axes of_turns = axes;
  for (std::size_t i = 0; i < shared_axes; ++i) {
    if (i >= first_paned && axes[i]) move_shared(record, Axis(i), sign);
    of_turns.reset(i);
  }
  if (of_turns.any()) move_turn_axes(record, sign, of_turns);
}

void Shard::State::move_shared(const CallRecord& record, Axis axis, int sign) {
  MovingParts& parts = moving_parts;
  const std::uint32_t id = record.series[std::size_t(axis)];
  const auto move = [&](const auto& part) {
    if (Pane* into = pane(id, part.time)) parts.move(*into, part, sign);
  };
  if (axis == Axis::region) {  // which has seconds: each to its own
    std::for_each(parts.moments().begin(), parts.moments().end(), move);
    std::for_each(parts.uses().begin(), parts.uses().end(), move);
    for (MovingParts::Minute& minute : parts.minutes())
      if (Pane* all = total_pane(minute.begin)) parts.move(*all, minute, sign);
    return;
  }
  const auto elsewhere = [&](const MovingParts::Use& use) {  // usage of another model than the call's
    return axis == Axis::model_used && use.model != null_label && use.model != record.labels[std::size_t(axis)];
  };
  for (MovingParts::Minute& minute : parts.minutes()) {
    const auto first = parts.uses().begin() + std::ptrdiff_t(minute.first_use), end = parts.uses().begin() + std::ptrdiff_t(minute.end_use);
    const bool together = std::none_of(first, end, elsewhere);
    const bool any = together || minute.first_moment < minute.end_moment;
    if (Pane* into = any ? pane(id, minute.begin) : nullptr) parts.move(*into, minute, sign, together);
    for (auto use = first; use != end && !together; ++use) {
      const std::uint32_t own = elsewhere(*use) ? series.resolve(record.customer(), axis, use->model) : id;
      if (Pane* into = pane(own, use->time)) parts.move(*into, *use, sign);
    }
  }
}

// A call has few values of each, and in a minute each has one pane: looked up once, mostly. Panes of another minute may
// move those in hand, so a new minute forgets them all.
void Shard::State::move_turn_axes(const CallRecord& record, int sign, const Axes& axes) {
  struct Met { Label value = unmet_label; std::uint32_t series = 0; std::int64_t minute = INT64_MIN; Pane* pane = nullptr; };
  Met met[axis_count - call_axes][8];
  for (const MovingParts::Minute& minute : moving_parts.minutes()) {
    const std::int64_t now = index_of(Level::minute, minute.begin);
    for (std::size_t i = minute.first_moment; i < minute.end_moment; ++i) {
      const MovingParts::Moment& moment = moving_parts.moments()[i];
      each_turn_axis(*moment.turn, [&](Axis axis, Label value) {
        if (!axes[std::size_t(axis)]) return;
        Met& known = met[std::size_t(axis) - call_axes][value % std::size(met[0])];
        if (known.value != value) known = {value, series.resolve(record.customer(), axis, value)};
        if (std::exchange(known.minute, now) != now) known.pane = pane(known.series, minute.begin);
        if (known.pane) moving_parts.move(*known.pane, moment, sign);
      });
    }
  }
}

void Shard::State::move_call(std::uint32_t id, Instant start, const CallFacts& facts, int sign) {
  const bool counts_cost = facts.reported_cost_nano && std::size_t(series[id].axis) < shared_axes;
  if (sign < 0)
    return change(id, start, [&](Tally& tally) {
      tally.retract(facts);
      if (counts_cost) tally.retract_reported_cost(*facts.reported_cost_nano, facts.weight);
    });
  const auto add = [&](Tally& tally) {
    tally.add(facts);
    if (counts_cost) tally.add_reported_cost(*facts.reported_cost_nano, facts.weight);
  };
  if (facts.weight > 1) return change(id, start, add);  // lists of contributions know no weights
  std::string& entry = moving_parts.scratch();
  entry.clear();
  append_entry(entry, facts, counts_cost);
  if (Pane* into = pane(id, start)) into->add(entry, add);
  if (series[id].axis != Axis::region) return;
  if (Pane* all = total_pane(start)) all->add(entry, add);
}

void Shard::State::amend_call(std::uint32_t id, Instant start, const CallFacts& old, const CallFacts& fresh) {
  const bool moves_cost = std::size_t(series[id].axis) < shared_axes && (old.reported_cost_nano != fresh.reported_cost_nano || old.weight != fresh.weight);
  change(id, start, [&](Tally& tally) {
    tally.amend(old, fresh);
    if (moves_cost && fresh.reported_cost_nano) tally.add_reported_cost(*fresh.reported_cost_nano, fresh.weight);
    if (moves_cost && old.reported_cost_nano) tally.retract_reported_cost(*old.reported_cost_nano, old.weight);
  });
}

// `reported_before`: how its usage is counted until reprice() has run.
void Shard::State::refresh_dimensions(CallRecord& record, bool reported_before) {
  std::array<Label, shared_axes> fresh{};
  for (std::size_t i = 1; i < shared_axes; ++i) fresh[i] = labels.intern(record.call.dimension(axis_fields[i]));
  const bool moved_customer = fresh[std::size_t(Axis::customer)] != record.customer();
  Axes changed;
  for (std::size_t i = 1; i < shared_axes; ++i) changed[i] = moved_customer || fresh[i] != record.labels[i];
  for (std::size_t i = shared_axes; i < axis_count; ++i) changed[i] = moved_customer;
  if (changed.none()) return;
  if (record.counted) unpack(record);
  if (moved_customer) leave_panes(record);  // its outcome series change too; refresh_panes() brings it back
  const auto move_all = [&](int sign) {
    if (record.counted) move_parts(record, reported_before, sign, changed);
    for (std::size_t i = first_paned; i < shared_axes && record.in_panes; ++i)
      if (changed[i]) move_call(record.series[i], record.pane_start, record.pane_facts, sign);
  };
  move_all(-1);
  record.labels = fresh;
  resolve_series(record);
  move_all(1);
}

void Shard::State::resolve_series(CallRecord& record) {
  record.series[0] = series.resolve(null_label, Axis::total, null_label);
  for (std::size_t i = 1; i < shared_axes; ++i) record.series[i] = series.resolve(record.customer(), Axis(i), record.labels[i]);
}

void Shard::State::leave_panes(CallRecord& record) {
  if (!record.in_panes) return;
  for (std::size_t i = first_paned; i < shared_axes; ++i) move_call(record.series[i], record.pane_start, record.pane_facts, -1);
  for (const std::uint32_t id : record.outcome_series) move_call(id, record.pane_start, record.pane_facts, -1);
  record.in_panes = false;
}

void Shard::State::resolve_outcomes(const CallRecord& record, std::array<std::uint32_t, call_axes - shared_axes>& into) {
  const std::string_view texts[] = {record.call.call_outcome(), record.call.text(Field::resolution_status), record.call.end_reason()};
  for (std::size_t i = 0; i < into.size(); ++i)
    into[i] = series.resolve(record.customer(), Axis(shared_axes + i), labels.intern(texts[i]));
}

// The error of each part's count depends on all parts of its call, so that no part can change alone.
void Shard::State::uncount_sampled(CallRecord& record) {
  if (!record.counted || record.call.weight() == 1) return;
  unpack(record);
  move_parts(record, record.call.reports_cost(), -1, Axes().set());
  record.counted = false;
}

void Shard::State::refresh_panes(CallRecord& record) {
  if (!record.call.ended()) {
    if (record.counted) {  // it had fallen silent, and speaks again
      unpack(record);
      move_parts(record, record.call.reports_cost(), -1, Axes().set());
      record.counted = false;
    }
    if (std::exchange(record.flight_facts, false)) flight_changed.push_back(record.slot);
    return leave_panes(record);
  }
  if (!record.counted) {
    unpack(record);
    move_parts(record, record.call.reports_cost(), 1, Axes().set());
    record.counted = true;
  }
  const Instant start = record.call.start();
  const CallFacts facts = record.call.facts(record.sums);
  std::array<std::uint32_t, call_axes - shared_axes> outcomes{};
  resolve_outcomes(record, outcomes);
  if (record.in_panes && start != record.pane_start) leave_panes(record);
  if (!record.in_panes) {
    for (std::size_t i = first_paned; i < shared_axes; ++i) move_call(record.series[i], start, facts, 1);
    for (const std::uint32_t id : outcomes) move_call(id, start, facts, 1);
  } else {
    for (std::size_t i = first_paned; i < shared_axes && facts != record.pane_facts; ++i)
      amend_call(record.series[i], start, record.pane_facts, facts);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == record.outcome_series[i]) {
        if (facts != record.pane_facts) amend_call(outcomes[i], start, record.pane_facts, facts);
        continue;
      }
      move_call(record.outcome_series[i], start, record.pane_facts, -1);
      move_call(outcomes[i], start, facts, 1);
    }
  }
  record.in_panes = true;
  record.pane_start = start;
  record.pane_facts = facts;
  record.outcome_series = outcomes;
}

}  // namespace aybiza
