// Time and money as types, so that a millisecond is never added to a dollar.
//
// Shape    Instant is microseconds since 1970 UTC (event time, never the clock of a thread); Duration is microseconds;
//          Money is nano-USD. All three are int64, so sums do not depend on their order.
// Units    ms exist only at the edge (wire, rows, JSON): to_ms / from_ms.
// Errors   parse_rfc3339 answers nullopt for anything that is not RFC 3339 with an offset.
// Threads  values; none.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aybiza {

using Duration = std::chrono::microseconds;

struct EventClock {  // the epoch of event time; it has no now(): time is an argument
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
  using time_point = std::chrono::time_point<EventClock>;
  static constexpr bool is_steady = false;
};
using Instant = EventClock::time_point;

constexpr Instant from_micros(std::int64_t micros) { return Instant(Duration(micros)); }
constexpr std::int64_t to_micros(Instant t) { return t.time_since_epoch().count(); }

// The start of the bucket of length `step` that contains t, aligned to the epoch. REQUIRES: step > 0.
constexpr Instant floor_to(Instant t, Duration step) {
  const std::int64_t micros = to_micros(t), width = step.count();
  const std::int64_t rest = micros % width;
  return from_micros(micros - (rest < 0 ? rest + width : rest));
}

// "2026-11-21T09:00:00.123Z"; microseconds are printed only when there are any below the millisecond.
std::string format_rfc3339(Instant t);
void append_rfc3339(std::string& out, Instant t);
std::optional<Instant> parse_rfc3339(std::string_view text);

struct Money {
  std::int64_t nano_usd = 0;
  friend constexpr auto operator<=>(Money, Money) = default;
  constexpr Money operator+(Money other) const { return {nano_usd + other.nano_usd}; }
  constexpr Money& operator+=(Money other) { nano_usd += other.nano_usd; return *this; }
};

// a * b / c rounded half to even, exact for any int64 a, b and c > 0 whose result fits.
std::int64_t mul_div_half_even(std::int64_t a, std::int64_t b, std::int64_t c);

}  // namespace aybiza
