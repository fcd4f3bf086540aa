// Finishing a measure: from counts and sums to the wire's number.
#include <cmath>

#include "aggregate/tally.h"

namespace aybiza {
namespace {

using Figure = std::optional<double>;

Figure ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? Figure{} : Figure(double(part) / double(whole));
}

Figure mean(const Mean& of, double unit) {
  return of.count == 0 ? Figure{} : Figure(double(of.sum) / (double(of.count) * unit));
}

const Stat* stat_of(Quantity quantity, const Tally& tally) {
  if (of_call(quantity)) {
    if (!tally.calls) return nullptr;
    switch (quantity) {
      case Quantity::duration_ms: return &tally.calls->duration;
      case Quantity::voice_latency_ms: return &tally.calls->voice_latency;
      default: return &tally.calls->cost;
    }
  }
  if (!tally.turns) return nullptr;
  switch (quantity) {
    case Quantity::stt_latency_ms: return &tally.turns->stt;
    case Quantity::llm_latency_ms: return &tally.turns->llm;
    case Quantity::tts_latency_ms: return &tally.turns->tts;
    default: return &tally.turns->response;
  }
}

Figure statistic_of(const Measure& measure, const Tally& tally) {
  const Stat* stat = stat_of(measure.quantity, tally);
  if (!stat || stat->count == 0) return {};
  const double unit = unit_of(measure.quantity);
  const auto scaled = [&](const Figure& value) { return value ? Figure(*value / unit) : Figure{}; };
  switch (measure.statistic) {
    case Statistic::avg: return double(stat->sum) / (double(stat->count) * unit);
    case Statistic::p50: return scaled(stat->sketch.quantile(0.5));
    case Statistic::p90: return scaled(stat->sketch.quantile(0.9));
    case Statistic::p95: return scaled(stat->sketch.quantile(0.95));
    case Statistic::p99: return scaled(stat->sketch.quantile(0.99));
    case Statistic::min: return scaled(stat->lowest());
    case Statistic::max: return scaled(stat->highest());
    case Statistic::histogram:
    case Statistic::moving_average: return {};
  }
  return {};
}

Figure of_calls(What what, const CallTally& calls) {
  switch (what) {
    case What::calls: return double(calls.calls);
    case What::successful_calls: return double(calls.successful);
    case What::success_rate: return ratio(calls.successful, calls.known_outcome);
    case What::resolved_calls: return double(calls.resolved);
    case What::resolution_rate: return ratio(calls.resolved, calls.known_resolution);
    case What::escalated_calls: return double(calls.escalated);
    case What::escalation_rate: return ratio(calls.escalated, calls.calls);
    case What::intervened_calls: return double(calls.intervened);
    case What::errors: return double(calls.errors);
    case What::error_rate: return ratio(calls.calls_with_errors, calls.calls);
    case What::rated_calls: return double(calls.satisfaction.count);
    case What::avg_satisfaction: return mean(calls.satisfaction, 1e4);
    case What::cost_per_call: return calls.cost.count == 0 ? Figure{} : Figure(double(calls.cost.sum) / (double(calls.cost.count) * 1e9));
    case What::quality_score: return mean(calls.quality, 1e4);
    case What::efficiency_score: return mean(calls.efficiency, 1e4);
    default: return {};
  }
}

Figure of_turns(What what, const TurnTally& turns) {
  switch (what) {
    case What::turns: return double(turns.turns);
    case What::interruptions: return double(turns.interruptions);
    case What::avg_sentiment: return mean(turns.sentiment, 1e4);
    default: return mean(turns.sentiment_confidence, 1e4);
  }
}

Figure sum_of(const Mean& kind) { return kind.count == 0 ? Figure{} : Figure(double(kind.sum)); }

Figure of_usage(What what, const UsageTally& usage) {
  switch (what) {
    case What::cost_usd: return usage.cost.count == 0 ? Figure{} : Figure(double(usage.cost.sum) / 1e9);
    case What::input_tokens: return sum_of(usage.tokens[std::size_t(TokenKind::input)]);
    case What::output_tokens: return sum_of(usage.tokens[std::size_t(TokenKind::output)]);
    case What::cache_read_tokens: return sum_of(usage.tokens[std::size_t(TokenKind::cache_read)]);
    default: break;
  }
  Mean all;
  for (const Mean& kind : usage.tokens) all.merge(kind);
  return sum_of(all);
}

bool is_count(What what) {
  switch (what) {
    case What::calls: case What::successful_calls: case What::resolved_calls: case What::escalated_calls:
    case What::intervened_calls: case What::errors: case What::rated_calls: case What::turns: case What::interruptions:
      return true;
    default: return false;
  }
}

}  // namespace

std::optional<double> value_of(const Measure& measure, const Tally& tally) {
  if (measure.what == What::statistic) return statistic_of(measure, tally);
  const Figure none = is_count(measure.what) ? Figure(0.0) : Figure{};
  switch (entity_of(measure)) {
    case Entity::call: return tally.calls ? of_calls(measure.what, *tally.calls) : none;
    case Entity::turn: return tally.turns ? of_turns(measure.what, *tally.turns) : none;
    case Entity::usage: return tally.usage ? of_usage(measure.what, *tally.usage) : none;
    case Entity::metric: case Entity::learning: return {};
  }
  return {};
}

std::uint8_t sketch_for(const Measure& measure) {
  const bool none = measure.what != What::statistic || measure.statistic == Statistic::avg || measure.statistic == Statistic::moving_average;
  return none ? 0 : TallyParts::sketch_of(measure.quantity);
}

std::optional<double> relative_error_of(const Measure& measure, const Tally& tally) {
  constexpr double alpha = 0.005;
  if (measure.what != What::statistic) return std::nullopt;
  switch (measure.statistic) {
    case Statistic::p50: case Statistic::p90: case Statistic::p95: case Statistic::p99: case Statistic::histogram:
      return alpha;
    case Statistic::min: case Statistic::max: {
      const Stat* stat = stat_of(measure.quantity, tally);
      return stat && stat->count > 0 && !stat->extremes_exact ? std::optional(alpha) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

std::vector<HistogramBin> histogram_of(const Measure& measure, const Tally& tally) {
  std::vector<HistogramBin> bins;
  const Stat* stat = measure.what == What::statistic ? stat_of(measure.quantity, tally) : nullptr;
  if (!stat) return bins;
  const double unit = unit_of(measure.quantity);
  stat->sketch.each([&](const DdSketch::Bucket& bucket) {
    bins.push_back({double(bucket.lower) / unit, double(bucket.upper) / unit, std::int64_t(bucket.count)});
  });
  return bins;
}

}  // namespace aybiza
