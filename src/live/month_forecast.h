// What the month will have cost at its end: what is spent, and what such weekdays cost in the last weeks.
//
// Shape    each remaining day is expected to cost the mean of its weekday over the last eight weeks, the rest of today in proportion.
//          The band covers 80 %: the scatter of single days around their weekday's mean (n − weekdays degrees of freedom), and the
//          uncertainty of the means. Days are taken as independent and as they were: a launch or a holiday is not foreseen.
// Units    USD; weekdays 1 = Monday … 7 = Sunday.
// Errors   fewer than forecast_least_days complete days: no forecast, never a guess.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Costs"; docs/metrics.md "Month-end forecast".
#pragma once

#include "live/asking.h"

namespace aybiza {

inline constexpr std::size_t forecast_least_days = 14;  // two of each weekday
inline constexpr std::size_t forecast_days = 56;        // looked at
inline constexpr std::size_t burn_days = 7;             // of which the burn rate is the mean
inline constexpr double forecast_z = 1.2816;            // of the normal distribution, for 80 %

struct SpendDay {
  int weekday = 1;
  double usd = 0;
};
struct SpendSoFar {
  double month = 0;          // today included
  int weekday = 1;           // today's
  double today_gone = 0;     // share of today that has passed
  std::vector<int> left;     // weekdays of the whole days after today
};
struct MonthForecast {
  double low = 0, middle = 0, high = 0;  // low is never less than what is spent
};
// `days` are complete, oldest first. nullopt: too few, or a weekday that lies ahead is not among them.
std::optional<MonthForecast> forecast_month(std::span<const SpendDay> days, const SpendSoFar& so_far);

struct MonthSpend {
  Instant as_of{};
  Known spent;                // this month; unknown: nothing has a known cost
  Known burn_per_day;         // mean of the last complete days, at most burn_days
  std::optional<MonthForecast> forecast;
  std::size_t days = 0;       // complete ones since the first spend, at most forecast_days
  bool estimate = false;      // rests on sampled calls
  std::string error;
};
// Of what passes the filters, by days and months of the zone.
MonthSpend compute_month(const Ask& ask, const std::vector<Filter>& where, const std::string& zone, Instant now);

}  // namespace aybiza
