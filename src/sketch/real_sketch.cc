#include "sketch/real_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

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

struct Place {
  std::int64_t lower = 0, upper = 0;
  std::int64_t left = 0;  // counted now - counted before
  bool is_now = false;
  bool is_zero() const { return upper == 0; }
  double middle() const { return (std::log(double(lower)) + std::log(double(upper))) / 2; }
};

std::vector<Place> places_of(const DdSketch& now, const DdSketch& earlier) {
  std::vector<Place> ours, all;
  now.each([&](const DdSketch::Bucket& b) { ours.push_back({b.lower, b.upper, std::int64_t(b.count), true}); });
  auto next = ours.begin();
  earlier.each([&](const DdSketch::Bucket& b) {
    while (next != ours.end() && next->lower < b.lower) all.push_back(*next++);
    if (next == ours.end() || next->lower != b.lower) return all.push_back({b.lower, b.upper, -std::int64_t(b.count), false});
    all.push_back(*next++);
    all.back().left -= std::int64_t(b.count);
  });
  all.insert(all.end(), next, ours.end());
  return all;
}

// How far a wider bucket's middle may be from those of what went into it, in logarithms: half of the narrowest there is.
double reach_of(const std::vector<Place>& places) {
  double before = -std::numeric_limits<double>::infinity(), narrowest = std::numeric_limits<double>::infinity();
  for (const Place& place : places) {
    if (!place.is_now || place.is_zero()) continue;
    narrowest = std::min(narrowest, place.middle() - before);
    before = place.middle();
  }
  return narrowest / 2;
}

// The nearest places with something left on either side of each, found as disjoint sets: what is used up points on.
class Chain {
 public:
  explicit Chain(std::size_t n) : to_(n) { std::iota(to_.begin(), to_.end(), std::size_t{0}); }
  void pass(std::size_t i, std::size_t on) { to_[i] = on; }
  std::size_t find(std::size_t i) {
    while (to_[i] != i) i = to_[i] = to_[to_[i]];
    return i;
  }

 private:
  std::vector<std::size_t> to_;
};

bool subtract_side(DdSketch& now, const DdSketch& earlier, bool is_one) {
  if (now.subtract(earlier)) return true;
  if (now.count() < earlier.count()) return false;
  std::vector<Place> places = places_of(now, earlier);
  const std::size_t n = places.size();
  Chain down(n + 1), up(n + 1);  // down is shifted by one: 0 and n are the ends
  for (std::size_t i = 0; i < n; ++i)
    if (places[i].left <= 0) down.pass(i + 1, i), up.pass(i, i + 1);
  const double reach = is_one ? std::numeric_limits<double>::infinity() : reach_of(places);
  for (std::size_t i = 0; i < n; ++i) {
    while (places[i].left < 0) {
      const auto distance = [&](std::size_t at) {  // zero is as far as can be: taken where nothing else is left
        if (places[at].is_zero() || places[i].is_zero()) return std::numeric_limits<double>::infinity();
        return std::fabs(places[at].middle() - places[i].middle());
      };
      const std::size_t below = down.find(i), above = up.find(i);
      if (below == 0 && above == n) return false;
      const bool takes_below = above == n || (below > 0 && distance(below - 1) < distance(above));
      Place& from = places[takes_below ? below - 1 : above];
      const double width = std::log(double(places[i].upper + 1) / double(std::max<std::int64_t>(1, places[i].lower)));  // middles are rounded to it
      if (!from.is_zero() && distance(std::size_t(&from - places.data())) > reach + width) return false;
      const std::int64_t taken = std::min(from.left, -places[i].left);
      from.left -= taken;
      places[i].left += taken;
      const auto at = std::size_t(&from - places.data());
      if (from.left == 0) down.pass(at + 1, at), up.pass(at, at + 1);
    }
  }
  DdSketch rest;
  for (const Place& place : places)
    if (place.left > 0) (void)rest.add(place.lower, std::uint64_t(place.left));
  now = std::move(rest);
  return true;
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

bool RealSketch::subtract_earlier(const RealSketch& earlier, bool is_one) {
  if (negative_.empty() && earlier.negative_.empty()) return subtract_side(positive_, earlier.positive_, is_one);
  DdSketch positive = positive_;
  if (!subtract_side(positive, earlier.positive_, is_one) || !subtract_side(negative_, earlier.negative_, is_one)) return false;
  positive_ = std::move(positive);
  return true;
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
