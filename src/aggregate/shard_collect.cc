// Collecting: every row that changed since the last time.
#include <algorithm>

#include "aggregate/shard_state.h"

namespace aybiza {
namespace {

template <typename Row>
void hand_over(std::vector<Row>& from, std::vector<Row>& to) {
  if (to.empty()) to.swap(from);
  else std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

}  // namespace

bool Shard::State::dirty(Shard::What what) const {
  const bool due = !deferred.empty() && (what == Shard::What::all || deferred.front().due <= received);
  return due || !touched.empty() || !pending.empty();
}

void Shard::State::collect(RowBatch& out, Shard::What what) {
  if (out.to != 0 && out.to <= stored_until) return settle();
  // That a call has ended never waits, nor that it is to be found in another place.
  const auto wanted = [&](const CallRecord& record) {
    const bool moved = record.stored_start != never && record.stored_start != record.call.start();
    return what == Shard::What::all || moved || record.stored_ended != record.call.ended();
  };
  hand_over(pending.turns, out.turns);  // those that left their number, before others take it
  hand_over(pending.usage, out.usage);
  for (const Slot slot : touched) {
    CallRecord& record = *calls[slot];
    record.touched = false;
    hand_out_parts(record, out);
    if (wanted(record)) hand_out(record, out);
    else if (!std::exchange(record.waiting, true)) deferred.push_back({slot, record.id, received + limits::store_deferral});
  }
  touched.clear();
  while (!deferred.empty() && (what == Shard::What::all || deferred.front().due <= received)) {
    const auto [slot, id, due] = deferred.front();
    deferred.pop_front();
    if (CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr; record && record->id == id && record->waiting)
      hand_out(*record, out);
  }
  hand_over(pending.interventions, out.interventions);
  hand_over(pending.system, out.system);
  hand_over(pending.agent_status, out.agent_status);
  hand_over(pending.metric_series, out.metric_series);
  hand_over(pending.metric_points, out.metric_points);
  hand_over(pending.metric_distributions, out.metric_distributions);
  hand_over(pending.learning, out.learning);
  hand_over(pending.changes, out.changes);
  hand_over(pending.raw, out.raw);
  hand_over(pending.late, out.late);
  collect_rollups(out);
}

void Shard::State::hand_out(CallRecord& record, RowBatch& out) {
  record.waiting = false;
  CallRow row = record.call.row(record.id, record.sums);
  if (record.stored_start != never) row.stored_start = record.stored_start;
  record.stored_start = row.start;
  record.stored_ended = record.call.ended();
  out.calls.push_back(std::move(row));
}

void Shard::State::hand_out_parts(CallRecord& record, RowBatch& out) {
  for (std::size_t i = record.turns.size(); record.open_turns > 0;) {  // the last ones, nearly always
    LiveTurn& turn = record.turns[--i];
    if (!std::exchange(turn.dirty, false)) continue;
    --record.open_turns;
    TurnRow row = turn.state.row(record.id);
    if (turn.stored != never) row.stored_time = turn.stored;
    turn.stored = row.time;
    out.turns.push_back(std::move(row));
  }
  if (record.open_usage == 0) return;
  record.open_usage = 0;
  for (LiveUsage& usage : record.usage) {
    if (!std::exchange(usage.dirty, false)) continue;
    out.usage.push_back(usage.row(record.id, labels));
    usage.stored = true;
  }
}

// All that was applied so far is in the store already: what differs from here on is what changed after it. Only the rows
// of calls may have been deferred when the store was last written, or a call's silence noticed; nobody wrote that down.
// Where they would be is known, because a move is never deferred: so all that were touched since the snapshot are handed
// out once more, in place of what may be there, spread over the time of a deferral.
void Shard::State::settle() {
  std::vector<Deferred> open;
  const auto take = [&](Slot slot, const Id& id) {
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->id != id || !(record->touched || record->waiting)) return;
    open.push_back({slot, id, received});
    record->touched = record->waiting = false;  // each once
    record->stored_start = record->call.start();
    record->stored_ended = record->call.ended();
    record->open_turns = record->open_usage = 0;
    for (LiveTurn& turn : record->turns) {
      turn.dirty = false;
      turn.stored = turn.state.time();
    }
    for (LiveUsage& usage : record->usage) {
      usage.dirty = false;
      usage.stored = true;
    }
  };
  for (const Slot slot : touched) take(slot, calls[slot]->id);
  for (const Deferred& entry : deferred) take(entry.slot, entry.id);
  touched.clear();
  deferred.clear();
  for (std::size_t i = 0; i < open.size(); ++i) {
    calls[open[i].slot]->waiting = true;
    open[i].due = received + Duration(limits::store_deferral) * std::int64_t(i) / std::int64_t(open.size());
    deferred.push_back(open[i]);
  }
  pending = {};
}

// Minutes are written once they are over by a minute, hours likewise: until then live state answers for them. Calls that
// end later change closed panes, so these are looked at once a minute, not at every collect. What does not fit one
// collect stays marked.
void Shard::State::collect_rollups(RowBatch& out) {
  const Instant latest = std::max(newest, received);
  if (latest == never) return;
  const std::int64_t minute = index_of(Level::minute, latest);
  if (rollups_minute == minute && !rollups_left) return;
  rollups_minute = minute;
  const Instant closed = latest - std::chrono::minutes(1);
  const auto in_order = [](auto& marks) {
    std::sort(marks.begin(), marks.end());
    marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  };
  std::size_t room = limits::rollups_per_collect;
  const auto write = [&](std::uint32_t id, Level level, std::int64_t index) {
    const Series& one = series[id];
    --room;
    RollupRow row;
    row.bucket = start_of(level, index);
    row.step = step_of(level);
    row.customer = labels.text(one.customer);
    row.shard = options.index;
    if (one.axis != Axis::customer && one.axis != Axis::total) {
      row.dimension = name_of(one.axis);
      row.value = labels.text(one.value);
      row.value_is_null = one.value == null_label;
    }
    Tally tally;
    series.merge_range(id, row.bucket, row.bucket + row.step, tally);
    row.tally = serialise(tally);
    out.rollups.push_back(std::move(row));
  };
  in_order(dirty_minutes);
  std::erase_if(dirty_minutes, [&](const auto& mark) {
    Series& one = series[mark.first];
    if (room == 0 || start_of(Level::minute, mark.second + 1) > closed) return false;
    if (one.axis != Axis::agent_id && start_of(Level::minute, mark.second) >= floors[std::size_t(one.axis)].minute)
      write(mark.first, Level::minute, mark.second);
    dirty_hours.emplace_back(mark.first, index_of(Level::hour, start_of(Level::minute, mark.second)));
    one.dirty_minute = INT64_MIN;
    return true;
  });
  in_order(dirty_hours);
  std::erase_if(dirty_hours, [&](const auto& mark) {
    const Floors& reach = floors[std::size_t(series[mark.first].axis)];
    const Instant start = start_of(Level::hour, mark.second);
    if (start < reach.hour) return true;
    if (room == 0 || start + step_of(Level::hour) > closed) return false;
    write(mark.first, Level::hour, mark.second);
    return true;
  });
  rollups_left = room == 0;
}

}  // namespace aybiza
