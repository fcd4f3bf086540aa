#include "query/row_figures.h"

#include <algorithm>

namespace aybiza {
namespace {

Figure ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? Figure{} : Figure(double(part) / double(whole));
}
Figure mean(const Samples& samples, double unit) {
  if (samples.empty()) return {};
  __extension__ __int128 sum = 0;
  for (const std::int64_t sample : samples) sum += sample;
  return double(sum) / double(samples.size()) / unit;
}
Figure sum(const std::optional<std::int64_t>& value, double unit) {
  return value ? Figure(double(*value) / unit) : Figure{};
}

// Twenty buckets of equal width between the extremes; one bucket when all values are the same.
Figure histogram(Samples samples, double unit) {
  if (samples.empty()) return Histogram{};
  std::sort(samples.begin(), samples.end());
  const double low = double(samples.front()) / unit, high = double(samples.back()) / unit;
  if (low == high) return Histogram{{low, high, std::int64_t(samples.size())}};
  constexpr std::size_t count = 20;
  Histogram buckets(count);
  const double width = (high - low) / double(count);
  for (std::size_t i = 0; i < count; ++i) buckets[i] = {low + double(i) * width, low + double(i + 1) * width, 0};
  for (const std::int64_t sample : samples)
    ++buckets[std::min(count - 1, std::size_t((double(sample) / unit - low) / width))].count;
  return buckets;
}

Figure statistic(const Measure& m, Samples samples) {
  if (m.statistic == Statistic::histogram) return histogram(std::move(samples), unit_of(m.quantity));
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const double unit = unit_of(m.quantity);
  switch (m.statistic) {
    case Statistic::avg: return mean(samples, unit);
    case Statistic::min: return double(samples.front()) / unit;
    case Statistic::max: return double(samples.back()) / unit;
    case Statistic::p50: return percentile_cont(samples, .50) / unit;
    case Statistic::p90: return percentile_cont(samples, .90) / unit;
    case Statistic::p95: return percentile_cont(samples, .95) / unit;
    default: return percentile_cont(samples, .99) / unit;
  }
}

}  // namespace

double percentile_cont(const std::vector<std::int64_t>& sorted, double q) {
  const double rank = q * double(sorted.size() - 1);
  const auto below = std::size_t(rank);
  const double low = double(sorted[below]), high = double(sorted[std::min(below + 1, sorted.size() - 1)]);
  return low + (high - low) * (rank - double(below));
}

Figure value_of(const Measure& m, const RowSums& e) {
  switch (m.what) {
    case What::calls: return double(e.calls);
    case What::successful_calls: return double(e.successful);
    case What::success_rate: return ratio(e.successful, e.known_outcome);
    case What::resolved_calls: return double(e.resolved);
    case What::resolution_rate: return ratio(e.resolved, e.known_resolution);
    case What::escalated_calls: return double(e.escalated);
    case What::escalation_rate: return ratio(e.escalated, e.calls);
    case What::intervened_calls: return double(e.intervened);
    case What::errors: return double(e.errors);
    case What::error_rate: return ratio(e.with_errors, e.calls);
    case What::rated_calls: return double(e.satisfaction.size());
    case What::avg_satisfaction: return mean(e.satisfaction, 1e4);
    case What::cost_per_call: return mean(e.samples[std::size_t(Quantity::cost_usd)], 1e9);
    case What::quality_score: return mean(e.quality, 1e4);
    case What::efficiency_score: return mean(e.efficiency, 1e4);
    case What::turns: return double(e.turns);
    case What::interruptions: return double(e.interruptions);
    case What::avg_sentiment: return mean(e.sentiment, 1e4);
    case What::sentiment_confidence: return mean(e.confidence, 1e4);
    case What::cost_usd: return sum(e.cost, 1e9);
    case What::tokens: return sum(e.tokens, 1);
    case What::input_tokens: return sum(e.input, 1);
    case What::output_tokens: return sum(e.output, 1);
    case What::cache_read_tokens: return sum(e.cache_read, 1);
    case What::statistic: return statistic(m, e.samples[std::size_t(m.quantity)]);
    default: return {};  // occupancy and metrics are filled apart
  }
}

MeasureParts parts_of(const Measure& m, const RowSums& e) {
  const auto of_samples = [](const Samples& samples, double unit) {
    double sum = 0;
    for (const std::int64_t sample : samples) sum += double(sample) / unit;
    return MeasureParts{sum, double(samples.size())};
  };
  switch (m.what) {
    case What::success_rate: return {double(e.successful), double(e.known_outcome)};
    case What::resolution_rate: return {double(e.resolved), double(e.known_resolution)};
    case What::escalation_rate: return {double(e.escalated), double(e.calls)};
    case What::error_rate: return {double(e.with_errors), double(e.calls)};
    case What::avg_satisfaction: return of_samples(e.satisfaction, 1e4);
    case What::cost_per_call: return of_samples(e.samples[std::size_t(Quantity::cost_usd)], 1e9);
    case What::quality_score: return of_samples(e.quality, 1e4);
    case What::efficiency_score: return of_samples(e.efficiency, 1e4);
    case What::avg_sentiment: return of_samples(e.sentiment, 1e4);
    case What::sentiment_confidence: return of_samples(e.confidence, 1e4);
    case What::statistic:
      if (m.statistic == Statistic::avg) return of_samples(e.samples[std::size_t(m.quantity)], unit_of(m.quantity));
      return {};
    default: break;
  }
  const Figure figure = value_of(m, e);
  const auto* number = std::get_if<double>(&figure);
  return {number ? *number : 0, std::nullopt};
}

}  // namespace aybiza
