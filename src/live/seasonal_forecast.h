// What a count over time will be: by the hour of the day and the hour of the week, with a band of what such forecasts have missed by so far.
//
// Shape    exponential smoothing with two seasons, a day and a week, and the error of the last step carried on (Taylor's double seasonal Holt-Winters with an
//          autoregressive error, without a trend). Counts are smoothed as their square roots, which scatter alike whether few or many are counted and
//          are never below zero. The smoothing constants are those of a small grid that would have forecast this very series best, a day ahead.
//          The band of a lead holds 90 of 100 errors measured at that lead in the part of the history that shaped no season.
// Units    counts per step; a day is `day` steps, a week seven days.
// Errors   fewer than seasonal_least_weeks weeks: nullopt, never a guess.
// Cost     O(steps × (constants tried + leads)); eight weeks of hours and a week ahead: milliseconds.
// Threads  pure.
// Source   Taylor, "Short-term electricity demand forecasting using double seasonal exponential smoothing", JORS 54, 2003; "A comparison of univariate time
//          series methods for forecasting intraday arrivals at a call center", Management Science 54, 2008; Anscombe's root for counts, Biometrika 35, 1948.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace aybiza {

inline constexpr std::size_t seasonal_least_weeks = 3;  // two for the seasons, one to measure errors in
inline constexpr double seasonal_band = 0.9;

struct Expected {
  double low = 0, middle = 0, high = 0;
};
// Steps 1 … `leads` after the last of `counts`, oldest first. REQUIRES: day > 0.
std::optional<std::vector<Expected>> forecast_seasonal(std::span<const double> counts, std::size_t day, std::size_t leads);

}  // namespace aybiza
