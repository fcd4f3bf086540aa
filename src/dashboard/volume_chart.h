// The chart of calls over time, with the band they were to be expected in.
//
// Shape    bars of calls, the period before as a dotted line, then four series of the forecast: expected, at least, the band upon it, at most. The last rows may lie
//          ahead of the bars.
// Threads  pure.
// Source   interface.md "Overview"; live/volume_forecast.h.
#pragma once

#include "dashboard/chart_options.h"
#include "live/volume_forecast.h"
#include "liveview/html.h"
#include "query/zone.h"

namespace aybiza::dashboard {

// `forecast`: null, or one without a band: bars alone.
std::string volume_option(const OverviewState& state, const VolumeForecast* forecast, Duration length, const Texts& t);
// What changed in the forecast, for a chart that has one; "" for nothing.
std::string forecast_appended(const VolumeForecast& from, const VolumeForecast& to, Instant as_of, std::size_t first_series);
std::string forecast_words(const VolumeForecast* forecast, const Texts& t);  // what the band rests on, or why there is none; "": not known yet
liveview::Node volume_table(const ChartSeries& volume, const VolumeForecast* forecast, const Zone& zone, const Texts& t);

}  // namespace aybiza::dashboard
