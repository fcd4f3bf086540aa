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

bool Shard::State::dirty() const {
  const RowBatch& p = pending;
  return !dirty_calls.empty() || !p.interventions.empty() || !p.system.empty() || !p.agent_status.empty() ||
         !p.metrics.empty() || !p.raw.empty() || !p.late.empty();
}

void Shard::State::collect(RowBatch& out) {
  if (out.to != 0 && out.to <= stored_until) return settle();
  for (const Slot slot : dirty_calls) {
    CallRecord& record = *calls[slot];
    record.dirty = false;
    CallRow row = record.call.row(record.id, record.sums);
    if (record.stored_start != never) row.stored_start = record.stored_start;
    record.stored_start = row.start;
    out.calls.push_back(std::move(row));
    for (LiveTurn& turn : record.turns) {
      if (!turn.dirty) continue;
      turn.dirty = false;
      TurnRow turn_row = turn.state.row(record.id);
      if (turn.stored != never) turn_row.stored_time = turn.stored;
      turn.stored = turn_row.time;
      out.turns.push_back(std::move(turn_row));
    }
    for (LiveUsage& usage : record.usage)
      if (std::exchange(usage.dirty, false)) out.usage.push_back(usage.row(record.id, labels));
  }
  dirty_calls.clear();
  hand_over(pending.interventions, out.interventions);
  hand_over(pending.system, out.system);
  hand_over(pending.agent_status, out.agent_status);
  hand_over(pending.metrics, out.metrics);
  hand_over(pending.raw, out.raw);
  hand_over(pending.late, out.late);
  collect_rollups(out);
}

// All that was applied so far is in the store already: what differs from here on is what changed after it. Calls that
// fell silent are handed out once more, because the store may have been written before or after that was noticed.
void Shard::State::settle() {
  std::vector<Slot> idle;
  for (const Slot slot : dirty_calls) {
    CallRecord& record = *calls[slot];
    record.dirty = false;
    record.stored_start = record.call.start();
    for (LiveTurn& turn : record.turns) {
      turn.dirty = false;
      turn.stored = turn.state.time();
    }
    for (LiveUsage& usage : record.usage) usage.dirty = false;
    if (record.call.idle()) idle.push_back(slot);
  }
  dirty_calls.clear();
  for (const Slot slot : idle) mark(*calls[slot]);
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
