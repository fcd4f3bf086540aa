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

auto place_of(std::vector<LiveTurn>& turns, std::int64_t number) {
  return std::lower_bound(turns.begin(), turns.end(), number, [](const LiveTurn& turn, std::int64_t n) { return turn.state.number() < n; });
}

}  // namespace

// The order of arrival decides nothing here: numbers are a function of all keys seen, and every turn is where its number
// is, whatever it was before (assemble/turn_keys.h).
void Shard::State::fold_keyed_turn(CallRecord& record, const Event& event) {
  CallSpans& spans = record.spans_of_call();
  std::vector<TurnKeys::Move> moves;
  const TurnKeys::Seen seen = spans.keys.see(event, moves);
  if (!moves.empty()) move_numbers(record, moves);
  if (seen == TurnKeys::Seen::full) return fold_late(event);
  if (seen == TurnKeys::Seen::superseded || !TurnKeys::tells_turn(event)) return;
  const std::int32_t number = spans.keys.number(event);
  if (const LiveTurn* turn = record.find_turn(number); turn && turn->state.parts() >= limits::turn_parts) return fold_late(event, number);
  merge_turn(record, event, number);
}

// All leave before any arrives: one may take the number another one leaves.
void Shard::State::move_numbers(CallRecord& record, const std::vector<TurnKeys::Move>& moves) {
  std::vector<LiveTurn> moving;
  for (const auto& [from, to] : moves) {
    const auto at = place_of(record.turns, from);
    if (at == record.turns.end() || at->state.number() != from) continue;
    if (at->stored != never) pending.turns.push_back(deletion_of(record, *at));
    if (to == 0) {
      drop_turn(record, *at);
    } else {
      moving.push_back(std::move(*at));
      moving.back().state.renumber(to);
      moving.back().stored = never;
      record.open(moving.back());
    }
    record.turns.erase(at);
  }
  for (LiveTurn& turn : moving) {
    const auto at = place_of(record.turns, turn.state.number());
    if (at != record.turns.end() && at->state.number() == turn.state.number()) drop_turn(record, turn);  // its sender numbers other turns itself
    else record.turns.insert(at, std::move(turn));
  }
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

}  // namespace aybiza
