// Quantiles of any doubles: a DdSketch for each sign, over ten-millionths.
//
// Shape    a value v is counted as the integer round(|v| x 10^7); so 0.5 % holds from 10^-5 to 9.2 x 10^11, smaller values are
//          exact to 10^-7, larger ones count as 9.2 x 10^11 (who keeps the exact maximum clamps to it).
//          Content depends only on the multiset of values; merge and subtract are exact inverses.
// Units    the series' own.
// Errors   NaN is not counted (add answers false). deserialise refuses what serialise cannot have written.
// Threads  none: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sketch/ddsketch.h"

namespace aybiza {

class RealSketch {
 public:
  bool add(double value, std::uint64_t times = 1);
  void merge(const RealSketch& other);
  [[nodiscard]] bool subtract(const RealSketch& other);  // false, and unchanged, when other holds what this does not
  // What a running histogram counted since `earlier`, also where it was told in other buckets then: a sender that lowers its
  // resolution moves all it counted into wider buckets, whose middles are elsewhere. What is missing here is taken from what is
  // nearest, so counts are exact, and buckets too where the wider ones are unions of the narrower. is_one: the two are told of
  // one stream for certain; otherwise only where the buckets look like wider ones, and not like others filled anew. False, and
  // unchanged: they are not, or a sign counts less than before. Cost: of subtract; where buckets moved, that of a list of both.
  [[nodiscard]] bool subtract_earlier(const RealSketch& earlier, bool is_one);

  std::uint64_t count() const { return positive_.count() + negative_.count(); }
  bool empty() const { return count() == 0; }
  // As percentile_cont, within 0.5 %; nullopt when empty. REQUIRES: 0 <= q <= 1.
  std::optional<double> quantile(double q) const;

  void serialise(std::string& out) const;  // appends
  static Result<RealSketch> deserialise(std::string_view bytes);
  std::size_t heap_bytes() const { return positive_.heap_bytes() + negative_.heap_bytes(); }
  friend bool operator==(const RealSketch&, const RealSketch&) = default;

 private:
  DdSketch positive_, negative_;  // zero counts as positive
};

}  // namespace aybiza
