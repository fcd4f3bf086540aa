#include "codec/otlp_metrics.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/otlp_walk.h"

namespace aybiza {
namespace {

using protobuf::bytes;
using protobuf::fixed64;
using protobuf::varint;

enum class Data : std::uint8_t { none, gauge = 5, sum = 7, histogram = 9, exponential = 10, summary = 11 };

constexpr std::uint64_t no_recorded_value = 1;
constexpr std::size_t flatten_depth = 8;

bool is_resource_tag(std::string_view key) {
  return key == "service.name" || key == "service.instance.id" || key == "cloud.region" || key.starts_with("deployment.environment") ||
         key.starts_with("k8s.");
}
// A number that counts things: then a sum of whole numbers is a counter.
bool counts_things(std::string_view unit) { return unit.empty() || unit == "1" || unit.starts_with('{'); }

Instant instant_of(std::uint64_t unix_nano) { return from_micros(std::int64_t(unix_nano / 1000)); }

}  // namespace

struct OtlpMetricsDecoder::Stream {
  std::string_view name, unit;
  Data data = Data::none;
  int temporality = 0;  // as on the wire: 1 delta, 2 cumulative
  bool monotonic = false;
  std::uint64_t hash = 0;

  Temporality meaning() const { return temporality == 1 ? Temporality::delta : Temporality::cumulative; }
};

struct OtlpMetricsDecoder::Point {
  std::uint64_t start_nano = 0, time_nano = 0, flags = 0;
  double real = 0;
  std::int64_t whole = 0;
  enum class Number : std::uint8_t { none, real, whole } number = Number::none;
  std::string_view attributes;  // from the first to the end of the last: what lies between does no harm to a hash
  MetricPoint out;
};

void RequestSeries::clear() {
  if (!known_.empty()) slots_.assign(slots_.size(), {});
  known_.clear();
}

std::size_t RequestSeries::place_of(const Id& key) const {
  std::size_t at = key.low & (slots_.size() - 1);
  while (slots_[at].number != 0 && (slots_[at].check != std::uint32_t(key.high) || known_[slots_[at].number - 1].first != key)) at = (at + 1) & (slots_.size() - 1);
  return at;
}

const std::uint32_t* RequestSeries::find(const Id& key) const {
  if (known_.empty()) return nullptr;
  const Slot slot = slots_[place_of(key)];
  return slot.number != 0 ? &known_[slot.number - 1].second : nullptr;
}

std::uint32_t RequestSeries::add(const Id& key, std::uint32_t series) {
  known_.emplace_back(key, series);
  const auto put = [&](std::size_t i) { slots_[place_of(known_[i].first)] = {std::uint32_t(known_[i].first.high), std::uint32_t(i + 1)}; };
  if (2 * known_.size() <= slots_.size()) return put(known_.size() - 1), series;
  slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), {});
  for (std::size_t i = 0; i < known_.size(); ++i) put(i);
  return series;
}

void OtlpMetrics::clear() {
  batch.clear();
  offered = rejected = cut_series = 0;
  first_rejection.clear();
}

Status OtlpMetricsDecoder::decode(std::string_view body, Instant received, OtlpMetrics& out, const Full& full) {
  out.clear();
  out_ = &out;
  full_ = &full;
  received_ = received;
  points_ = broken_ = tag_bytes_ = 0;
  next_batch();
  Visitor visitor{*this};
  const Status status = walk_otlp(body, visitor);
  if (!status) out.batch.clear();
  return status;
}

void OtlpMetricsDecoder::refuse(std::string_view why) {
  ++out_->offered;
  out_->reject(why);
}

void OtlpMetricsDecoder::make_room() {
  if (!*full_ || !out_->batch.full()) return;
  (*full_)(out_->batch);
  out_->batch.clear();
  next_batch();
}

void OtlpMetricsDecoder::next_batch() {
  series_.clear();
  ++round_;
  last_name_ = last_unit_ = {};
}

// Of a run of equal texts the batch keeps one.
std::string_view OtlpMetricsDecoder::keep(std::string_view text, std::string_view& last) {
  if (text.empty()) return {};
  return text == last ? last : last = out_->batch.keep(text);
}

void OtlpMetricsDecoder::start_resource(protobuf::Reader message) {
  place_arena_.clear();
  values_.start_item(place_arena_);
  resource_hash_ = hash64(message.data());
  const std::size_t list = values_.open();
  while (message.next()) {
    if (message.tag_and_type() == bytes(1)) values_.add(list, message.get_message());
    else message.skip();
  }
  const OtlpAttributes attributes = values_.close(list);
  resource_tags_.clear();
  for (const OtlpAttribute& attribute : attributes)
    if (is_resource_tag(attribute.key)) resource_tags_.push_back(attribute);
  const OtlpValue* host = find_attribute(attributes, "host.name");
  if (host != nullptr && find_attribute(attributes, "service.instance.id") == nullptr) resource_tags_.push_back({"host.name", *host});
}

void OtlpMetricsDecoder::start_scope(protobuf::Reader message) {
  values_.start_item(place_arena_);
  scope_name_ = {};
  while (message.next()) {
    if (message.tag_and_type() == bytes(1)) scope_name_ = values_.text(message.get_view());
    else message.skip();
  }
  place_hash_ = hash64(scope_name_, resource_hash_);
}

void OtlpMetricsDecoder::read_metric(protobuf::Reader message) {
  values_.start_item(place_arena_);
  Stream stream;
  protobuf::Reader data;
  std::string_view raw_name;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes(1): raw_name = message.get_view(); break;
      case bytes(3): stream.unit = values_.text(message.get_view()); break;
      case bytes(5):
      case bytes(7):
      case bytes(9):
      case bytes(10):
      case bytes(11):
        stream.data = Data(message.tag());
        data = message.get_message();
        break;
      default: message.skip();
    }
  }
  std::string name = clean_metric_name(raw_name), unit(stream.unit.size() > limits::id_bytes ? std::string_view() : stream.unit);
  if (masks_.name) masks_.name(name), masks_.name(unit);
  stream.name = name;
  stream.unit = unit;
  stream.hash = hash64(raw_name, hash64(stream.unit, place_hash_ + std::uint64_t(stream.data)));
  for (protobuf::Reader first = data; first.next();) {  // a sum's nature may come after its points
    switch (first.tag_and_type()) {
      case varint(2): stream.temporality = first.get_enum(); break;
      case varint(3): stream.monotonic = first.get_bool(); break;
      default: first.skip();
    }
  }
  stream.hash += std::uint64_t(stream.temporality) * 2 + stream.monotonic;
  while (data.next()) {
    if (data.tag_and_type() != bytes(1)) {
      data.skip();
      continue;
    }
    if (++points_ > limits::otlp_items) throw OtlpWholeRefusal{Code::too_large, "a request holds too many points (otlp_items): send smaller batches"};
    const protobuf::Reader point = data.get_message();
    struct Guard {
      OtlpMetricsDecoder& decoder;
      Stream& of;
      void item(protobuf::Reader each) {
        if (const char* why = decoder.read_point(of, each)) decoder.refuse(why);
      }
      void broken(std::string_view why) { decoder.refuse(why); }
    } guard{*this, stream};
    otlp_item(point, guard, broken_);
  }
}

bool OtlpMetricsDecoder::place_in_time(Point& point) const {
  point.out.time = instant_of(point.time_nano);
  if (point.time_nano == 0 || point.out.time < received_ - limits::time_past_max || point.out.time > received_ + limits::time_future_max) return false;
  if (point.start_nano != 0 && point.start_nano <= point.time_nano) point.out.start = instant_of(point.start_nano);
  return true;
}

// The four kinds differ in where attributes and flags are; the rest of their fields is told apart by kind.
const char* OtlpMetricsDecoder::read_point(Stream& stream, protobuf::Reader message) {
  const bool exponential = stream.data == Data::exponential, histogram = exponential || stream.data == Data::histogram;
  const std::uint32_t attributes = bytes(exponential ? 1 : histogram ? 9 : 7), flags = varint(histogram ? 10 : 8);
  Point point;
  attributes_.clear();
  quantiles_.clear();
  if (histogram) histogram_.clear();
  while (message.next()) {
    const std::uint32_t tag = message.tag_and_type();
    if (tag == attributes) {
      const std::string_view raw = message.get_view();
      if (attributes_.size() >= limits::otlp_attributes) throw OtlpRefusal{"too many attributes (otlp_attributes)"};
      attributes_.push_back(raw);
      const char* const first = attributes_.front().data();
      point.attributes = {first, std::size_t(raw.data() + raw.size() - first)};
    } else if (tag == fixed64(2)) {
      point.start_nano = message.get_fixed64();
    } else if (tag == fixed64(3)) {
      point.time_nano = message.get_fixed64();
    } else if (tag == flags) {
      point.flags = message.get_uint64();
    } else if (histogram) {
      if (!(exponential ? histogram_.read_exponential_field(message) : histogram_.read_classic_field(message))) message.skip();
    } else if (tag == fixed64(4)) {  // as_double; of a summary its count
      if (stream.data == Data::summary) point.whole = message.get_sfixed64();
      else point.real = message.get_double(), point.number = Point::Number::real;
    } else if (tag == fixed64(6) && stream.data != Data::summary) {
      point.whole = message.get_sfixed64();
      point.number = Point::Number::whole;
    } else if (tag == fixed64(5) && stream.data == Data::summary) {
      point.real = message.get_double();
    } else if (tag == bytes(6) && stream.data == Data::summary) {
      read_quantile(message.get_message());
    } else {
      message.skip();
    }
  }
  if (point.flags & no_recorded_value) return nullptr;  // says that a series ended; it holds no value
  if (stream.name.empty()) return "a metric must have a name";
  if (!place_in_time(point)) return "time_unix_nano must be set, at most 400 days ago and 5 minutes ahead";
  const bool needs_temporality = stream.data == Data::sum || histogram;
  if (needs_temporality && stream.temporality != 1 && stream.temporality != 2) return "aggregation_temporality must be delta or cumulative";
  make_room();
  if (histogram) return add_histogram(stream, point);
  return stream.data == Data::summary ? add_summary(stream, point) : add_number(stream, point);
}

void OtlpMetricsDecoder::read_quantile(protobuf::Reader message) {
  if (quantiles_.size() >= limits::otlp_attributes) throw OtlpRefusal{"too many quantiles in a summary (otlp_attributes)"};
  std::pair<double, double> out{0, 0};
  while (message.next()) {
    switch (message.tag_and_type()) {
      case fixed64(1): out.first = message.get_double(); break;
      case fixed64(2): out.second = message.get_double(); break;
      default: message.skip();
    }
  }
  quantiles_.push_back(out);
}

const char* OtlpMetricsDecoder::add_number(const Stream& stream, const Point& point) {
  if (point.number == Point::Number::none) return "a point must have as_int or as_double";
  const bool whole = point.number == Point::Number::whole;
  MetricPoint out = point.out;
  out.value = whole ? double(point.whole) : point.real;
  if (!std::isfinite(out.value)) return "a value must be finite";
  MetricSeries series{.kind = MetricKind::last_value, .temporality = Temporality::cumulative};
  if (stream.data == Data::sum) {
    series.temporality = stream.meaning();
    if (stream.monotonic) series.kind = whole && counts_things(stream.unit) ? MetricKind::counter : MetricKind::sum;
    if (stream.monotonic && out.value < 0) return "a monotonic sum cannot be negative";
  }
  out.series = series_of(stream, point, series);
  out_->batch.points.push_back(out);
  ++out_->offered;
  return nullptr;
}

const char* OtlpMetricsDecoder::add_histogram(const Stream& stream, const Point& point) {
  MetricDistribution distribution;
  RealSketch sketch;
  if (const char* why = histogram_.to_sketch(stream.data == Data::exponential, stream.meaning(), distribution, sketch)) return why;
  MetricBatch& batch = out_->batch;
  if (!sketch.empty()) {
    sketch_bytes_.clear();
    sketch.serialise(sketch_bytes_);
    distribution.sketch = batch.keep(sketch_bytes_);
  }
  MetricPoint out = point.out;
  out.series = series_of(stream, point, {.kind = MetricKind::distribution, .temporality = stream.meaning()});
  out.value = distribution.sum;
  out.distribution = std::uint32_t(batch.distributions.size());
  batch.distributions.push_back(distribution);
  batch.points.push_back(out);
  ++out_->offered;
  return nullptr;
}

const char* OtlpMetricsDecoder::add_summary(const Stream& stream, const Point& point) {
  if (point.whole < 0 || !std::isfinite(point.real)) return "a summary's count and sum must be finite";
  const auto add = [&](std::string_view name, double value, MetricKind kind, std::optional<double> quantile) {
    Stream named = stream;
    named.name = name;
    named.hash = hash64(name, stream.hash) + std::bit_cast<std::uint64_t>(quantile.value_or(-1));
    MetricPoint out = point.out;
    out.value = value;
    out.series = series_of(named, point, {.kind = kind, .temporality = Temporality::cumulative}, quantile);
    out_->batch.points.push_back(out);
  };
  for (const auto& [quantile, value] : quantiles_)
    if (std::isfinite(value) && quantile >= 0 && quantile <= 1) add(stream.name, value, MetricKind::last_value, quantile);
  if (stream.name.size() + 6 <= limits::id_bytes) {
    add(fmt::format("{}_count", stream.name), double(point.whole), MetricKind::counter, {});
    add(fmt::format("{}_sum", stream.name), point.real, MetricKind::sum, {});
  }
  ++out_->offered;
  return nullptr;
}

std::uint32_t OtlpMetricsDecoder::series_of(const Stream& stream, const Point& point, MetricSeries series, std::optional<double> quantile) {
  const Id tags_key = hash128(point.attributes, place_hash_ + std::bit_cast<std::uint64_t>(quantile.value_or(-1)));
  const Id key{tags_key.high ^ (stream.hash * 8 + std::uint64_t(series.kind)) * 0x9E3779B97F4A7C15u, tags_key.low + stream.hash};
  if (const std::uint32_t* known = series_.find(key)) return *known;
  KnownTags& tags = tags_of(tags_key, quantile);
  if (tags.round != round_) {
    if ((tag_bytes_ += tags.text.size()) > limits::otlp_tag_bytes) throw OtlpRefusal{"the tags of this request are too large together (otlp_tag_bytes)"};
    tags.kept = tags.text.empty() ? std::string_view() : out_->batch.keep(tags.text);
    tags.round = round_;
  }
  series.name = keep(stream.name, last_name_);
  series.unit = keep(stream.unit, last_unit_);
  series.tags = tags.kept;
  out_->cut_series += tags.cut;
  return series_.add(key, out_->batch.adopt_series(series));
}

OtlpMetricsDecoder::KnownTags& OtlpMetricsDecoder::tags_of(const Id& key, std::optional<double> quantile) {
  if (const auto at = known_.find(key); at != known_.end()) return at->second;
  point_arena_.clear();
  values_.start_item(point_arena_);
  texts_.clear();
  writer_.clear();
  for (const OtlpAttribute& attribute : resource_tags_) add_tag(attribute.key, attribute.value);
  if (!scope_name_.empty()) writer_.add("otel.scope.name", scope_name_);
  const std::size_t list = values_.open();
  for (const std::string_view raw : attributes_) values_.add(list, protobuf::Reader(raw.data(), raw.size()));
  for (const OtlpAttribute& attribute : values_.close(list)) add_tag(attribute.key, attribute.value);
  if (quantile) writer_.add("quantile", texts_.emplace_back(fmt::format("{}", *quantile)));
  KnownTags tags;
  tags.cut = !writer_.canonical(tags.text);
  if (masks_.tags) masks_.tags(tags.text);
  if (known_.size() >= limits::otlp_known_tags || known_bytes_ > limits::otlp_known_tags_bytes) {
    known_.clear();
    known_bytes_ = 0;
  }
  known_bytes_ += tags.text.size();
  return known_[key] = std::move(tags);
}

void OtlpMetricsDecoder::add_tag(std::string_view name, const OtlpValue& value, std::size_t depth) {
  using Kind = OtlpValue::Kind;
  if (value.kind() == Kind::empty) return;
  if (value.kind() == Kind::text) return writer_.add(name, value.text());
  if (value.kind() == Kind::map && depth < flatten_depth) {
    for (const OtlpAttribute& member : value.members())
      add_tag(texts_.emplace_back(fmt::format("{}.{}", name, member.key)), member.value, depth + 1);
    return;
  }
  std::string& text = texts_.emplace_back();
  append_otlp_json(text, value);
  std::string_view shown = text;
  if (value.kind() == Kind::bytes) shown = shown.substr(1, shown.size() - 2);  // without JSON's quotes
  writer_.add(name, shown);
}

}  // namespace aybiza
