#include "aggregate/sampled_tally.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "aggregate/tally.h"

namespace aybiza {
namespace {

__extension__ using UnsignedWide = unsigned __int128;

// Wraps instead of overflowing: what no honest figure reaches must not be undefined either.
Wide times(Wide a, Wide b) { return Wide(UnsignedWide(a) * UnsignedWide(b)); }
void raise(Wide& sum, Wide by) { sum = Wide(UnsignedWide(sum) + UnsignedWide(by)); }

// n(n-1), with the sign of the move.
Wide factor(std::int64_t weight, int sign) { return Wide(weight) * (weight - 1) * sign; }

void move_square(Wide& sum, Wide by, Wide part, Wide whole) { raise(sum, times(by, times(part, whole))); }

// One value of a mean, of a call whose values come to `whole`.
void move_ratio(RatioSquares& squares, Wide by, const Number& value, const Mean& whole) {
  if (!value) return;
  move_square(squares.aa, by, *value, whole.sum);
  raise(squares.ab, times(by, times(*value, whole.count) + whole.sum));
  move_square(squares.bb, by, 1, whole.count);
}

void move_ratio(RatioSquares& squares, Wide by, const Number& value) {
  if (value) move_ratio(squares, by, value, Mean{1, *value});
}

void add_known(Mean& into, const Number& value) { into.add(value); }

}  // namespace

Number all_tokens(const UsageFacts& facts) {
  Number sum;
  for (const Number& kind : facts.tokens)
    if (kind) sum = sum.value_or(0) + *kind;
  return sum;
}

void SampledCall::add(const TurnFacts& facts) {
  ++turns;
  interruptions += facts.interrupted;
  add_known(sentiment, facts.sentiment_e4);
  add_known(sentiment_confidence, facts.sentiment_confidence_e4);
  add_known(response, facts.response_us);
  add_known(stt, facts.stt_us);
  add_known(llm, facts.llm_us);
  add_known(tts, facts.tts_us);
}

void SampledCall::add(const UsageFacts& facts) {
  ++usages;
  add_known(tokens, all_tokens(facts));
  add_known(input, facts.tokens[std::size_t(TokenKind::input)]);
  add_known(output, facts.tokens[std::size_t(TokenKind::output)]);
  add_known(cache_read, facts.tokens[std::size_t(TokenKind::cache_read)]);
  add_known(cost, facts.cost_nano);
}

void SampledTally::move(const CallFacts& facts, int sign) {
  const Wide by = factor(facts.weight, sign);
  raise(calls, by);
  raise(known_outcome, facts.known_outcome ? by : 0);
  raise(successful, facts.successful ? by : 0);
  raise(known_resolution, facts.known_resolution ? by : 0);
  raise(resolved, facts.resolved ? by : 0);
  raise(escalated, facts.escalated ? by : 0);
  raise(intervened, facts.intervened ? by : 0);
  raise(calls_with_errors, facts.errors > 0 ? by : 0);
  move_square(errors, by, facts.errors, facts.errors);
  move_ratio(satisfaction, by, facts.satisfaction_e4);
  move_ratio(quality, by, facts.quality_e4);
  move_ratio(efficiency, by, facts.efficiency_e4);
  move_ratio(duration, by, facts.duration_us);
  move_ratio(voice_latency, by, facts.voice_latency_us);
  move_ratio(call_cost, by, facts.cost_nano);
}

void SampledTally::move(const TurnFacts& facts, const SampledCall& call, int sign) {
  const Wide by = factor(call.weight, sign);
  move_square(turns, by, 1, call.turns);
  move_square(interruptions, by, facts.interrupted ? 1 : 0, call.interruptions);
  move_ratio(sentiment, by, facts.sentiment_e4, call.sentiment);
  move_ratio(sentiment_confidence, by, facts.sentiment_confidence_e4, call.sentiment_confidence);
  move_ratio(response, by, facts.response_us, call.response);
  move_ratio(stt, by, facts.stt_us, call.stt);
  move_ratio(llm, by, facts.llm_us, call.llm);
  move_ratio(tts, by, facts.tts_us, call.tts);
}

void SampledTally::move(const UsageFacts& facts, const SampledCall& call, int sign) {
  const Wide by = factor(call.weight, sign);
  move_square(usages, by, 1, call.usages);
  move_square(tokens, by, all_tokens(facts).value_or(0), call.tokens.sum);
  move_square(input, by, facts.tokens[std::size_t(TokenKind::input)].value_or(0), call.input.sum);
  move_square(output, by, facts.tokens[std::size_t(TokenKind::output)].value_or(0), call.output.sum);
  move_square(cache_read, by, facts.tokens[std::size_t(TokenKind::cache_read)].value_or(0), call.cache_read.sum);
  move_square(cost, by, facts.cost_nano.value_or(0), call.cost.sum);
}

void SampledTally::move_reported_cost(std::int64_t nano_usd, std::int64_t weight, int sign) {
  move_square(cost, factor(weight, sign), nano_usd, nano_usd);
}

void SampledTally::merge(const SampledTally& other) {
  std::vector<Wide> theirs;
  each_square([&](const Wide& square) { theirs.push_back(square); }, other);
  std::size_t i = 0;
  each_square([&](Wide& square) { raise(square, theirs[i++]); }, *this);
}

namespace {

using Maybe = std::optional<double>;

Maybe root(double variance) { return std::sqrt(std::max(variance, 0.0)); }
Maybe of_sum(Wide squares, double unit = 1) { return *root(double(squares)) / unit; }

// part is one of the whole's, so that AB is AA.
Maybe of_share(std::int64_t part, std::int64_t whole, Wide part_squares, Wide whole_squares) {
  if (whole == 0) return {};
  const double share = double(part) / double(whole);
  return *root(double(part_squares) * (1 - 2 * share) + share * share * double(whole_squares)) / double(whole);
}

Maybe of_mean(std::int64_t count, Wide sum, const RatioSquares& squares, double unit) {
  if (count == 0) return {};
  const double mean = double(sum) / double(count);
  return *root(double(squares.aa) - mean * double(squares.ab) + mean * mean * double(squares.bb)) / (double(count) * unit);
}

Maybe of_calls(What what, const CallTally& tally, const SampledTally& sampled) {
  switch (what) {
    case What::calls: return of_sum(sampled.calls);
    case What::successful_calls: return of_sum(sampled.successful);
    case What::success_rate: return of_share(tally.successful, tally.known_outcome, sampled.successful, sampled.known_outcome);
    case What::resolved_calls: return of_sum(sampled.resolved);
    case What::resolution_rate: return of_share(tally.resolved, tally.known_resolution, sampled.resolved, sampled.known_resolution);
    case What::escalated_calls: return of_sum(sampled.escalated);
    case What::escalation_rate: return of_share(tally.escalated, tally.calls, sampled.escalated, sampled.calls);
    case What::intervened_calls: return of_sum(sampled.intervened);
    case What::errors: return of_sum(sampled.errors);
    case What::error_rate: return of_share(tally.calls_with_errors, tally.calls, sampled.calls_with_errors, sampled.calls);
    case What::rated_calls: return of_sum(sampled.satisfaction.bb);
    case What::avg_satisfaction: return of_mean(tally.satisfaction.count, tally.satisfaction.sum, sampled.satisfaction, 1e4);
    case What::cost_per_call: return of_mean(tally.cost.count, tally.cost.sum, sampled.call_cost, 1e9);
    case What::quality_score: return of_mean(tally.quality.count, tally.quality.sum, sampled.quality, 1e4);
    case What::efficiency_score: return of_mean(tally.efficiency.count, tally.efficiency.sum, sampled.efficiency, 1e4);
    default: return {};
  }
}

Maybe of_turns(What what, const TurnTally& tally, const SampledTally& sampled) {
  switch (what) {
    case What::turns: return of_sum(sampled.turns);
    case What::interruptions: return of_sum(sampled.interruptions);
    case What::avg_sentiment: return of_mean(tally.sentiment.count, tally.sentiment.sum, sampled.sentiment, 1e4);
    default: return of_mean(tally.sentiment_confidence.count, tally.sentiment_confidence.sum, sampled.sentiment_confidence, 1e4);
  }
}

Maybe of_usage(What what, const SampledTally& sampled) {
  switch (what) {
    case What::cost_usd: return of_sum(sampled.cost, 1e9);
    case What::input_tokens: return of_sum(sampled.input);
    case What::output_tokens: return of_sum(sampled.output);
    case What::cache_read_tokens: return of_sum(sampled.cache_read);
    default: return of_sum(sampled.tokens);
  }
}

Maybe of_average(Quantity quantity, const Tally& tally, const SampledTally& sampled) {
  const auto mean = [&](const Stat& stat, const RatioSquares& squares) { return of_mean(stat.count, stat.sum, squares, unit_of(quantity)); };
  switch (quantity) {
    case Quantity::duration_ms: return tally.calls ? mean(tally.calls->duration, sampled.duration) : Maybe{};
    case Quantity::voice_latency_ms: return tally.calls ? mean(tally.calls->voice_latency, sampled.voice_latency) : Maybe{};
    case Quantity::cost_usd: return tally.calls ? mean(tally.calls->cost, sampled.call_cost) : Maybe{};
    case Quantity::stt_latency_ms: return tally.turns ? mean(tally.turns->stt, sampled.stt) : Maybe{};
    case Quantity::llm_latency_ms: return tally.turns ? mean(tally.turns->llm, sampled.llm) : Maybe{};
    case Quantity::tts_latency_ms: return tally.turns ? mean(tally.turns->tts, sampled.tts) : Maybe{};
    case Quantity::response_time_ms: return tally.turns ? mean(tally.turns->response, sampled.response) : Maybe{};
  }
  return {};
}

}  // namespace

bool is_estimate(const Measure& measure, const Tally& tally) {
  if (!tally.sampled) return false;
  const SampledTally& sampled = *tally.sampled;
  switch (entity_of(measure)) {
    case Entity::call: return sampled.calls != 0;
    case Entity::turn: return sampled.turns != 0;
    case Entity::usage: return sampled.usages != 0 || (measure.what == What::cost_usd && sampled.cost != 0);
    default: return false;
  }
}

std::optional<double> standard_error_of(const Measure& measure, const Tally& tally) {
  if (!is_estimate(measure, tally)) return {};
  if (measure.what == What::statistic) {
    if (measure.statistic != Statistic::avg) return {};
    return of_average(measure.quantity, tally, *tally.sampled);
  }
  switch (entity_of(measure)) {
    case Entity::call: return tally.calls ? of_calls(measure.what, *tally.calls, *tally.sampled) : Maybe{};
    case Entity::turn: return tally.turns ? of_turns(measure.what, *tally.turns, *tally.sampled) : Maybe{};
    case Entity::usage: return of_usage(measure.what, *tally.sampled);
    default: return {};
  }
}

}  // namespace aybiza
