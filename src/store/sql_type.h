// What kind of column a value goes to: how it is written there, and how large it may be.
//
// Units    a DECIMAL is an integer in memory, in units of its last digit, so that nothing is rounded.
// Threads  constants; any.
// Source   decisions.md 10.
#pragma once

#include <cstdint>

namespace aybiza {

enum class SqlType : std::uint8_t {
  boolean, integer, real, text, time, id, blob, floats,
  score,    // DECIMAL(6,4), int32
  percent,  // DECIMAL(9,4), int32
  millis,   // DECIMAL(18,3): microseconds
  seconds,  // DECIMAL(18,6): microseconds
  money,    // DECIMAL(18,9): nano-USD
};
// The largest magnitude the column holds, in the unit in memory.
constexpr std::int64_t limit_of(SqlType type) {
  switch (type) {
    case SqlType::score: return 999'999;
    case SqlType::percent: return 999'999'999;
    case SqlType::millis:
    case SqlType::seconds:
    case SqlType::money: return 999'999'999'999'999'999;
    default: return INT64_MAX;
  }
}
// Digits behind the point; 0 for what is no DECIMAL.
constexpr int scale_of(SqlType type) {
  switch (type) {
    case SqlType::score:
    case SqlType::percent: return 4;
    case SqlType::millis: return 3;
    case SqlType::seconds: return 6;
    case SqlType::money: return 9;
    default: return 0;
  }
}

}  // namespace aybiza
