// What the call volume of a range was to be expected as, and will be a little further on: from the weeks before the range alone.
//
// Shape    hours (of longer ranges the chart's own steps) of the eight weeks before the range are forecast (seasonal_forecast.h) and told in the steps of the chart. A step
//          shorter than an hour is its share of what is expected around it, and scatters as counts do besides (Poisson). The range looks ahead by an eighth of itself,
//          a custom one not beyond its end.
// Units    calls a step.
// Errors   too little history, a range longer than it, sampled calls: no band and the reason; a question that fails: its own.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Overview"; docs/metrics.md "Forecast of the volume".
#pragma once

#include "live/asking.h"
#include "live/seasonal_forecast.h"

namespace aybiza {

inline constexpr int forecast_weeks = 8;  // looked at

enum class NoForecast : std::uint8_t { none, too_little, too_long, sampled, failed };  // why there is no band

struct VolumeForecast {
  Instant as_of{};
  NoForecast why = NoForecast::none;
  double days = 0;                 // of history before the range, since its first call
  std::vector<Instant> times;      // where steps of the chart begin
  std::vector<Expected> expected;  // of each
  std::string error;
};
VolumeForecast compute_volume_forecast(const Ask& ask, const ViewScope& scope, Instant now);

// What is expected of steps that are a share of the base's: `base` begins at `origin`, each `every` long.
Expected expected_in(std::span<const Expected> base, Instant origin, Duration every, Instant from, Duration step);

}  // namespace aybiza
