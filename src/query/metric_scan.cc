#include "query/metric_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "aggregate/sampling_error.h"
#include "query/concurrency.h"
#include "query/tags.h"
#include "sketch/real_sketch.h"

namespace aybiza {
namespace {

using Text = std::optional<std::string>;

// One point or distribution beside the series it is of.
struct MetricPart {
  const MetricSeriesRow* series;
  Instant time;
  std::size_t place;  // in the order of the log
  std::optional<double> value;
  const MetricDistributionRow* distribution;
};

class MetricScan {
 public:
  MetricScan(const Question& question, const Grid& grid, const Zone& zone, const RowSet& rows, Cells& cells, Estimates& estimates)
      : question_(question), grid_(grid), zone_(zone), rows_(rows), cells_(cells), estimates_(estimates) {}

  void fold(bool moving) {
    std::unordered_map<std::uint64_t, const MetricSeriesRow*> series_of;
    for (const MetricSeriesRow& series : rows_.metric_series) series_of.try_emplace(series.series, &series);
    std::vector<MetricPart> parts;
    const auto part = [&](const auto& row, std::optional<double> value, const MetricDistributionRow* distribution) {
      if (const auto at = series_of.find(row.series); at != series_of.end())
        parts.push_back({at->second, row.time, parts.size(), value, distribution});
    };
    for (const MetricPointRow& row : rows_.metric_points) part(row, row.value, nullptr);
    for (const MetricDistributionRow& row : rows_.metric_distributions) part(row, std::nullopt, &row);
    for (std::size_t i = 0; i < question_.measures.size(); ++i) {
      const Measure& measure = question_.measures[i];
      if (measure.what != What::metric || measure.moving != moving) continue;
      std::map<CellKey, std::vector<const MetricPart*>> groups;
      for (const MetricPart& m : parts) {
        if (m.series->name != measure.metric_name) continue;
        const bool kept = std::all_of(question_.where.begin(), question_.where.end(), [&](const Filter& f) {
          const Text v = metric_value(f.group, m);
          return f.keeps(v ? std::optional<std::string_view>(*v) : std::nullopt);
        });
        if (!kept) continue;
        std::vector<Text> key;
        for (const Group& group : question_.by) key.push_back(metric_value(group, m));
        for (const std::size_t bucket : grid_.buckets_of(m.time, moving ? std::optional(question_.moving) : std::nullopt)) groups[CellKey{bucket, key}].push_back(&m);
      }
      for (const auto& [key, members] : groups) {
        row_of(question_, cells_, key)[i] = metric(measure, members, key.bucket);
        note_sampled(i, key, members);
      }
    }
  }

 private:
  Text metric_value(const Group& group, const MetricPart& m) const {
    if (group.dimension == Dimension::customer_id) return m.series->customer.empty() ? Text{} : Text(m.series->customer);
    if (group.dimension == Dimension::hour_of_day) return fmt::format("{}", zone_.hour_of_day(m.time));
    if (group.dimension == Dimension::day_of_week) return fmt::format("{}", zone_.day_of_week(m.time));
    return tag_of(m.series->tags, group.tag);
  }

  Figure metric(const Measure& m, const std::vector<const MetricPart*>& parts, std::size_t bucket) const {
    const std::string& how = m.metric_aggregation;
    double count = 0, total = 0, low = INFINITY, high = -INFINITY;
    bool extremes_known = true;
    std::vector<double> values;
    const MetricPart* last = nullptr;
    for (const MetricPart* part : parts) {
      if (const auto* d = part->distribution) {
        count += double(d->count), total += d->sum;
        extremes_known = extremes_known && d->min && d->max;
        low = std::min(low, d->min.value_or(low)), high = std::max(high, d->max.value_or(high));
        continue;
      }
      const double weight = 1 / part->series->sample_rate;
      count += weight, total += *part->value * weight;
      low = std::min(low, *part->value), high = std::max(high, *part->value);
      values.push_back(*part->value);
      const auto order = [](const MetricPart* p) { return std::tuple(p->time, std::int64_t(p->series->series), p->place); };
      if (!last || order(last) < order(part)) last = part;
    }
    if (how == "count") return count;
    if (how == "sum") return total;
    if (how == "avg") return total / count;
    const double seconds = double((std::min(grid_.end(bucket), grid_.to()) - std::max(grid_.start(bucket), grid_.from())).count()) / 1e6;
    if (how == "rate") return total / seconds;
    if (how == "last") return last ? Figure(*last->value) : Figure{};
    if (how == "min") return extremes_known ? Figure(low) : Figure{};
    if (how == "max") return extremes_known ? Figure(high) : Figure{};
    std::sort(values.begin(), values.end());
    if (how == "distinct") return double(std::unique(values.begin(), values.end()) - values.begin());
    const double q = how == "p50" ? .5 : how == "p90" ? .9 : how == "p95" ? .95 : .99;
    if (values.size() < parts.size()) return sketched_quantile(parts, values, q);
    const double rank = q * double(values.size() - 1);
    const auto below = std::size_t(rank);
    const double left = values[below], right = values[std::min(below + 1, values.size() - 1)];
    return left + (right - left) * (rank - double(below));
  }

  void note_sampled(std::size_t column, const CellKey& key, const std::vector<const MetricPart*>& parts) {
    SampledSums sampled;
    double count = 0, total = 0;
    for (const MetricPart* part : parts) {
      const double weight = 1 / part->series->sample_rate;
      count += part->distribution ? double(part->distribution->count) : weight;
      total += part->distribution ? part->distribution->sum : *part->value * weight;
      if (!part->distribution) sampled.add(*part->value, weight);
    }
    if (!sampled.any()) return;
    const double seconds = double((std::min(grid_.end(key.bucket), grid_.to()) - std::max(grid_.start(key.bucket), grid_.from())).count()) / 1e6;
    estimates_.note(question_, key, column, sampled.standard_error(question_.measures[column].metric_aggregation, count, total, seconds));
  }

  // With distributions among them only sketches can say.
  static Figure sketched_quantile(const std::vector<const MetricPart*>& parts, const std::vector<double>& values, double q) {
    RealSketch sketch;
    for (const double value : values) sketch.add(value);
    for (const MetricPart* part : parts) {
      if (!part->distribution) continue;
      const auto read = RealSketch::deserialise(part->distribution->sketch);
      if (!read || part->distribution->sketch.empty()) return {};
      sketch.merge(*read);
    }
    const auto value = sketch.quantile(q);
    return value ? Figure(*value) : Figure{};
  }

  const Question& question_;
  const Grid& grid_;
  const Zone& zone_;
  const RowSet& rows_;
  Cells& cells_;
  Estimates& estimates_;
};

}  // namespace

void add_metrics(const Question& question, const Grid& grid, const Zone& zone, const RowSet& rows, bool moving, Cells& cells, Estimates& estimates) {
  MetricScan(question, grid, zone, rows, cells, estimates).fold(moving);
}

}  // namespace aybiza
