// The buckets of DdSketch: which integer falls into which, by whole-number arithmetic alone.
//
// Shape    bucket 0 holds 1; each next one starts after the last ends and is as wide as upper * 995 <= lower * 1005
//          allows. Its middle 2LU/(L+U) is then within 0.5 % of every member. No logarithm is taken, so two machines
//          can never disagree.
// Cost     one table look-up and one comparison: 128 cells per power of two are narrower than a bucket.
// Threads  constants.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace aybiza::ddsketch {

inline constexpr std::uint32_t bucket_count = 3963;
inline constexpr unsigned cell_bits = 7;

constexpr std::int64_t upper_of(std::int64_t lower) {
  const auto highest = std::numeric_limits<std::int64_t>::max();
  // lower * 1005 / 995 without overflow: lower + lower * 10 / 995.
  const std::int64_t extra = lower / 995 * 10 + lower % 995 * 10 / 995;
  return lower > highest - extra ? highest : lower + extra;
}

struct Table {
  std::array<std::uint64_t, bucket_count + 1> lower{};  // the last is 2^63: no value reaches it
  std::array<std::uint16_t, 64u << cell_bits> cell{};  // the bucket of the first value of the cell
};

constexpr std::uint32_t cell_of(std::int64_t value) {
  const auto bits = std::uint64_t(value);
  const auto power = unsigned(63 - std::countl_zero(bits));
  const std::uint64_t mantissa = power >= cell_bits ? bits >> (power - cell_bits) : bits << (cell_bits - power);
  return std::uint32_t(power << cell_bits) | std::uint32_t(mantissa & ((1u << cell_bits) - 1));
}

extern const Table table;

// REQUIRES: value > 0.
inline std::uint32_t bucket_of(std::int64_t value) {
  const std::uint32_t bucket = table.cell[cell_of(value)];
  return bucket + std::uint32_t(std::uint64_t(value) >= table.lower[bucket + 1]);
}

inline std::int64_t lower_of(std::uint32_t bucket) { return std::int64_t(table.lower[bucket]); }
inline std::int64_t upper_of_bucket(std::uint32_t bucket) { return std::int64_t(table.lower[bucket + 1] - 1); }
inline double middle_of(std::uint32_t bucket) {
  const auto low = double(lower_of(bucket)), high = double(upper_of_bucket(bucket));
  return low == high ? low : 2 * low / (low + high) * high;
}

}  // namespace aybiza::ddsketch
