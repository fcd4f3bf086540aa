#include "ingest/metric_sampler.h"

#include <algorithm>
#include <array>
#include <bit>

namespace aybiza {
namespace {

constexpr std::uint64_t seed = 0x5A3B1E;

// Whether what hashes so is among the share that is kept.
bool stays(std::uint64_t hash, double keep) { return double(hash >> 11) * 0x1p-53 < keep; }

bool can_be_weighed(MetricKind kind, Temporality temporality) {
  switch (kind) {
    case MetricKind::counter: case MetricKind::sum: return temporality == Temporality::delta;
    case MetricKind::summary: case MetricKind::distribution: return true;
    default: return false;
  }
}

bool can_be_weighed(const MetricSeries& series) { return can_be_weighed(series.kind, series.temporality); }

std::uint64_t hash_of(const MetricPoint& point, std::uint64_t series, std::size_t place) {
  const std::array<std::uint64_t, 4> parts = {std::uint64_t(to_micros(point.time)), std::bit_cast<std::uint64_t>(point.value), series, place};
  return hash64({reinterpret_cast<const char*>(parts.data()), sizeof parts}, seed);
}

// Their place in the arena is the events' own.
void put_rate(EventBatch& batch, std::size_t at, double rate) {
  Event& event = batch.events[at];
  const std::int64_t number = *from_wire(Field::sample_rate, rate);
  const auto after = std::ranges::lower_bound(event.values, Field::sample_rate, {}, &Value::field) - event.values.begin();
  if (event.find(Field::sample_rate) != nullptr) {
    batch.values_of(at)[std::size_t(after)].number = number;
    return;
  }
  const auto values = batch.arena.array<Value>(event.values.size() + 1);
  std::ranges::copy(event.values.begin(), event.values.begin() + after, values.begin());
  values[std::size_t(after)] = {.field = Field::sample_rate, .number = number};
  std::ranges::copy(event.values.begin() + after, event.values.end(), values.begin() + after + 1);
  event.values = values;
}

}  // namespace

std::uint64_t MetricSampler::sample(MetricBatch& batch, std::string_view customer, Instant now) const {
  const auto rules = rules_.look(now);
  if (rules->empty()) return 0;
  const std::string_view whose = batch.customer.empty() ? customer : batch.customer;
  std::vector<double> keep(batch.series().size(), 1);
  std::vector<std::uint64_t> identity(keep.size());
  bool any = false;
  for (std::uint32_t i = 0; i < keep.size(); ++i) {
    const MetricSeries& series = batch.series()[i];
    if (!can_be_weighed(series)) continue;
    keep[i] = rules->keep(whose, series.name, series.tags);
    if (keep[i] >= 1) continue;
    any = true;
    identity[i] = series_identity(whose, series);
    batch.weigh_series(i, std::max(series.sample_rate * keep[i], info(Field::sample_rate).min));
  }
  if (!any) return 0;
  const std::size_t before = batch.points.size();
  std::size_t place = 0;
  std::erase_if(batch.points, [&](const MetricPoint& point) {
    ++place;
    return keep[point.series] < 1 && point.distribution == MetricPoint::plain && !stays(hash_of(point, identity[point.series], place), keep[point.series]);
  });
  left_out_.fetch_add(before - batch.points.size(), std::memory_order_relaxed);
  return before - batch.points.size();
}

std::uint64_t MetricSampler::sample(EventBatch& batch, std::string_view customer, Instant now) const {
  const auto rules = rules_.look(now);
  if (rules->empty()) return 0;
  std::uint64_t left_out = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const Event& event = batch.events[i];
    double keep = 1;
    if (event.type == EventType::metric) {
      const auto word = event.number(Field::metric_kind);
      const auto kind = word ? parse_metric_kind(info(Field::metric_kind).words[std::size_t(*word)]) : std::nullopt;
      const std::string_view whose = event.customer.empty() ? customer : event.customer;
      if (kind && can_be_weighed(*kind, Temporality::delta)) keep = rules->keep(whose, event.text(Field::name), event.text(Field::tags));
    }
    if (keep < 1 && !stays(hash64({reinterpret_cast<const char*>(&event.id), sizeof event.id}, seed), keep)) {
      ++left_out;
      continue;
    }
    if (keep < 1) {
      const auto told = event.number(Field::sample_rate);
      put_rate(batch, i, std::max((told ? to_wire(Field::sample_rate, *told) : 1) * keep, info(Field::sample_rate).min));
    }
    if (kept != i) {
      batch.events[kept] = batch.events[i];
      batch.index[kept] = batch.index[i];
      batch.wire_bytes[kept] = batch.wire_bytes[i];
    }
    ++kept;
  }
  batch.events.resize(kept);
  batch.index.resize(kept);
  batch.wire_bytes.resize(kept);
  left_out_.fetch_add(left_out, std::memory_order_relaxed);
  return left_out;
}

}  // namespace aybiza
