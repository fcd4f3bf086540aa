// How far a figure made of sampled points may be from the one all points would have given.
//
// Shape    each point that was kept with probability p stands for 1/p of them. Of the points kept the sums of (1-p)/p^2 times
//          1, x and x^2 are estimates of the variances of a count and a sum, and together of a mean's.
// Errors   unknown for what is no sum: extremes, quantiles, distinct members, the last value.
// Threads  values; none.
// Source   Horvitz and Thompson 1952, with independent draws; the mean's by linearisation (Saerndal et al. 1992, 5.7).
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace aybiza {

struct SampledSums {
  double ones = 0, values = 0, squares = 0;

  void add(double value, double weight) {  // weight: 1/p
    const double share = weight * (weight - 1);
    ones += share;
    values += share * value;
    squares += share * value * value;
  }
  void merge(const SampledSums& other) {
    ones += other.ones;
    values += other.values;
    squares += other.squares;
  }
  bool any() const { return ones > 0; }

  // Of `how` (count, sum, rate, avg) over points that make `count` and `sum` in all; rate is per `seconds`.
  std::optional<double> standard_error(std::string_view how, double count, double sum, double seconds) const {
    if (how == "count") return std::sqrt(ones);
    if (how == "sum") return std::sqrt(squares);
    if (how == "rate") return std::sqrt(squares) / seconds;
    if (how != "avg") return std::nullopt;
    const double mean = sum / count;
    return std::sqrt(std::max(squares - 2 * mean * values + mean * mean * ones, 0.0)) / count;
  }
};

}  // namespace aybiza
