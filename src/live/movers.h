// What changed: the members of the dimensions whose figures moved most from the period before to this one.
//
// Shape    every dimension is asked for both periods; a move is claimed where both have enough calls and the difference is beyond
//          chance: shares by the pooled z of two proportions, medians by their standard error, 1.2533 s / √n with s = (p95 − p50) / 1.645.
//          A share of calls instead of their number, so that a busier day alone is no move of everybody. Most beyond chance first.
// Units    shares 0..1, ms, USD; strength in standard errors.
// Errors   a refused question becomes `error`. Sampled calls: weighed counts are no observations, nothing is claimed and `estimate` says why.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Overview"; docs/metrics.md "What changed".
#pragma once

#include "live/asking.h"

namespace aybiza {

inline constexpr double mover_least_calls = 30;    // in both periods; of a share of calls: in both together
inline constexpr double mover_least_strength = 3.5;  // of some hundred figures looked at, a tenth of one is beyond it by chance
inline constexpr std::size_t movers_shown = 12;

enum class MovedFigure : std::uint8_t { success, errors, escalation, share, latency, cost };
inline constexpr std::size_t moved_figures = 6;

struct Mover {
  std::optional<Dimension> dimension;  // empty: all calls
  std::string member;                  // "" = not known
  MovedFigure figure{};
  double before = 0, now = 0, calls_before = 0, calls_now = 0, strength = 0;  // strength is never negative
  Trend trend = Trend::neither;        // which way is better
};

struct Movers {
  Instant as_of{};
  std::vector<Mover> list;             // most beyond chance first
  bool estimate = false;
  std::string error;
};

// Up to the last whole minute: so cut, live state has both periods in minutes already summed, and nothing changes in between.
Range movers_range(const ViewScope& scope, Instant now);
Movers compute_movers(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
