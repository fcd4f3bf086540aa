#include "aggregate/tally.h"

#include <algorithm>

#include "assemble/bytes.h"
#include "base/check.h"

namespace aybiza {
namespace {

// `times` below zero takes back.
void move_stat(Stat& stat, const Number& value, std::int64_t times) {
  if (!value) return;
  if (times == 1) stat.add(*value);
  else if (times > 0) stat.add_times(*value, times);
  else stat.remove(*value, -times);
}

void amend_stat(Stat& stat, const Number& old, const Number& fresh, std::int64_t times = 1) {
  if (old == fresh) return;
  move_stat(stat, old, -times);
  move_stat(stat, fresh, times);
}

void count_stat(Stat& stat, const Number& value, bool with_sketch) {
  if (!value) return;
  if (with_sketch) stat.add(*value);
  else stat.add_without_sketch(*value);
}

// What every CallFacts adds but its Stats.
void move_counts(CallTally& tally, const CallFacts& facts, std::int64_t times) {
  tally.calls += times;
  tally.known_outcome += times * facts.known_outcome;
  tally.successful += times * facts.successful;
  tally.known_resolution += times * facts.known_resolution;
  tally.resolved += times * facts.resolved;
  tally.escalated += times * facts.escalated;
  tally.intervened += times * facts.intervened;
  tally.errors += times * facts.errors;
  tally.calls_with_errors += times * (facts.errors > 0);
  tally.satisfaction.add(facts.satisfaction_e4, times);
  tally.quality.add(facts.quality_e4, times);
  tally.efficiency.add(facts.efficiency_e4, times);
}

void move_counts(TurnTally& tally, const TurnFacts& facts, std::int64_t times) {
  tally.turns += times;
  tally.interruptions += times * facts.interrupted;
  tally.sentiment.add(facts.sentiment_e4, times);
  tally.sentiment_confidence.add(facts.sentiment_confidence_e4, times);
}

void move_counts(UsageTally& tally, const UsageFacts& facts, std::int64_t times) {
  tally.usages += times;
  tally.unknown_costs += times * facts.cost_unknown;
  for (std::size_t i = 0; i < token_kinds; ++i) tally.tokens[i].add(facts.tokens[i], times);
  tally.cost.add(facts.cost_nano, times);
}

void move_stats(CallTally& tally, const CallFacts& facts, std::int64_t times) {
  move_stat(tally.duration, facts.duration_us, times);
  move_stat(tally.voice_latency, facts.voice_latency_us, times);
  move_stat(tally.cost, facts.cost_nano, times);
}

void move_stats(TurnTally& tally, const TurnFacts& facts, std::int64_t times) {
  move_stat(tally.response, facts.response_us, times);
  move_stat(tally.stt, facts.stt_us, times);
  move_stat(tally.llm, facts.llm_us, times);
  move_stat(tally.tts, facts.tts_us, times);
}

template <typename Part>
Part& part_of(std::unique_ptr<Part>& part) {
  if (!part) part = std::make_unique<Part>();
  return *part;
}

}  // namespace

void Stat::add(std::int64_t value, std::uint32_t slot) {
  sketch.add_slot(slot);
  add_without_sketch(value);
}

void Stat::add_times(std::int64_t value, std::int64_t times) {
  CHECK(sketch.add(value, std::uint64_t(times)));
  min = count == 0 ? value : std::min(min, value);
  max = count == 0 ? value : std::max(max, value);
  count += times;
  sum += Wide(times) * value;
}

void Stat::add_without_sketch(std::int64_t value) {
  min = count == 0 ? value : std::min(min, value);
  max = count == 0 ? value : std::max(max, value);
  ++count;
  sum += value;
}

void Stat::remove(std::int64_t value, std::int64_t times) {
  CHECK(count >= times && sketch.remove(value, std::uint64_t(times)));  // only what was added is taken back
  sum -= Wide(times) * value;
  if ((count -= times) == 0) *this = {};
  else if (value == min || value == max) extremes_exact = false;
}

void Stat::merge(const Stat& other, bool with_sketch) {
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  extremes_exact = extremes_exact && other.extremes_exact;
  count += other.count;
  sum += other.sum;
  if (with_sketch) sketch.merge(other.sketch);
}

std::optional<double> Stat::lowest() const {
  if (count == 0) return std::nullopt;
  return extremes_exact ? double(min) : sketch.quantile(0);
}

std::optional<double> Stat::highest() const {
  if (count == 0) return std::nullopt;
  return extremes_exact ? double(max) : sketch.quantile(1);
}

template <typename With>
void Tally::move_sampled(With&& with) {
  with(part_of(sampled));
  if (sampled->none()) sampled.reset();
}

void Tally::add(const CallFacts& facts) {
  CallTally& part = part_of(calls);
  move_counts(part, facts, facts.weight);
  move_stats(part, facts, facts.weight);
  if (facts.weight > 1) move_sampled([&](SampledTally& into) { into.move(facts, 1); });
}

TurnSlots slots_of(const TurnFacts& facts) {
  return {DdSketch::slot_of(facts.response_us.value_or(0)), DdSketch::slot_of(facts.stt_us.value_or(0)),
          DdSketch::slot_of(facts.llm_us.value_or(0)), DdSketch::slot_of(facts.tts_us.value_or(0))};
}

void Tally::add(const TurnFacts& facts, const TurnSlots& slots) {
  TurnTally& part = part_of(turns);
  move_counts(part, facts, 1);
  if (facts.response_us) part.response.add(*facts.response_us, slots.response);
  if (facts.stt_us) part.stt.add(*facts.stt_us, slots.stt);
  if (facts.llm_us) part.llm.add(*facts.llm_us, slots.llm);
  if (facts.tts_us) part.tts.add(*facts.tts_us, slots.tts);
}

void Tally::add(const UsageFacts& facts) { move_counts(part_of(usage), facts, 1); }

void Tally::add(const CallFacts& facts, const TallyParts& parts) {
  if (facts.weight != 1) return add(facts);
  CallTally& part = part_of(calls);
  move_counts(part, facts, 1);
  count_stat(part.duration, facts.duration_us, parts.has(Quantity::duration_ms));
  count_stat(part.voice_latency, facts.voice_latency_us, parts.has(Quantity::voice_latency_ms));
  count_stat(part.cost, facts.cost_nano, parts.has(Quantity::cost_usd));
}

void Tally::add(const TurnFacts& facts, const TallyParts& parts) {
  TurnTally& part = part_of(turns);
  move_counts(part, facts, 1);
  count_stat(part.response, facts.response_us, parts.has(Quantity::response_time_ms));
  count_stat(part.stt, facts.stt_us, parts.has(Quantity::stt_latency_ms));
  count_stat(part.llm, facts.llm_us, parts.has(Quantity::llm_latency_ms));
  count_stat(part.tts, facts.tts_us, parts.has(Quantity::tts_latency_ms));
}

void Tally::add_reported_cost(std::int64_t nano_usd, std::int64_t weight) {
  part_of(usage).cost.add(nano_usd, weight);
  if (weight > 1) move_sampled([&](SampledTally& into) { into.move_reported_cost(nano_usd, weight, 1); });
}

void Tally::add(const TurnFacts& facts, const SampledCall& call) {
  TurnTally& part = part_of(turns);
  move_counts(part, facts, call.weight);
  move_stats(part, facts, call.weight);
  move_sampled([&](SampledTally& into) { into.move(facts, call, 1); });
}

void Tally::add(const UsageFacts& facts, const SampledCall& call) {
  move_counts(part_of(usage), facts, call.weight);
  move_sampled([&](SampledTally& into) { into.move(facts, call, 1); });
}

void Tally::retract(const CallFacts& facts) {
  CHECK(calls && calls->calls > 0);
  move_counts(*calls, facts, -std::int64_t(facts.weight));
  move_stats(*calls, facts, -std::int64_t(facts.weight));
  if (calls->calls == 0) calls.reset();
  if (facts.weight > 1) move_sampled([&](SampledTally& into) { into.move(facts, -1); });
}

void Tally::retract(const TurnFacts& facts) {
  CHECK(turns && turns->turns > 0);
  move_counts(*turns, facts, -1);
  move_stats(*turns, facts, -1);
  if (turns->turns == 0) turns.reset();
}

void Tally::retract(const UsageFacts& facts) {
  CHECK(usage && usage->usages > 0);
  move_counts(*usage, facts, -1);
  if (usage->usages == 0 && usage->cost.count == 0) usage.reset();
}

void Tally::retract_reported_cost(std::int64_t nano_usd, std::int64_t weight) {
  CHECK(usage && usage->cost.count > 0);
  usage->cost.add(nano_usd, -weight);
  if (usage->usages == 0 && usage->cost.count == 0) usage.reset();
  if (weight > 1) move_sampled([&](SampledTally& into) { into.move_reported_cost(nano_usd, weight, -1); });
}

void Tally::retract(const TurnFacts& facts, const SampledCall& call) {
  CHECK(turns && turns->turns > 0);
  move_counts(*turns, facts, -call.weight);
  move_stats(*turns, facts, -call.weight);
  if (turns->turns == 0) turns.reset();
  move_sampled([&](SampledTally& into) { into.move(facts, call, -1); });
}

void Tally::retract(const UsageFacts& facts, const SampledCall& call) {
  CHECK(usage && usage->usages > 0);
  move_counts(*usage, facts, -call.weight);
  if (usage->usages == 0 && usage->cost.count == 0) usage.reset();
  move_sampled([&](SampledTally& into) { into.move(facts, call, -1); });
}

void Tally::amend(const CallFacts& old, const CallFacts& fresh) {
  CHECK(calls && calls->calls > 0);
  if (old.weight != fresh.weight) {
    add(fresh);
    return retract(old);
  }
  const std::int64_t times = fresh.weight;
  move_counts(*calls, old, -times);
  move_counts(*calls, fresh, times);
  amend_stat(calls->duration, old.duration_us, fresh.duration_us, times);
  amend_stat(calls->voice_latency, old.voice_latency_us, fresh.voice_latency_us, times);
  amend_stat(calls->cost, old.cost_nano, fresh.cost_nano, times);
  if (times > 1) move_sampled([&](SampledTally& into) { into.move(fresh, 1), into.move(old, -1); });
}

void Tally::amend(const TurnFacts& old, const TurnFacts& fresh) {
  CHECK(turns && turns->turns > 0);
  move_counts(*turns, old, -1);
  move_counts(*turns, fresh, 1);
  amend_stat(turns->response, old.response_us, fresh.response_us);
  amend_stat(turns->stt, old.stt_us, fresh.stt_us);
  amend_stat(turns->llm, old.llm_us, fresh.llm_us);
  amend_stat(turns->tts, old.tts_us, fresh.tts_us);
}

void Tally::amend(const UsageFacts& old, const UsageFacts& fresh) {
  CHECK(usage && usage->usages > 0);
  move_counts(*usage, old, -1);
  move_counts(*usage, fresh, 1);
}

void Tally::merge(const Tally& other, const TallyParts& parts) {
  if (parts.calls && other.calls) {
    CallTally& into = part_of(calls);
    const CallTally& from = *other.calls;
    into.calls += from.calls;
    into.known_outcome += from.known_outcome;
    into.successful += from.successful;
    into.known_resolution += from.known_resolution;
    into.resolved += from.resolved;
    into.escalated += from.escalated;
    into.intervened += from.intervened;
    into.errors += from.errors;
    into.calls_with_errors += from.calls_with_errors;
    into.satisfaction.merge(from.satisfaction);
    into.quality.merge(from.quality);
    into.efficiency.merge(from.efficiency);
    into.duration.merge(from.duration, parts.has(Quantity::duration_ms));
    into.voice_latency.merge(from.voice_latency, parts.has(Quantity::voice_latency_ms));
    into.cost.merge(from.cost, parts.has(Quantity::cost_usd));
  }
  if (parts.turns && other.turns) {
    TurnTally& into = part_of(turns);
    const TurnTally& from = *other.turns;
    into.turns += from.turns;
    into.interruptions += from.interruptions;
    into.sentiment.merge(from.sentiment);
    into.sentiment_confidence.merge(from.sentiment_confidence);
    into.response.merge(from.response, parts.has(Quantity::response_time_ms));
    into.stt.merge(from.stt, parts.has(Quantity::stt_latency_ms));
    into.llm.merge(from.llm, parts.has(Quantity::llm_latency_ms));
    into.tts.merge(from.tts, parts.has(Quantity::tts_latency_ms));
  }
  if (parts.usage && other.usage) {
    UsageTally& into = part_of(usage);
    const UsageTally& from = *other.usage;
    into.usages += from.usages;
    into.unknown_costs += from.unknown_costs;
    for (std::size_t i = 0; i < token_kinds; ++i) into.tokens[i].merge(from.tokens[i]);
    into.cost.merge(from.cost);
  }
  if (other.sampled) move_sampled([&](SampledTally& into) { into.merge(*other.sampled); });
}

std::size_t Tally::heap_bytes() const {
  std::size_t bytes = 0;
  const auto sketches = [&](std::initializer_list<const Stat*> stats) {
    for (const Stat* stat : stats) bytes += stat->sketch.heap_bytes();
  };
  if (calls) bytes += sizeof(CallTally), sketches({&calls->duration, &calls->voice_latency, &calls->cost});
  if (turns) bytes += sizeof(TurnTally), sketches({&turns->response, &turns->stt, &turns->llm, &turns->tts});
  if (usage) bytes += sizeof(UsageTally);
  if (sampled) bytes += sizeof(SampledTally);
  return bytes;
}

}  // namespace aybiza
