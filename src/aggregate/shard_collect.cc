// Collecting: every row that changed since the last time, as it was when the collection was begun.
#include <algorithm>

#include "aggregate/shard_state.h"
#include "base/check.h"

namespace aybiza {
namespace {

constexpr Duration settle_pace{20};  // from one call's row to the next one's after a start: 50 000 a second

template <typename Row>
void hand_over(std::vector<Row>& from, std::vector<Row>& to) {
  if (to.empty()) to.swap(from);
  else std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

}  // namespace

bool Shard::State::dirty(Shard::What what) const {
  const bool due = !deferred.empty() && (what == Shard::What::all || deferred.front().due <= received);
  return due || !touched.empty() || !pending.empty() || collecting;
}

// What nobody else will touch goes at once; calls are listed, and handed out in turn or before they change.
void Shard::State::begin_collect(RowBatch& out, Shard::What what) {
  CHECK(!collecting);
  if (out.to != 0 && out.to <= stored_until) return;
  collecting = std::make_unique<Collecting>(Collecting{.out = &out, .what = what, .received = received, .list = std::exchange(touched, {})});
  hand_over(pending.calls, out.calls);  // those that are part of another now
  hand_over(pending.turns, out.turns);  // those that left their number, before others take it
  hand_over(pending.usage, out.usage);
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
  Collecting& now = *collecting;
  now.waits.resize(calls.size());
  now.due.resize(calls.size());
  for (const Slot slot : now.list) now.waits[slot] = true;
  while (!deferred.empty() && (what == Shard::What::all || deferred.front().due <= received)) {
    const auto [slot, id, due] = deferred.front();
    deferred.pop_front();
    const CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->id != id) continue;
    now.due[slot] = true;
    if (now.waits[slot] || !record->waiting) continue;
    now.waits[slot] = true;
    now.list.push_back(slot);
  }
}

void Shard::State::collect_one(Slot slot) {
  Collecting& now = *collecting;
  now.waits[slot] = false;
  if (image) [[unlikely]] image->before_call(slot);
  CallRecord& record = *calls[slot];
  // That a call has ended never waits, nor that it is to be found in another place.
  const bool moved = record.stored_start != never && record.stored_start != record.call.start();
  const bool wanted = now.what == Shard::What::all || moved || record.stored_ended != record.call.ended();
  if (std::exchange(record.touched, false)) {
    hand_out_parts(record, *now.out);
    if (wanted) hand_out(record, *now.out);
    else if (!std::exchange(record.waiting, true)) deferred.push_back({slot, record.id, now.received + limits::store_deferral});
  }
  if (now.due[slot] && record.waiting) hand_out(record, *now.out);
}

bool Shard::State::next_of_collect(std::size_t some) {
  if (!collecting) return false;
  Collecting& now = *collecting;
  for (const std::size_t end = now.next + std::min(some, now.list.size() - now.next); now.next < end; ++now.next)
    if (now.waits[now.list[now.next]]) collect_one(now.list[now.next]);
  if (now.next < now.list.size()) return true;
  collecting.reset();
  return false;
}

void Shard::State::hand_out(CallRecord& record, RowBatch& out) {
  record.waiting = false;
  CallRow row = record.call.row(record.id, record.sums);
  if (record.stored_start != never) row.stored_start = record.stored_start;
  row.parts_first = record.low;
  row.parts_last = record.high;
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
  for (std::size_t i = record.usage.size(); record.open_usage > 0;) {  // likewise, while they are few
    LiveUsage& usage = record.usage[--i];
    if (!std::exchange(usage.dirty, false)) continue;
    --record.open_usage;
    out.usage.push_back(usage.row(record.id, labels));
    usage.stored = true;
  }
}

// All that was applied so far is in the store already: what differs from here on is what changed after it. Only the rows
// of calls may have been deferred when the store was last written, or a call's silence noticed; nobody wrote that down.
// Where they would be is known, because a move is never deferred: so all that were touched since the snapshot are handed
// out once more, in place of what may be there, those first that have waited longest, at a pace that a store keeps up with. Were they
// spread over the time of a deferral, nothing would ever come of it where lives are shorter than that.
void Shard::State::arrive(std::uint64_t offset) {
  if (settled || offset <= stored_until) return;
  settle();
  settled = true;
}

void Shard::State::settle() {
  std::vector<Deferred> open;
  const auto take = [&](Slot slot, const Id& id) {
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->id != id || !(record->touched || record->waiting)) return;
    keep(slot);
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
  for (const Deferred& entry : deferred) take(entry.slot, entry.id);
  for (const Slot slot : touched) take(slot, calls[slot]->id);
  touched.clear();
  deferred.clear();
  for (std::size_t i = 0; i < open.size(); ++i) {
    calls[open[i].slot]->waiting = true;
    open[i].due = received + std::int64_t(i) * settle_pace;
    deferred.push_back(open[i]);
  }
  pending = {};
}

}  // namespace aybiza
