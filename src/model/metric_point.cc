#include "model/metric_point.h"

#include <bit>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view kind_words[metric_kind_count] = {"counter", "sum", "last_value", "summary", "distribution", "set"};

// Lengths keep two texts apart that are one when joined.
std::uint64_t mix(std::uint64_t seed, std::string_view text) { return hash64(text, seed * 0x9E3779B97F4A7C15u + text.size()); }

std::uint64_t content_hash(const MetricSeries& series) {
  std::uint64_t hash = mix(std::uint64_t(series.kind) + 1, series.name);
  hash = mix(hash, series.tags);
  hash = mix(hash, series.unit);
  return series.sample_rate == 1 ? hash : hash ^ std::bit_cast<std::uint64_t>(series.sample_rate) * 0x9E3779B97F4A7C15u;
}

}  // namespace

std::string_view to_string(MetricKind kind) { return kind_words[std::size_t(kind)]; }

std::optional<MetricKind> parse_metric_kind(std::string_view word) {
  for (std::size_t i = 0; i < metric_kind_count; ++i)
    if (kind_words[i] == word) return MetricKind(i);
  return std::nullopt;
}

std::uint32_t MetricBatch::add_series(const MetricSeries& series) {
  const std::uint64_t hash = content_hash(series) + std::uint64_t(series.temporality);
  const auto [first, last] = index_.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (series_[at->second] == series) return at->second;
  MetricSeries kept = series;
  kept.name = keep(series.name);
  if (!series.unit.empty()) kept.unit = keep(series.unit);
  if (!series.tags.empty()) kept.tags = keep(series.tags);
  const auto at = std::uint32_t(series_.size());
  series_.push_back(kept);
  index_.emplace(hash, at);
  return at;
}

bool MetricBatch::full() const {
  return points.size() >= limits::metric_batch_points || series_.size() >= limits::metric_batch_series;
}

void MetricBatch::rename_series(std::uint32_t index, std::string_view name, std::string_view unit, std::string_view tags) {
  MetricSeries& series = series_[index];
  series.name = keep(name);
  series.unit = unit.empty() ? std::string_view() : keep(unit);
  series.tags = tags.empty() ? std::string_view() : keep(tags);
}

void MetricBatch::clear() {
  customer = {};
  points.clear();
  distributions.clear();
  series_.clear();
  index_.clear();
  texts_.clear();
}

std::uint64_t series_identity(std::string_view customer, const MetricSeries& series) {
  return mix(content_hash(series), customer);
}

}  // namespace aybiza
