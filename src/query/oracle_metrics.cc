#include "query/oracle_metrics.h"

#include <fmt/format.h>

#include "sketch/real_sketch.h"

namespace aybiza {
namespace {

RealSketch sketch_of(std::string_view bytes) {
  auto read = bytes.empty() ? Result<RealSketch>() : RealSketch::deserialise(bytes);
  return read ? std::move(*read) : RealSketch();
}

}  // namespace

std::uint64_t OracleMetrics::row_of(const std::string& customer, const MetricSeries& series, RowSet& out) {
  const std::uint64_t id = series_identity(customer, series);
  if (told_.try_emplace(id, true).second)
    out.metric_series.push_back({id, customer, std::string(series.name), std::string(to_string(series.kind)), std::string(series.unit),
                                 std::string(series.tags), series.sample_rate});
  return id;
}

void OracleMetrics::add(const std::string& customer, const MetricBatch& batch, Instant received, RowSet& out) {
  if (!began_ || received < *began_) began_ = received;
  for (const MetricPoint& point : batch.points) {
    const MetricSeries& series = batch.series()[point.series];
    Stream& stream = streams_[fmt::format("{}\n{}\n{}\n{}\n{}\n{}", customer, to_string(series.kind), series.name, series.unit, series.tags,
                                          series.sample_rate)];
    const bool total = series.temporality == Temporality::cumulative && series.kind != MetricKind::last_value;
    const bool told_start = point.start != MetricPoint::unknown_start;
    const auto before = stream.before;
    if (total && before && point.time <= before->time) continue;
    if (!total && series.kind != MetricKind::last_value && told_start) {
      stream.before = point;
      if (before && before->start == point.start && before->time == point.time) continue;
    }
    const bool counts_at_once = !total || before || (told_start && point.start != point.time && point.start >= *began_);
    if (point.distribution != MetricPoint::plain) {
      const MetricDistribution& now = batch.distributions[point.distribution];
      RealSketch sketch = sketch_of(now.sketch);
      MetricDistributionRow row{point.time, row_of(customer, series, out), std::int64_t(now.count), now.sum, now.min, now.max, {}};
      if (total) {
        if (before && before->start == point.start && now.count >= stream.distribution.count &&
            sketch.subtract_earlier(sketch_of(stream.sketch), told_start && point.start != point.time)) {
          row.count -= std::int64_t(stream.distribution.count);
          row.sum -= stream.distribution.sum;
          row.min = row.max = std::nullopt;
        }
        stream.before = point;
        stream.distribution = now;
        stream.sketch = now.sketch;
      }
      if (!sketch.empty()) sketch.serialise(row.sketch);
      if (counts_at_once && row.count > 0) out.metric_distributions.push_back(std::move(row));
      continue;
    }
    MetricSeries stored = series;
    double value = point.value;
    if (series.kind == MetricKind::last_value) {
      if (series.temporality == Temporality::delta && before) value += before->value;
      else if (series.temporality == Temporality::delta) stored.kind = MetricKind::sum;
      if (series.temporality == Temporality::cumulative || before) {
        stream.before = point;
        stream.before->value = value;
      }
    } else if (total) {
      if (before && before->start == point.start && point.value >= before->value) value -= before->value;
      stream.before = point;
    }
    const std::uint64_t id = row_of(customer, stored, out);
    if (counts_at_once) out.metric_points.push_back({point.time, id, value});
  }
}

}  // namespace aybiza
