#include "aggregate/shard.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "aggregate/live_values.h"
#include "base/check.h"

namespace aybiza {

unsigned shard_of(const Event& event, unsigned count) {
  CHECK(count > 0);
  if (!event.call.empty() && event.type <= EventType::usage) return unsigned(IdHash{}(event.call) % count);
  if (event.type == EventType::agent_status) return unsigned(IdHash{}(event.agent) % count);
  // All points of a customer meet in one shard: a series is known by one table.
  if (event.type == EventType::metric || event.type == EventType::metric_points)
    return unsigned(hash64(event.customer.empty() ? "default" : event.customer) % count);
  for (const Field field : {Field::name, Field::region, Field::pattern_id, Field::graph_id, Field::agent_id})
    if (const std::string_view text = event.text(field); !text.empty()) return unsigned(hash64(text) % count);
  return unsigned(IdHash{}(event.id) % count);
}

Shard::Shard(ShardOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Shard::~Shard() = default;
Shard::Shard(Shard&&) noexcept = default;
Shard& Shard::operator=(Shard&&) noexcept = default;

void Shard::apply(const Event& event, std::uint64_t offset, Instant received, std::string_view kept) {
  State& state = *state_;
  if (offset <= state.applied) return;
  state.arrive(offset);
  state.apply(event, received, kept);
  state.applied = offset;
}

std::string Shard::give_up(const JoinedCall& join) {
  State& state = *state_;
  state.arrive(join.offset);
  return state.give_up(join);
}

void Shard::retell(const Event& event, std::uint64_t offset, Instant received) {
  State& state = *state_;
  state.arrive(offset);
  state.apply(event, received, {});
  --state.events;  // it was counted where it was told first
}

std::span<const JoinedCall> Shard::joined() const { return state_->joined; }

void Shard::foresee(const Id& call, std::size_t step) const {
  if (call.empty()) return;
  const State& state = *state_;
  const std::uint64_t hash = IdHash{}(call);
  if (step == 0) return state.by_id.prefetch(hash);
  const Slot slot = state.by_id.likely(hash);
  if (slot >= state.calls.size()) return;
  if (step == 1) return __builtin_prefetch(&state.calls[slot]);
  const CallRecord* record = state.calls[slot].get();
  if (!record) return;
  const auto fetch = [](const void* from, const void* to) {
    for (auto at = static_cast<const char*>(from); at < to; at += 64) __builtin_prefetch(at, 1);
  };


  if (step == 2) return fetch(&record->call, &record->high + 1);
  // Of turns the number of the last and the room behind it, of usage the room alone.
  if (!record->usage.empty()) fetch(&record->usage.back() + 1, &record->usage.back() + 2);
  if (!record->turns.empty()) fetch(reinterpret_cast<const char*>(&record->turns.back()) + 64, &record->turns.back() + 2);
}

void Shard::apply_points(const Event& event, const MetricBatch& batch, std::uint64_t offset, Instant received) {
  if (offset <= state_->applied) return;
  apply(event, offset, received);
  state_->metrics.fold(event.customer, batch, state_->received, state_->pending);
}

Coverage Shard::covers(const MetricQuestion& question) const { return state_->metrics.minutes().covers(question); }
MetricPartial Shard::ask(const MetricQuestion& question) const { return state_->metrics.minutes().ask(question); }

Coverage Shard::covers(const LearningQuestion& question) const { return state_->learning.covers(question); }
LearningPartial Shard::ask(const LearningQuestion& question) const { return state_->learning.select(question); }

void Shard::advance(Instant received) { state_->advance(received); }

void Shard::mark_stored_until(std::uint64_t offset) {
  state_->stored_until = offset;
  state_->settled = false;
}

void Shard::collect(RowBatch& out, What what) {
  begin_collect(out, what);
  next_of_collect(SIZE_MAX);
}

bool Shard::next_of_collect(std::size_t some) { return state_->next_of_collect(some); }

void Shard::begin_collect(RowBatch& out, What what) {
  State& state = *state_;
  if (!state.settled && out.to > state.stored_until) {
    state.settle();
    state.settled = true;
  }
  if (state.settled) return state.begin_collect(out, what);
  state.pending = {};  // still below what the store has: nothing to hand out
}

bool Shard::dirty(What what) const { return state_->dirty(what); }
Coverage Shard::covers(const LiveQuestion& question, Instant now) const { return state_->covers(question, now); }
LivePartial Shard::ask(const LiveQuestion& question, Instant now) const { return state_->ask(question, now); }
std::uint64_t Shard::begin_ask(const LiveQuestion& question, Instant now) { return state_->begin_ask(question, now); }
std::optional<LivePartial> Shard::next_of_ask(std::uint64_t number, std::size_t calls) { return state_->next_of_ask(number, calls); }
std::optional<CallDetail> Shard::call(const Id& id) const { return state_->detail(id); }
std::vector<StateTransition> Shard::flow(std::string_view customer, Instant from, Instant to) const {
  return state_->flow(customer, from, to);
}
const PriceBook& Shard::prices() const { return state_->shelf.book(); }
std::uint64_t Shard::offset() const { return state_->applied; }
ShardStats Shard::stats() const { return state_->stats(); }
std::string Shard::canonical_dump() const { return state_->canonical_dump(); }

std::vector<CallRow> Shard::live_calls(std::size_t limit, std::string_view customer,
                                       const std::function<bool(const CallRow&)>& filter) const {
  std::vector<std::pair<Instant, Slot>> order;
  for (const Slot slot : state_->in_flight) {
    const AssembledCall& call = state_->calls[slot]->call;
    if (customer.empty() || call.customer() == customer) order.emplace_back(call.start(), slot);
  }
  std::sort(order.begin(), order.end(), std::greater<>());
  std::vector<CallRow> rows;
  for (const auto& [start, slot] : order) {
    if (rows.size() >= limit) break;
    const CallRecord& record = *state_->calls[slot];
    CallRow row = record.call.row(record.id, record.sums);
    if (!filter || filter(row)) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TopEntry> Shard::top_k(Dimension dimension, std::string_view customer, Instant from, Instant to, std::size_t k,
                                   Instant now) const {
  const bool turns = of_turn(dimension);
  LiveQuestion question{.by = {Dimension::customer_id, dimension}, .edges = {from, to}, .calls = !turns, .turns = turns, .usage = false};
  if (!customer.empty()) question.where.push_back({.dimension = Dimension::customer_id, .values = {std::string(customer)}});
  LivePartial partial = ask(question, now);
  std::vector<TopEntry> entries;
  for (auto& [key, tally] : partial.cells)
    entries.push_back({key.group[0].value_or(""), key.group[1].value_or(""), std::move(tally)});
  const auto weight = [&](const TopEntry& entry) {
    return turns ? (entry.tally.turns ? entry.tally.turns->turns : 0) : (entry.tally.calls ? entry.tally.calls->calls : 0);
  };
  std::sort(entries.begin(), entries.end(), [&](const TopEntry& a, const TopEntry& b) {
    return std::tuple(weight(b), a.customer, a.value) < std::tuple(weight(a), b.customer, b.value);
  });
  if (entries.size() > k) entries.resize(k);
  return entries;
}

std::vector<AgentStatusRow> Shard::agents() const {
  std::vector<AgentStatusRow> rows;
  for (const auto& [id, row] : state_->agent_status) rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.agent_id < b.agent_id; });
  return rows;
}

std::vector<StateTransition> Shard::State::flow(std::string_view customer, Instant from, Instant to) const {
  std::map<std::pair<Label, Label>, std::int64_t> counts;
  std::optional<CallRecord> room;
  for (Slot slot = 0; slot < calls.size(); ++slot) {
    if (!held(slot) || !reaches(slot, from, to)) continue;
    const CallRecord& record = look(slot, room);
    if (!customer.empty() && record.call.customer() != customer) continue;
    CallRecord parts;
    Label before = null_label;
    for (const LiveTurn& turn : record.opened(parts).turns) {
      if (turn.turn_state == null_label) continue;
      if (turn.state.time() >= from && turn.state.time() < to) counts[{before, turn.turn_state}] += record.call.weight();
      before = turn.turn_state;
    }
  }
  std::vector<StateTransition> transitions;
  for (const auto& [pair, count] : counts)
    transitions.push_back({std::string(labels.text(pair.first)), std::string(labels.text(pair.second)), count});
  return transitions;
}

std::optional<CallDetail> Shard::State::detail(const Id& id) const {
  const auto slot = slot_of(id);
  if (!slot) return std::nullopt;
  std::optional<CallRecord> room;
  const CallRecord& record = look(*slot, room);
  CallDetail detail;
  detail.call = record.call.row(id, record.sums);
  CallRecord parts;
  const CallRecord& open = record.opened(parts);
  for (const LiveTurn& turn : open.turns) {
    detail.turns.push_back(turn.state.row(id));
    detail.complete = detail.complete && turn.state.has_texts();
    detail.turns.back().state = labels.text(turn.turn_state);
    detail.turns.back().intent = labels.text(turn.intent);
    detail.turns.back().emotion = labels.text(turn.emotion);
  }
  for (const LiveUsage& usage : open.usage) detail.usage.push_back(usage.row(id, labels));
  std::ranges::sort(detail.usage, {}, &UsageRow::id);
  if (record.interventions) detail.interventions = *record.interventions;
  return detail;
}

ShardStats Shard::State::stats() const {
  const std::size_t held = calls.size() - free_slots.size();
  return {.events = events, .late_events = late_events, .calls_in_flight = in_flight.size(),
          .calls_ended = held - in_flight.size(), .turns = turns, .series = series.size(), .sizes = sizes,
          .series_folded = series.folded(), .newest = newest, .received = received, .metrics = metrics.stats(), .woken = woken, .cold = cold.stats()};
}

std::vector<DimensionLoad> Shard::loads(std::size_t walked) const {
  std::vector<DimensionLoad> out;
  const SeriesTable& series = state_->series;
  for (std::size_t i = std::size_t(Axis::customer); i < axis_count; ++i) {
    const Axis axis{std::uint8_t(i)};
    const auto& on = series.on(axis);
    DimensionLoad load{.dimension = name_of(axis), .series = on.size(), .fullest = {}, .folded = series.folded(axis), .values = {}};
    if (axis == Axis::customer) {
      load.most = on.size(), load.bound = limits::labels_interned;
    } else {
      const auto [customer, most] = series.fullest(axis);
      load.fullest = state_->labels.text(customer), load.most = most, load.bound = series.per_dimension();
    }
    if (on.size() <= walked) {
      load.values.emplace();
      for (const std::uint32_t id : on) {
        const Series& one = series[id];
        const Label value = axis == Axis::customer ? one.customer : one.value;
        if (value > other_label) load.values->push_back(hash64(state_->labels.text(value)));
      }
      std::ranges::sort(*load.values);
      const auto [first, last] = std::ranges::unique(*load.values);
      load.values->erase(first, last);
    }
    out.push_back(std::move(load));
  }
  return out;
}

void Shard::State::count(ShardSizes& into, std::size_t slot) const {
  into.bytes_calls += frozen[slot].size;
  if (const auto& record = calls[slot]) into.bytes_calls += sizeof(CallRecord) + record->heap_bytes();
}

void Shard::State::count(ShardSizes& into, const Series& one) const {
  into.bytes_panes += sizeof(Series) + one.heap_bytes();
  into.panes += one.seconds.count() + one.minutes.count() + one.hours.count();
}

std::uint64_t Shard::State::bytes_other() const {
  return metrics.minutes().heap_bytes() + learning.heap_bytes() + labels.heap_bytes() + by_id.heap_bytes() + cold.heap_bytes() +
         calls.capacity() * (sizeof(void*) + sizeof(Frozen)) + extents.heap_bytes() + flight.heap_bytes() +
         flight_changed.capacity() * sizeof(Slot);
}

ShardSizes Shard::measure() const {
  ShardSizes all{.bytes_other = state_->bytes_other()};
  for (std::size_t i = 0; i < state_->calls.size(); ++i) state_->count(all, i);
  for (std::uint32_t i = 0; i < state_->series.size(); ++i) state_->count(all, state_->series[i]);
  return all;
}

// Whoever asks for figures must not make the shard walk a hundred thousand calls at once.
void Shard::State::count_on() {
  constexpr std::size_t share = 64;
  const std::size_t calls_to = std::min(counted_calls + share, calls.size());
  for (; counted_calls < calls_to; ++counted_calls) count(counting, counted_calls);
  const std::size_t series_to = std::min(counted_series + share, series.size());
  for (; counted_series < series_to; ++counted_series) count(counting, series[std::uint32_t(counted_series)]);
  if (counted_calls < calls.size() || counted_series < series.size()) return;
  sizes = counting;
  sizes.bytes_other = bytes_other();
  counting = {};
  counted_calls = counted_series = 0;
}

}  // namespace aybiza
