#include "codec/otlp_histogram.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "codec/otlp_value_reader.h"

namespace aybiza {
namespace {

using protobuf::bytes;
using protobuf::fixed64;
using protobuf::varint;

template <typename T, typename Range>
void append_packed(std::vector<T>& out, const Range& range) {
  for (const T value : range) {
    if (out.size() >= limits::otlp_values) throw OtlpRefusal{"more buckets than a point may have (otlp_values)"};
    out.push_back(value);
  }
}
template <typename T>
void append_one(std::vector<T>& out, T value) {
  append_packed(out, std::initializer_list<T>{value});
}

void read_buckets(protobuf::Reader message, OtlpBuckets& out) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case varint(1): out.offset = message.get_sint32(); break;
      case varint(2): append_one(out.counts, message.get_uint64()); break;
      case bytes(2): append_packed(out.counts, message.get_packed_uint64()); break;
      default: message.skip();
    }
  }
}

// Adds with overflow seen; a count beyond 2^63 is no count.
bool add_counts(const std::vector<std::uint64_t>& counts, std::uint64_t& total) {
  for (const std::uint64_t count : counts)
    if (__builtin_add_overflow(total, count, &total)) return false;
  return true;
}

struct Interval {
  double lower, upper;
  bool logarithmic;
  double at(double part) const {  // neither the difference nor the ratio of two doubles has to be one
    return logarithmic ? std::exp2(std::lerp(std::log2(lower), std::log2(upper), part)) : std::lerp(lower, upper, part);
  }
};

void fill(const Interval& interval, std::uint64_t count, bool delta, double sign, RealSketch& sketch) {
  const std::uint64_t places = delta && interval.lower < interval.upper ? std::min(count, OtlpHistogram::spread) : 1;
  for (std::uint64_t i = 0; i < places; ++i) {
    const std::uint64_t times = count / places + (i < count % places ? 1 : 0);
    (void)sketch.add(sign * interval.at((double(i) + 0.5) / double(places)), times);  // false only for NaN: bounds are finite
  }
}

bool finite_or_absent(const std::optional<double>& value) { return !value || std::isfinite(*value); }

}  // namespace

void OtlpHistogram::clear() {
  count = zero_count = 0;
  sum = min = max = std::nullopt;
  counts.clear();
  bounds.clear();
  scale = 0;
  positive.offset = negative.offset = 0;
  positive.counts.clear();
  negative.counts.clear();
}

bool OtlpHistogram::read_classic_field(protobuf::Reader& message) {
  switch (message.tag_and_type()) {
    case fixed64(4): count = message.get_fixed64(); return true;
    case fixed64(5): sum = message.get_double(); return true;
    case fixed64(6): append_one(counts, message.get_fixed64()); return true;
    case bytes(6): append_packed(counts, message.get_packed_fixed64()); return true;
    case fixed64(7): append_one(bounds, message.get_double()); return true;
    case bytes(7): append_packed(bounds, message.get_packed_double()); return true;
    case fixed64(11): min = message.get_double(); return true;
    case fixed64(12): max = message.get_double(); return true;
    default: return false;
  }
}

bool OtlpHistogram::read_exponential_field(protobuf::Reader& message) {
  switch (message.tag_and_type()) {
    case fixed64(4): count = message.get_fixed64(); return true;
    case fixed64(5): sum = message.get_double(); return true;
    case varint(6): scale = message.get_sint32(); return true;
    case fixed64(7): zero_count = message.get_fixed64(); return true;
    case bytes(8): read_buckets(message.get_message(), positive); return true;
    case bytes(9): read_buckets(message.get_message(), negative); return true;
    case fixed64(12): min = message.get_double(); return true;
    case fixed64(13): max = message.get_double(); return true;
    default: return false;
  }
}

const char* OtlpHistogram::to_sketch(bool exponential, Temporality temporality, MetricDistribution& out, RealSketch& sketch) const {
  if (count > std::uint64_t(INT64_MAX)) return "count must be below 2^63";
  if (!finite_or_absent(sum) || !finite_or_absent(min) || !finite_or_absent(max)) return "sum, min and max must be finite";
  const bool delta = temporality == Temporality::delta;
  if (const char* why = exponential ? exponential_sketch(delta, sketch) : classic_sketch(delta, sketch)) return why;
  if (count > 0 && !sum) return "a histogram without its sum cannot be kept";
  out.count = count;
  out.sum = sum.value_or(0);
  if (delta && count > 0) out.min = min, out.max = max;  // of a cumulative they are of its whole life
  return nullptr;
}

const char* OtlpHistogram::classic_sketch(bool delta, RealSketch& sketch) const {
  if (counts.empty() && bounds.empty()) return nullptr;  // sum and count only
  if (counts.size() != bounds.size() + 1) return "bucket_counts must be one more than explicit_bounds";
  std::uint64_t total = 0;
  if (!add_counts(counts, total) || total != count) return "bucket_counts must add up to count";
  for (std::size_t i = 0; i < bounds.size(); ++i)
    if (!std::isfinite(bounds[i]) || (i > 0 && !(bounds[i - 1] < bounds[i]))) return "explicit_bounds must be finite and rise";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (bounds.empty()) {  // one bucket of everything says nothing but what the sum tells
      (void)sketch.add(sum.value_or(0) / double(count), count);
      continue;
    }
    // The open ends are closed by what is known: the extremes, zero where all is above it, else the bound itself.
    Interval range{.lower = i > 0 ? bounds[i - 1] : std::min(0.0, bounds[0]), .upper = i < bounds.size() ? bounds[i] : bounds.back(), .logarithmic = false};
    if (delta && min) range.lower = i == 0 ? *min : std::max(range.lower, *min);
    if (delta && max) range.upper = i == bounds.size() ? *max : std::min(range.upper, *max);
    range.upper = std::max(range.upper, range.lower);
    fill(range, counts[i], delta, 1, sketch);
  }
  return nullptr;
}

const char* OtlpHistogram::exponential_sketch(bool delta, RealSketch& sketch) const {
  std::uint64_t total = zero_count;
  if (!add_counts(positive.counts, total) || !add_counts(negative.counts, total) || total != count)
    return "zero_count and the buckets must add up to count";
  constexpr std::int32_t scale_max = 64;
  if (scale < -scale_max || scale > scale_max) return "scale must be from -64 to 64";
  if (zero_count > 0) (void)sketch.add(0, zero_count);
  for (const auto& [buckets, sign] : {std::pair(&positive, 1.0), std::pair(&negative, -1.0)}) {
    for (std::size_t i = 0; i < buckets->counts.size(); ++i) {
      if (buckets->counts[i] == 0) continue;
      const double index = double(buckets->offset) + double(i);
      Interval range{.lower = std::exp2(std::ldexp(index, -scale)), .upper = std::exp2(std::ldexp(index + 1, -scale)), .logarithmic = true};
      if (!std::isfinite(range.upper)) return "a bucket's bounds leave the range of a double";
      const auto &nearest = sign > 0 ? min : max, &farthest = sign > 0 ? max : min;  // from zero
      if (delta && nearest && sign * *nearest > range.lower) range.lower = std::min(sign * *nearest, range.upper);
      if (delta && farthest && sign * *farthest < range.upper) range.upper = std::max(sign * *farthest, range.lower);
      if (range.lower <= 0) range = {0, range.upper, false};  // below the smallest double
      fill(range, buckets->counts[i], delta, sign, sketch);
    }
  }
  return nullptr;
}

}  // namespace aybiza
