// What the Chart hook draws: whole options, and the little that changed since.
//
// Shape    JSON texts for the events chart:<id> and chart-data:<id> of web/js/hooks/chart.js.
// Units    x in ms since 1970; values in wire units, unknown is null.
// Threads  pure.
// Source   Apache ECharts 5 option format.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dashboard/texts.h"
#include "live/overview.h"

namespace aybiza::dashboard {

// The names of series are said in the reader's language, where it has them.
// Bars of one series over time; a second one, the period before, is a muted line.
struct BarsLook {
  std::string_view name, colour, format;  // "Calls", "$c1", "@int"
  int left = 44, min_interval = 1;        // room for the axis; 0: any
  std::string_view more = {}, legend = {};  // further series, as JSON, and the names the legend has then
};
std::string bars_option(const ChartSeries& series, Instant as_of, Duration length, const BarsLook& look, const Texts& t);
// Bars of the first series, and a line of the second one on an axis of its own.
struct BarsAndLineLook {
  std::string_view bar_colour, line_colour, bar_format, line_format;
};
std::string bars_and_line_option(const ChartSeries& series, Instant as_of, Duration length, const BarsAndLineLook& look, const Texts& t);
// Several shares of a whole over time, stacked; colours in the order of the series.
std::string stacked_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t);
// Several counts over time, stacked as areas.
std::string counts_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t);
// The same as bars: of few, a line would be all peaks.
std::string stacked_bars_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t);
// Several figures a second over time, stacked as areas.
std::string rates_option(const ChartSeries& series, Instant as_of, std::span<const std::string_view> colours, const Texts& t);
// Lines over time.
struct LinesLook {
  Duration length{};                         // of the range: what the axis writes
  std::span<const std::string_view> colours; // in the order of the series
  std::string_view format;                   // "@pct"
  std::optional<double> low = std::nullopt, high = std::nullopt;  // of the axis; empty: as the data
  bool last_dashed = false;                  // it may lie upon another
};
std::string lines_option(const ChartSeries& series, Instant as_of, const LinesLook& look, const Texts& t);
// Bars that have names instead of times: lying, or standing.
struct NamedBars {
  struct Series {
    std::string_view name, colour;
    std::vector<std::optional<double>> values;
  };
  std::vector<std::string> labels;
  std::vector<Series> series;
  std::string_view format = "@int";
  bool standing = false, stacked = false;
  int room = 92;  // for the labels of lying bars
};
std::string named_bars_option(const NamedBars& bars, Instant as_of);
std::string named_bars_data(const NamedBars& bars, Instant as_of);
// Parts of a whole.
struct PieSlice {
  std::string name;
  double value = 0;
};
std::string pie_option(const std::vector<PieSlice>& slices, Instant as_of, std::string_view format);
std::string pie_data(const std::vector<PieSlice>& slices, Instant as_of);
std::string latency_option(const OverviewState& state, Duration length, const Texts& t);
std::string sentiment_option(const OverviewState& state, Duration length, std::optional<double> now, const Texts& t);
std::string regions_option(const OverviewState& state, const Texts& t);
std::string outcomes_option(const OverviewState& state, const Texts& t);

// The rows of `to` from the first that differs on, as {"as_of","append","keep_from"}; "" when nothing changed.
// `first_series` is the chart's index of the first of them.
std::string appended(const ChartSeries& from, const ChartSeries& to, Instant as_of, std::size_t first_series);
std::string sentiment_needle(Instant as_of, std::optional<double> now);
std::string regions_data(const OverviewState& state);
std::string outcomes_data(const OverviewState& state);
// The outcome most calls had of those that the bar of this label counts; "": there is no such bar, or none of its outcomes.
std::string outcome_of_bar(const OverviewState& state, std::string_view label, const Texts& t);

}  // namespace aybiza::dashboard
