#include "model/metric_point.h"

#include <algorithm>
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

std::string_view MetricBatch::keep(std::string_view text) {
  constexpr std::size_t block = 16 * 1024;
  if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < text.size()) texts_.emplace_back().reserve(std::max(block, text.size()));
  std::string& to = texts_.back();
  to.append(text);
  return std::string_view(to).substr(to.size() - text.size());
}

std::uint32_t MetricBatch::add_series(const MetricSeries& series) {
  const std::uint64_t hash = content_hash(series) + std::uint64_t(series.temporality);
  if (2 * (added_.size() + 1) > slots_.size()) {
    slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
    for (std::size_t i = 0; i < added_.size(); ++i) {
      std::size_t at = added_[i].hash & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = std::uint32_t(i + 1);
    }
  }
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (const Added& known = added_[slots_[at] - 1]; known.hash == hash && series_[known.series] == series) return known.series;
  const MetricSeries before = series_.empty() ? MetricSeries{} : series_.back();
  MetricSeries kept = series;
  kept.name = before.name == series.name ? before.name : keep(series.name);
  kept.unit = before.unit == series.unit ? before.unit : series.unit.empty() ? std::string_view() : keep(series.unit);
  kept.tags = series.tags.empty() ? std::string_view() : keep(series.tags);
  added_.push_back({hash, adopt_series(kept)});
  slots_[at] = std::uint32_t(added_.size());
  return added_.back().series;
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
  if (!added_.empty()) slots_.assign(slots_.size(), 0);
  added_.clear();
  texts_.clear();
}

std::uint64_t series_identity(std::string_view customer, const MetricSeries& series) {
  return mix(content_hash(series), customer);
}

}  // namespace aybiza
