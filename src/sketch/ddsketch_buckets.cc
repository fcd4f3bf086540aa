#include "sketch/ddsketch_buckets.h"

#include "base/check.h"

namespace aybiza::ddsketch {

namespace {

constexpr Table build() {
  Table built;
  std::int64_t lower = 1;
  std::uint32_t bucket = 0;
  for (;;) {
    CHECK(bucket < bucket_count);
    built.lower[bucket++] = std::uint64_t(lower);
    const std::int64_t upper = upper_of(lower);
    if (upper == std::numeric_limits<std::int64_t>::max()) break;
    lower = upper + 1;
  }
  CHECK(bucket == bucket_count);
  built.lower[bucket_count] = std::uint64_t(1) << 63;
  for (std::uint32_t at = 0, cell = 0; cell < built.cell.size(); ++cell) {
    const unsigned power = cell >> cell_bits;
    if (power == 63) break;  // above int64
    const std::uint64_t mantissa = (1u << cell_bits) | (cell & ((1u << cell_bits) - 1));
    const std::uint64_t first = power >= cell_bits ? mantissa << (power - cell_bits) : mantissa >> (cell_bits - power);
    while (at + 1 < bucket_count && built.lower[at + 1] <= first) ++at;
    built.cell[cell] = std::uint16_t(at);
  }
  return built;
}

}  // namespace

constinit const Table table = build();

}  // namespace aybiza::ddsketch
