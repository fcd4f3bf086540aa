#include "codec/native_histogram.h"

#include <algorithm>
#include <cmath>

namespace aybiza {
namespace {

namespace pb = protobuf;
constexpr std::int64_t custom_buckets = -53;

void read_span(pb::Reader in, std::vector<NativeHistogram::Span>& spans) {
  NativeHistogram::Span span;
  while (in.next()) switch (in.tag_and_type()) {
      case pb::varint(1): span.offset = in.get_sint32(); break;
      case pb::varint(2): span.length = in.get_uint32(); break;
      default: in.skip();
    }
  push_bounded(spans, span, native_buckets);
}

// Where a bucket's count is put: between its bounds. nullopt: bounds no double holds.
std::optional<double> middle_of(const NativeHistogram& h, std::int64_t index) {
  if (h.schema == custom_buckets) {
    if (index < 0 || std::size_t(index) > h.custom.size() || h.custom.empty()) return std::nullopt;
    if (std::size_t(index) == h.custom.size()) return h.custom.back();  // above the last bound
    const double upper = h.custom[std::size_t(index)], lower = index > 0 ? h.custom[std::size_t(index) - 1] : std::min(0.0, upper);
    return lower + (upper - lower) / 2;
  }
  const double width = std::ldexp(1.0, -int(h.schema));  // of a bucket, in powers of two
  const double middle = std::exp2((double(index) - 0.5) * width);
  return std::isfinite(middle) ? std::optional(middle) : std::nullopt;
}

// Adds one sign's buckets; false: they contradict themselves.
bool add_side(const NativeHistogram& h, const NativeHistogram::Side& side, double sign, RealSketch& sketch, std::uint64_t& total) {
  const bool floats = !side.counts.empty();
  std::int64_t index = 0, running = 0;
  std::size_t at = 0;
  for (const auto& span : side.spans) {
    index += span.offset;
    if (span.length > native_buckets || index > (1 << 30) || index < -(1 << 30)) return false;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index, ++at) {
      if (at >= native_buckets || at >= (floats ? side.counts.size() : side.deltas.size())) return false;
      double count = 0;
      if (floats) count = side.counts[at];
      else if (__builtin_add_overflow(running, side.deltas[at], &running)) return false;
      else count = double(running);
      if (!(count >= 0) || count > 1e15) return false;
      const auto middle = middle_of(h, index);
      if (!middle) return false;
      const auto whole = std::uint64_t(std::llround(count));
      if (whole > 0) sketch.add(sign * *middle, whole);
      total += whole;
    }
  }
  return at == (floats ? side.counts.size() : side.deltas.size());
}

}  // namespace

NativeHistogram read_native_histogram(pb::Reader in) {
  NativeHistogram h;
  while (in.next()) switch (in.tag_and_type()) {
      case pb::varint(1): h.count = double(in.get_uint64()); break;
      case pb::fixed64(2): h.count = in.get_double(); break;
      case pb::fixed64(3): h.sum = in.get_double(); break;
      case pb::varint(4): h.schema = in.get_sint32(); break;
      case pb::varint(6): h.zero = double(in.get_uint64()); break;
      case pb::fixed64(7): h.zero = in.get_double(); break;
      case pb::bytes(8): read_span(in.get_message(), h.negative.spans); break;
      case pb::bytes(9): append_all(in.get_packed_sint64(), h.negative.deltas); break;
      case pb::bytes(10): append_all(in.get_packed_double(), h.negative.counts); break;
      case pb::bytes(11): read_span(in.get_message(), h.positive.spans); break;
      case pb::bytes(12): append_all(in.get_packed_sint64(), h.positive.deltas); break;
      case pb::bytes(13): append_all(in.get_packed_double(), h.positive.counts); break;
      case pb::varint(14): h.reset_hint = in.get_uint64(); break;
      case pb::varint(15): h.time_ms = in.get_int64(); break;
      case pb::bytes(16): append_all(in.get_packed_double(), h.custom); break;
      case pb::varint(17): h.start_ms = in.get_int64(); break;
      default: in.skip();
    }
  return h;
}

std::optional<std::uint64_t> add_to(RealSketch& sketch, const NativeHistogram& h) {
  const bool known = (h.schema >= -4 && h.schema <= 8) || h.schema == custom_buckets;
  if (!known || !(h.zero >= 0 && h.zero <= 1e15) || !std::isfinite(h.sum)) return std::nullopt;
  const auto zeros = std::uint64_t(std::llround(h.zero));
  std::uint64_t total = zeros;
  if (zeros > 0) sketch.add(0, zeros);
  if (!add_side(h, h.positive, 1, sketch, total) || !add_side(h, h.negative, -1, sketch, total)) return std::nullopt;
  return total;
}

}  // namespace aybiza
