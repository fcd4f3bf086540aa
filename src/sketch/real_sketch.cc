#include "sketch/real_sketch.h"

#include <algorithm>
#include <cmath>

#include "sketch/bytes.h"

namespace aybiza {
namespace {

constexpr double scale = 1e7;
constexpr double most = 9.2e18;  // below 2^63 as a double

std::int64_t whole(double magnitude) { return std::int64_t(std::llrint(std::min(magnitude * scale, most))); }

// The value at a whole rank of one sketch: what percentile_cont answers where it needs no interpolation.
double value_at(const DdSketch& sketch, std::uint64_t rank) {
  const double last = double(sketch.count() - 1);
  return sketch.quantile(last == 0 ? 0 : std::min(1.0, double(rank) / last)).value_or(0) / scale;
}

}  // namespace

bool RealSketch::add(double value, std::uint64_t times) {
  if (std::isnan(value)) return false;
  return value < 0 && whole(-value) > 0 ? negative_.add(whole(-value), times) : positive_.add(whole(std::fabs(value)), times);
}

void RealSketch::merge(const RealSketch& other) {
  positive_.merge(other.positive_);
  negative_.merge(other.negative_);
}

bool RealSketch::subtract(const RealSketch& other) {
  if (!positive_.subtract(other.positive_)) return false;
  if (negative_.subtract(other.negative_)) return true;
  positive_.merge(other.positive_);
  return false;
}

std::optional<double> RealSketch::quantile(double q) const {
  if (empty()) return std::nullopt;
  if (negative_.empty()) return *positive_.quantile(q) / scale;
  if (positive_.empty()) return -*negative_.quantile(1 - q) / scale;
  const double rank = q * double(count() - 1);
  const auto below = std::uint64_t(rank);
  const auto at = [&](std::uint64_t r) {  // ascending: the negative ones from their largest magnitude
    const std::uint64_t n = negative_.count();
    return r < n ? -value_at(negative_, n - 1 - r) : value_at(positive_, r - n);
  };
  const double low = at(below), high = at(std::min(below + 1, count() - 1));
  return low + (high - low) * (rank - double(below));
}

void RealSketch::serialise(std::string& out) const {
  std::string positive;
  positive_.serialise(positive);
  sketch_bytes::put_varint(out, positive.size());
  out += positive;
  if (!negative_.empty()) negative_.serialise(out);
}

Result<RealSketch> RealSketch::deserialise(std::string_view bytes) {
  sketch_bytes::Reader in(bytes);
  const std::uint64_t size = in.varint();
  if (in.bad() || size > in.left()) return fail(Code::corrupt, "a sketch of doubles: its first half does not end");
  const std::string_view halves = bytes.substr(bytes.size() - in.left());
  RealSketch out;
  auto positive = DdSketch::deserialise(halves.substr(0, size));
  if (!positive) return std::unexpected(positive.error());
  out.positive_ = std::move(*positive);
  if (halves.size() == size) return out;
  auto negative = DdSketch::deserialise(halves.substr(size));
  if (!negative) return std::unexpected(negative.error());
  if (negative->empty()) return fail(Code::corrupt, "a sketch of doubles: an empty second half");
  out.negative_ = std::move(*negative);
  return out;
}

}  // namespace aybiza
