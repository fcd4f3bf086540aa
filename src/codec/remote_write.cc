#include "codec/remote_write.h"

#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/limits.h"
#include "codec/native_histogram.h"
#include "codec/protobuf.h"
#include "sketch/real_sketch.h"

namespace aybiza {
namespace {

namespace pb = protobuf;
using Type = MetricFamilies::Type;

constexpr std::uint64_t stale_marker = 0x7ff0000000000002;
// Ceilings of one message's parts, so that small bytes do not become large memory. Senders stay far below.
constexpr std::size_t labels_max = 1'024, samples_max = 262'144, histograms_max = 4'096;  // of one series
constexpr std::size_t symbols_max = 1'048'576;  // of one request

struct Sample {
  double value = 0;
  std::int64_t time_ms = 0, start_ms = 0;
};

Sample read_sample(pb::Reader in) {
  Sample sample;
  while (in.next()) switch (in.tag_and_type()) {
      case pb::fixed64(1): sample.value = in.get_double(); break;
      case pb::varint(2): sample.time_ms = in.get_int64(); break;
      case pb::varint(3): sample.start_ms = in.get_int64(); break;
      default: in.skip();
    }
  return sample;
}

Type type_of(std::uint64_t number) { return number <= std::uint64_t(Type::stateset) ? Type(number) : Type::unknown; }

bool is_total(std::string_view name, Type type) {
  if (type == Type::counter) return true;
  if (type == Type::gauge || type == Type::info || type == Type::stateset || type == Type::gauge_histogram) return false;
  return name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum") || name.ends_with("_bucket");
}

// The family of a series of a histogram or summary.
std::string_view family_of(std::string_view name) {
  for (const std::string_view suffix : {"_bucket", "_count", "_sum", "_total"})
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

}  // namespace

std::string snappy_pack(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

void MetricFamilies::learn(std::string_view customer, std::string_view name, Family family) {
  const std::lock_guard lock(mutex_);
  if (families_.size() >= limits::metric_families) families_.clear();
  families_[fmt::format("{}\n{}", customer, name)] = std::move(family);
}

MetricFamilies::Family MetricFamilies::find(std::string_view customer, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const std::string_view one : {name, family_of(name)})
    if (const auto at = families_.find(fmt::format("{}\n{}", customer, one)); at != families_.end()) return at->second;
  return {};
}

struct RemoteWriteDecoder::Sender {
  RemoteWriteDecoder& decoder;
  std::string_view customer;
  Instant received;
  const TakeBatch& take;
  RemoteWriteCounts counts;
  std::vector<std::string_view> symbols;  // of 2.0
  std::string series_name;
  MetricSeries series;
  std::vector<MetricTag> labels;  // from here on: of the series that is read now
  std::vector<Sample> samples;
  std::vector<NativeHistogram> histograms;
  Type type = Type::unknown;
  std::string_view unit;

  void reject(std::uint64_t how_many, std::string_view why) {
    counts.rejected += how_many;
    if (counts.first_rejection.empty()) counts.first_rejection = why;
  }

  // The series of these labels; false: it has no name.
  bool name_series() {
    series = {};
    std::string_view name;
    for (const auto& [label, value] : labels)
      if (label == "__name__") name = value;
      else decoder.tags_.add(label, value);
    if (!decoder.tags_.canonical(decoder.tags_text_)) ++counts.tags_cut;
    series_name = clean_metric_name(name);
    if (series_name.empty()) return false;
    const bool total = is_total(series_name, type);
    series.kind = total ? MetricKind::counter : MetricKind::last_value;
    series.temporality = Temporality::cumulative;
    series.name = series_name;
    series.unit = unit.size() <= limits::id_bytes ? unit : std::string_view();
    series.tags = decoder.tags_text_;
    return true;
  }

  // Where a point may go: the batch is handed over when it is full.
  std::uint32_t place(const MetricSeries& of) {
    if (decoder.batch_.full()) flush();
    return decoder.batch_.add_series(of);
  }
  void flush() {
    if (!decoder.batch_.empty()) take(decoder.batch_);
    decoder.batch_.clear();
  }

  std::optional<MetricPoint> point_at(std::int64_t time_ms, std::int64_t start_ms) {
    const std::int64_t now_ms = to_micros(received) / 1000;
    const auto ms = [](auto duration) { return std::int64_t(duration / std::chrono::milliseconds(1)); };
    if (time_ms < now_ms - ms(limits::time_past_max) || time_ms > now_ms + ms(limits::time_future_max)) return std::nullopt;
    MetricPoint point{.time = from_micros(time_ms * 1000)};
    if (start_ms > 0 && start_ms <= time_ms) point.start = from_micros(start_ms * 1000);
    return point;
  }

  void add_samples() {
    for (const Sample& sample : samples) {
      const auto point = point_at(sample.time_ms, sample.start_ms);
      if (!point) {
        reject(1, fmt::format("{}: a sample's time is more than 400 days ago or 5 minutes ahead", series_name));
      } else if (std::bit_cast<std::uint64_t>(sample.value) == stale_marker || std::isnan(sample.value)) {
        ++counts.samples, ++counts.stale;
      } else if (!std::isfinite(sample.value)) {
        reject(1, fmt::format("{}: a sample is infinite", series_name));
      } else {
        ++counts.samples;
        MetricPoint kept = *point;
        kept.value = sample.value;
        if (series.kind == MetricKind::last_value) kept.start = MetricPoint::unknown_start;
        kept.series = place(series);
        decoder.batch_.points.push_back(kept);
      }
    }
  }

  void add_histogram(const NativeHistogram& h) {
    const auto point = point_at(h.time_ms, h.start_ms);
    if (!point) return reject(1, fmt::format("{}: a histogram's time is more than 400 days ago or 5 minutes ahead", series_name));
    if (std::isnan(h.sum)) {
      ++counts.histograms, ++counts.stale;
      return;
    }
    RealSketch sketch;
    const auto total = add_to(sketch, h);
    if (!total) return reject(1, fmt::format("{}: a native histogram contradicts itself", series_name));
    MetricSeries of = series;
    of.kind = MetricKind::distribution;
    if (h.reset_hint == 3) of.temporality = Temporality::delta;  // a gauge histogram: each stands for itself
    MetricPoint kept = *point;
    kept.value = h.sum;
    kept.series = place(of);
    kept.distribution = std::uint32_t(decoder.batch_.distributions.size());
    std::string bytes;
    sketch.serialise(bytes);
    decoder.batch_.distributions.push_back({.count = *total, .sum = h.sum, .min = {}, .max = {}, .sketch = decoder.batch_.keep(bytes)});
    decoder.batch_.points.push_back(kept);
    ++counts.histograms;
  }

  void begin_series() {
    labels.clear(), samples.clear(), histograms.clear();
    decoder.tags_.clear();
    type = Type::unknown;
    unit = {};
  }
  void end_series() {
    if (!name_series()) return reject(samples.size() + histograms.size(), "a series has no __name__");
    add_samples();
    for (const NativeHistogram& h : histograms) add_histogram(h);
  }

  std::string_view symbol(std::uint32_t at) {
    if (at >= symbols.size()) throw protozero::invalid_length_exception();  // as good as a broken message
    return symbols[at];
  }

  void read_label(pb::Reader in) {
    MetricTag label;
    while (in.next()) switch (in.tag_and_type()) {
        case pb::bytes(1): label.first = in.get_view(); break;
        case pb::bytes(2): label.second = in.get_view(); break;
        default: in.skip();
      }
    push_bounded(labels, label, labels_max);
  }

  void series_v1(pb::Reader in) {
    begin_series();
    while (in.next()) switch (in.tag_and_type()) {
        case pb::bytes(1): read_label(in.get_message()); break;
        case pb::bytes(2): push_bounded(samples, read_sample(in.get_message()), samples_max); break;
        case pb::bytes(3): ++counts.exemplars, in.skip(); break;
        case pb::bytes(4): push_bounded(histograms, read_native_histogram(in.get_message()), histograms_max); break;
        default: in.skip();
      }
    MetricFamilies::Family family;
    for (const auto& [label, value] : labels)
      if (label == "__name__") family = decoder.families_.find(customer, value);
    type = family.type;
    unit = family.unit;
    end_series();
  }

  void metadata_v1(pb::Reader in) {
    MetricFamilies::Family family;
    std::string_view name;
    while (in.next()) switch (in.tag_and_type()) {
        case pb::varint(1): family.type = type_of(in.get_uint64()); break;
        case pb::bytes(2): name = in.get_view(); break;
        case pb::bytes(5): family.unit = in.get_view(); break;  // one too long is none where series are made
        default: in.skip();
      }
    if (!name.empty() && name.size() <= limits::id_bytes) decoder.families_.learn(customer, name, std::move(family));
  }

  void metadata_v2(pb::Reader in) {
    while (in.next()) switch (in.tag_and_type()) {
        case pb::varint(1): type = type_of(in.get_uint64()); break;
        case pb::varint(4): unit = symbol(in.get_uint32()); break;
        default: in.skip();
      }
  }

  void series_v2(pb::Reader in) {
    begin_series();
    std::vector<std::uint32_t> refs;
    while (in.next()) switch (in.tag_and_type()) {
        case pb::bytes(1): append_all(in.get_packed_uint32(), refs, 2 * labels_max); break;
        case pb::bytes(2): push_bounded(samples, read_sample(in.get_message()), samples_max); break;
        case pb::bytes(3): push_bounded(histograms, read_native_histogram(in.get_message()), histograms_max); break;
        case pb::bytes(4): ++counts.exemplars, in.skip(); break;
        case pb::bytes(5): metadata_v2(in.get_message()); break;
        default: in.skip();
      }
    if (refs.size() % 2 != 0) throw protozero::invalid_length_exception();
    for (std::size_t i = 0; i < refs.size(); i += 2) labels.emplace_back(symbol(refs[i]), symbol(refs[i + 1]));
    end_series();
  }

  // What stands apart from the series is read first: the order of fields is the sender's.
  void read(RemoteWriteVersion version, std::string_view message) {
    pb::Reader first(message.data(), message.size());
    while (first.next()) {
      if (version == RemoteWriteVersion::v1 && first.tag_and_type() == pb::bytes(3)) metadata_v1(first.get_message());
      else if (version == RemoteWriteVersion::v2 && first.tag_and_type() == pb::bytes(4)) push_bounded(symbols, std::string_view(first.get_view()), symbols_max);
      else first.skip();
    }
    const auto series_field = pb::bytes(version == RemoteWriteVersion::v1 ? 1 : 5);
    pb::Reader in(message.data(), message.size());
    while (in.next()) {
      if (in.tag_and_type() != series_field) in.skip();
      else if (version == RemoteWriteVersion::v1) series_v1(in.get_message());
      else series_v2(in.get_message());
    }
    flush();
  }
};

Result<RemoteWriteCounts> RemoteWriteDecoder::decode(RemoteWriteVersion version, std::string_view packed, std::string_view customer,
                                                     Instant received, const TakeBatch& take) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) return fail(Code::invalid, "the body is no Snappy block");
  if (size > limits::body_unpacked_bytes) return fail(Code::too_large, "the body unpacks to {} bytes; at most {} are taken", size, limits::body_unpacked_bytes);
  // Snappy never packs better than this: a length beyond it is a lie, and is not allocated.
  if (size > 32 * packed.size() + 64) return fail(Code::invalid, "the body is no Snappy block: it claims to unpack to {} bytes", size);
  message_.resize(size);
  if (!snappy::RawUncompress(packed.data(), packed.size(), message_.data())) return fail(Code::invalid, "the body is no Snappy block");
  batch_.clear();
  Sender sender{.decoder = *this, .customer = customer, .received = received, .take = take, .counts = {}, .symbols = {}, .series_name = {},
                .series = {}, .labels = {}, .samples = {}, .histograms = {}, .unit = {}};
  try {
    sender.read(version, message_);
  } catch (const protozero::exception&) {
    return fail(Code::invalid, "the body is no remote-write message of version {}", version == RemoteWriteVersion::v1 ? "1.0" : "2.0");
  }
  if (message_.capacity() > limits::preparer_keeps_bytes) message_ = {};
  return std::move(sender.counts);
}

}  // namespace aybiza
