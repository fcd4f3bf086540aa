#include "ingest/metric_masker.h"

#include <utility>

#include "base/limits.h"

namespace aybiza {

void MetricMasker::mask(MetricBatch& batch) {
  const auto series_count = std::uint32_t(batch.series().size());
  for (std::uint32_t i = 0; i < series_count; ++i) {
    const MetricSeries series = batch.series()[i];
    // Between series, so that no reference into them is held.
    if (labels_.size() >= limits::metric_masks_cached) labels_.clear();
    if (tags_.size() >= limits::metric_masks_cached) tags_.clear();
    const bool name = may_hold_pii(series.name), unit = may_hold_pii(series.unit), of_tags = may_hold_pii(series.tags);
    if (!name && !unit && !of_tags) continue;
    const std::string_view masked_name = name ? label(series.name) : series.name, masked_unit = unit ? label(series.unit) : series.unit;
    const std::string_view masked_tags = of_tags ? tags(series.tags) : series.tags;
    if (masked_name != series.name || masked_unit != series.unit || masked_tags != series.tags)
      batch.rename_series(i, masked_name, masked_unit, masked_tags);
  }
}

MaskCounts MetricMasker::take_counts() { return std::exchange(counts_, {}); }

const std::string& MetricMasker::label(std::string_view text) {
  const auto [at, fresh] = labels_.try_emplace(std::string(text));
  if (fresh) {
    at->second = tokenizer_.mask_label(text);
    if (at->second != text) ++counts_.labels;
  }
  return at->second;
}

const std::string& MetricMasker::tags(std::string_view text) {
  const auto [at, fresh] = tags_.try_emplace(std::string(text));
  if (fresh) {
    MaskReport report;
    at->second = mask_json_strings(text, buffer_, report) ? buffer_ : std::string(text);
    for (std::size_t i = 0; i < report.counts.size(); ++i) counts_.texts[i] += report.counts[i];
  }
  return at->second;
}

}  // namespace aybiza
