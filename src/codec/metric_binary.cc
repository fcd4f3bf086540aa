#include "codec/metric_binary.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/varint.h"

namespace aybiza {
namespace {

constexpr std::uint8_t metric_binary_version = 2;  // 1 had the texts in each series; it is read
enum BatchFlag : std::uint8_t { has_starts = 1, has_distributions = 2 };
enum SeriesFlag : std::uint8_t { kind_mask = 0x0F, is_cumulative = 0x10, has_rate = 0x20 };
enum DistributionFlag : std::uint8_t { has_min = 1, has_max = 2 };

void append_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}
double read_double(ByteReader& in) { return std::bit_cast<double>(in.fixed64()); }

void append_sized(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

// Times are int64 microseconds of any value: differences wrap, and wrap back.
std::uint64_t between(Instant later, Instant earlier) {
  return zigzag(std::int64_t(std::uint64_t(to_micros(later)) - std::uint64_t(to_micros(earlier))));
}
Instant moved(Instant from, std::uint64_t code) {
  return from_micros(std::int64_t(std::uint64_t(to_micros(from)) + std::uint64_t(unzigzag(code))));
}

// The texts of a batch, each told once. Equal texts that stand in different places are told twice: looking at where they are
// is enough for those that make large batches, and costs nothing beside a hash of each.
class Texts {
 public:
  explicit Texts(std::size_t most) : slots_(std::bit_ceil(2 * most + 2), 0) {}
  // 0 for the empty text, else its place + 1.
  std::uint32_t add(std::string_view text) {
    if (text.empty()) return 0;
    if (text.data() == last_.data() && text.size() == last_.size()) return last_number_;
    std::size_t at = hash_of(text) & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (const std::string_view known = texts_[slots_[at] - 1]; known.data() == text.data() && known.size() == text.size()) return slots_[at];
    texts_.push_back(text);
    last_ = text;
    return last_number_ = slots_[at] = std::uint32_t(texts_.size());
  }
  const std::vector<std::string_view>& all() const { return texts_; }

 private:
  static std::size_t hash_of(std::string_view text) { return std::size_t((std::bit_cast<std::uintptr_t>(text.data()) * 0x9E3779B97F4A7C15u) >> 20); }
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;
  std::string_view last_;
  std::uint32_t last_number_ = 0;
};

void append_series(std::string& out, const std::vector<MetricSeries>& all) {
  Texts texts(3 * all.size());
  std::string series;
  series.reserve(8 * all.size());
  for (const MetricSeries& one : all) {
    series += char(std::uint8_t(one.kind) | (one.temporality == Temporality::cumulative ? is_cumulative : 0) | (one.sample_rate != 1 ? has_rate : 0));
    for (const std::string_view text : {one.name, one.unit, one.tags}) append_varint(series, texts.add(text));
    if (one.sample_rate != 1) append_double(series, one.sample_rate);
  }
  append_varint(out, texts.all().size());
  for (const std::string_view text : texts.all()) append_sized(out, text);
  append_varint(out, all.size());
  out += series;
}

void append_distribution(std::string& out, const MetricDistribution& one) {
  append_varint(out, one.count);
  append_double(out, one.sum);
  out += char((one.min ? has_min : 0) | (one.max ? has_max : 0));
  if (one.min) append_double(out, *one.min);
  if (one.max) append_double(out, *one.max);
  append_sized(out, one.sketch);
}

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::corrupt, "points of metrics are damaged: {}", what);
}

// `texts`: those of the batch; nullptr: each series has its own (version 1).
bool read_series(ByteReader& in, const std::vector<std::string_view>* texts, MetricSeries& series) {
  bool known = true;
  const auto text = [&]() -> std::string_view {
    if (texts == nullptr) return in.text();
    const std::uint64_t number = in.varint();
    known &= number <= texts->size();
    return number == 0 || !known ? std::string_view() : (*texts)[number - 1];
  };
  const std::uint8_t flags = in.byte(), kind = flags & kind_mask;
  if (kind >= metric_kind_count || flags >= has_rate << 1) return false;
  series.kind = MetricKind(kind);
  series.temporality = (flags & is_cumulative) != 0 ? Temporality::cumulative : Temporality::delta;
  series.name = text();
  series.unit = text();
  series.tags = text();
  if ((flags & has_rate) != 0) series.sample_rate = read_double(in);
  return in.ok() && known && !series.name.empty() && series.sample_rate > 0 && series.sample_rate <= 1;
}

bool read_distribution(ByteReader& in, MetricDistribution& one) {
  one.count = in.varint();
  one.sum = read_double(in);
  const std::uint8_t flags = in.byte();
  if ((flags & has_min) != 0) one.min = read_double(in);
  if ((flags & has_max) != 0) one.max = read_double(in);
  one.sketch = in.text();
  return in.ok() && flags <= (has_min | has_max) && one.count <= std::uint64_t(INT64_MAX) && std::isfinite(one.sum) &&
         std::isfinite(one.min.value_or(0)) && std::isfinite(one.max.value_or(0));
}

}  // namespace

void append_metric_batch(std::string& out, const MetricBatch& batch) {
  bool starts = false, distributions = false;
  for (const MetricPoint& point : batch.points) {
    starts |= point.start != MetricPoint::unknown_start;
    distributions |= point.distribution != MetricPoint::plain;
  }
  out += char(metric_binary_version);
  out += char((starts ? has_starts : 0) | (distributions ? has_distributions : 0));
  append_series(out, batch.series());
  append_varint(out, batch.points.size());
  Instant before{};
  char buffer[48];
  for (const MetricPoint& point : batch.points) {
    std::size_t size = 0;
    const auto put = [&](std::uint64_t value) {
      for (; value >= 0x80; value >>= 7) buffer[size++] = char(value | 0x80);
      buffer[size++] = char(value);
    };
    put(distributions ? std::uint64_t(point.series) * 2 + (point.distribution != MetricPoint::plain) : point.series);
    put(between(point.time, before));
    if (starts) put(point.start == MetricPoint::unknown_start ? 0 : 1 + std::uint64_t(to_micros(point.time) - to_micros(point.start)));
    std::memcpy(buffer + size, &point.value, sizeof point.value);
    out.append(buffer, size + sizeof point.value);
    before = point.time;
  }
  if (!distributions) return;
  for (const MetricPoint& point : batch.points)
    if (point.distribution != MetricPoint::plain) append_distribution(out, batch.distributions[point.distribution]);
}

Status decode_metric_batch(std::string_view bytes, MetricBatch& batch) {
  batch.clear();
  ByteReader in(bytes);
  const std::uint8_t version = in.byte(), flags = in.byte();
  if (!in.ok()) return corrupt("no head");
  if (version == 0 || version > metric_binary_version)
    return fail(Code::unsupported, "points of metrics have format {}, this program reads {}: start the newer one", version, metric_binary_version);
  if (flags > (has_starts | has_distributions)) return corrupt("flags");
  std::vector<std::string_view> texts;
  if (version > 1) {
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > in.left()) return corrupt("texts that cannot be there");
    texts.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) texts.push_back(in.text());
  }
  const std::uint64_t series_count = in.varint();
  if (!in.ok() || series_count > in.left() / 4) return corrupt("series that cannot be there");
  for (std::uint64_t i = 0; i < series_count; ++i) {
    MetricSeries series;
    if (!read_series(in, version > 1 ? &texts : nullptr, series)) return corrupt("a series");
    batch.adopt_series(series);
  }
  const std::uint64_t point_count = in.varint();
  if (!in.ok() || point_count > in.left() / 10) return corrupt("points that cannot be there");
  batch.points.resize(point_count);
  Instant before{};
  std::uint32_t distributions = 0;
  for (MetricPoint& point : batch.points) {
    std::uint64_t series = in.varint();
    if ((flags & has_distributions) != 0) {
      if ((series & 1) != 0) point.distribution = distributions++;
      series >>= 1;
    }
    if (series >= series_count) return corrupt("a point of no series");
    point.series = std::uint32_t(series);
    point.time = before = moved(before, in.varint());
    if (to_micros(before) > 1ll << 61 || to_micros(before) < -(1ll << 61)) return corrupt("a time");
    if ((flags & has_starts) != 0)
      if (const std::uint64_t interval = in.varint(); interval != 0) {
        if (interval > 1ull << 60) return corrupt("an interval");
        point.start = point.time - Duration(std::int64_t(interval - 1));
      }
    point.value = read_double(in);
    if (!in.ok() || !std::isfinite(point.value)) return corrupt("a point");
  }
  batch.distributions.resize(distributions);
  for (MetricDistribution& one : batch.distributions)
    if (!read_distribution(in, one)) return corrupt("a distribution");
  return in.done() ? Status() : corrupt("bytes after the end");
}

void append_metric_event(std::string& out, const MetricEventHead& head, const MetricBatch& batch) {
  thread_local std::string payload;
  payload.clear();
  append_metric_batch(payload, batch);
  const Value value{.field = Field::points, .number = 0, .text = payload};
  Event event;
  event.type = EventType::metric_points;
  event.time = head.time;
  event.scope = head.scope;
  event.customer = head.customer;
  event.source = head.source;
  event.values = std::span(&value, 1);
  append_event(out, event);
}

}  // namespace aybiza
