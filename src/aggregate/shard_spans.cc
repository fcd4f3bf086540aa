// Folding what spans tell: turns without numbers, usage until the whole is told, errors one by one.
#include <algorithm>

#include "aggregate/shard_state.h"

namespace aybiza {
namespace {

TurnRow deletion_of(const CallRecord& record, const LiveTurn& turn) {
  TurnRow row;
  row.call_id = record.id;
  row.turn_number = turn.state.number();
  row.time = turn.stored;
  row.stored_time = turn.stored;
  row.removed = true;
  return row;
}

}  // namespace

// The order of arrival decides nothing here: numbers are a function of all keys seen, and every turn is where its number
// is, whatever it was before (assemble/turn_keys.h).
void Shard::State::fold_keyed_turn(CallRecord& record, const Event& event) {
  CallSpans& spans = record.spans_of_call();
  std::vector<TurnKeys::Move> moves;
  const TurnKeys::Seen seen = spans.keys.see(event, moves);
  if (!moves.empty()) move_numbers(record, std::move(moves));
  if (seen == TurnKeys::Seen::full) return fold_late(event);
  if (seen == TurnKeys::Seen::superseded || !TurnKeys::tells_turn(event)) return;
  const std::int32_t number = spans.keys.number(event);
  if (const LiveTurn* turn = record.find_turn(number); turn && turn->state.parts() >= limits::turn_parts) return fold_late(event, number);
  merge_turn(record, event, number);
}

// All leave before any arrives, because one may take the number another one leaves; in one pass, because something early
// that comes late moves all after it.
void Shard::State::move_numbers(CallRecord& record, std::vector<TurnKeys::Move> moves) {
  std::ranges::sort(moves, {}, &TurnKeys::Move::from);
  std::vector<LiveTurn> staying, moving;
  for (LiveTurn& turn : record.turns) {
    const auto move = std::ranges::lower_bound(moves, turn.state.number(), {}, &TurnKeys::Move::from);
    if (move == moves.end() || move->from != turn.state.number()) {
      staying.push_back(std::move(turn));
      continue;
    }
    if (turn.stored != never) pending.turns.push_back(deletion_of(record, turn));
    if (move->to == 0) {
      drop_turn(record, turn);
      continue;
    }
    turn.state.renumber(move->to);
    turn.stored = never;
    record.open(turn);
    moving.push_back(std::move(turn));
  }
  const auto number = [](const LiveTurn& turn) { return turn.state.number(); };
  std::ranges::sort(moving, {}, number);
  record.turns.clear();
  auto stays = staying.begin();
  for (LiveTurn& turn : moving) {
    while (stays != staying.end() && number(*stays) < number(turn)) record.turns.push_back(std::move(*stays++));
    if (stays != staying.end() && number(*stays) == number(turn)) drop_turn(record, turn);  // its sender numbers other turns itself
    else record.turns.push_back(std::move(turn));
  }
  record.turns.insert(record.turns.end(), std::make_move_iterator(stays), std::make_move_iterator(staying.end()));
}

void Shard::State::drop_turn(CallRecord& record, LiveTurn& turn) {
  record.sums.add(turn.state.facts(), turn.state.agent_speaks(), -1);
  if (record.counted) move_turn(record, turn, -1, Axes().set());
  if (turn.dirty) --record.open_turns;
  --turns;
}

bool Shard::State::admit_usage(CallRecord& record, const Event& event) {
  const Number preliminary = event.number(Field::usage_preliminary);
  if (!preliminary) return true;
  CallSpans& spans = record.spans_of_call();
  if (*preliminary != 0) return !spans.usage_is_final;
  if (std::exchange(spans.usage_is_final, true)) return true;
  std::erase_if(record.usage, [&](const LiveUsage& usage) {
    if (!usage.preliminary) return false;
    record.sums.add_usage(usage.cost(), usage.all_tokens(), -1);
    if (record.counted) move_usage(record, usage, record.call.reports_cost(), -1, Axes().set());
    if (usage.dirty) --record.open_usage;
    if (usage.stored) {
      UsageRow row = usage.row(record.id, labels);
      row.removed = true;
      pending.usage.push_back(std::move(row));
    }
    return true;
  });
  return true;
}

// Each event counts once, however often it comes.
void Shard::State::note_error(CallRecord& record, const Event& event) {
  const Number errors = event.number(Field::error_events);
  if (!errors) return;
  CallSpans& spans = record.spans_of_call();
  spans.errors_told = true;
  if (*errors > 0 && spans.errors.size() < limits::turns_per_call) {
    const std::uint64_t hash = IdHash{}(event.id);
    const auto place = std::lower_bound(spans.errors.begin(), spans.errors.end(), hash);
    if (place == spans.errors.end() || *place != hash) spans.errors.insert(place, hash);
  }
  record.sums.errors = record.errors();
}

std::string Shard::State::give_up(const JoinedCall& join) {
  if (std::ranges::find(joined, join.part, &JoinedCall::part) == joined.end()) {
    if (joined.size() >= 2 * limits::joined_calls) joined.erase(joined.begin(), joined.end() - std::ptrdiff_t(limits::joined_calls));
    joined.push_back(join);
  }
  CallRecord* record = find(join.part);
  if (!record || record->told.empty()) return {};
  std::string told = std::exchange(record->told, {});
  told_bytes -= told.size();
  remove(*record);
  return told;
}

void Shard::State::remove(CallRecord& record) {
  keep(record.slot);
  unpack(record);
  if (record.counted) move_parts(record, record.call.reports_cost(), -1, Axes().set());
  leave_panes(record);
  turns -= record.turns.size();
  for (const LiveTurn& turn : record.turns)
    if (turn.stored != never) pending.turns.push_back(deletion_of(record, turn));
  for (const LiveUsage& usage : record.usage) {
    if (!usage.stored) continue;
    UsageRow row = usage.row(record.id, labels);
    row.removed = true;
    pending.usage.push_back(std::move(row));
  }
  if (record.stored_start != never) {
    CallRow row = record.call.row(record.id, record.sums);
    row.stored_start = record.stored_start;
    row.parts_first = record.low;
    row.parts_last = record.high;
    row.removed = true;
    pending.calls.push_back(std::move(row));
  }
  if (record.flight_place != UINT32_MAX) leave_flight(record);
  const Slot slot = record.slot;  // the queues look whose it is when its turn comes
  if (record.touched) std::erase(touched, slot);
  by_id.erase(IdHash{}(record.id), slot);
  calls[slot].reset();
  extents.clear(slot);
  free_slots.push_back(slot);
}

}  // namespace aybiza
