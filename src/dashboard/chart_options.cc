#include "dashboard/chart_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ranges>

#include "dashboard/regions.h"
#include "dashboard/show.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using liveview::JsonWriter;

std::int64_t ms(Instant t) { return to_micros(t) / 1000; }

JsonWriter& figure(JsonWriter& json, const std::optional<double>& value) {
  if (!value) return json.null();
  return json.number(std::round(*value * 1e4) / 1e4);
}

void rows(JsonWriter& json, const ChartSeries& series, std::size_t which, std::size_t first) {
  json.begin_array();
  for (std::size_t i = first; i < series.times.size(); ++i) {
    json.begin_array().integer(ms(series.times[i]));
    figure(json, series.values[which][i]).end_array();
  }
  json.end_array();
}

std::string_view axis_format(Duration length) { return length <= 15min ? "@seconds" : length <= 48h ? "@time" : "@day"; }

std::string time_axis(Duration length, bool shown = true) {
  JsonWriter json;
  json.begin_object().field("type", "time").key("axisLabel").begin_object().field("formatter", axis_format(length)).key("show").boolean(shown);
  return json.end_object().key("axisPointer").json(R"({"label":{"show":false}})").end_object().str();
}

JsonWriter begin(Instant as_of) {
  JsonWriter json;
  json.begin_object().key("as_of").integer(ms(as_of));
  return json;
}

// The period before, behind what is now.
void muted_line(JsonWriter& json, const ChartSeries& series, std::size_t which, const Texts& t) {
  json.begin_object().field("type", "line").field("name", show_name(t, series.names[which])).key("showSymbol").boolean(false).key("connectNulls").boolean(false).key("z").integer(1)
      .key("itemStyle").json(R"({"color":"$ink-faint"})").key("lineStyle").json(R"({"width":1.5,"type":"dotted","color":"$ink-faint"})").key("data");
  rows(json, series, which, 0);
  json.end_object();
}

// The bars of the outcome mix: what has no bar of its own is counted in "Other", so that the bars add up to the calls.
struct Bar {
  std::string_view label, colour;
  std::array<std::string_view, 3> outcomes;
};
constexpr Bar outcome_bars[] = {{"Successful", "$good", {"successful"}},   {"Failed", "$bad", {"failed", "error", "timeout"}},
                        {"Transferred", "$info", {"transferred"}}, {"Abandoned", "$warn", {"abandoned", "canceled"}},
                        {"Not reached", "$c6", {"voicemail", "no_answer", "busy"}}, {"Other", "$c5", {}},
                        {"Not known", "$line-strong", {"unknown"}}};
constexpr std::size_t other_bar = std::size(outcome_bars) - 2;

std::array<double, std::size(outcome_bars)> counted(const OverviewState& state) {
  std::array<double, std::size(outcome_bars)> calls{};
  for (const Share& share : state.outcomes) {
    const std::string_view outcome = share.name.empty() ? "unknown" : std::string_view(share.name);
    const auto at = std::ranges::find_if(outcome_bars, [&](const Bar& bar) { return std::ranges::find(bar.outcomes, outcome) != bar.outcomes.end(); });
    calls[at == std::end(outcome_bars) ? other_bar : std::size_t(at - outcome_bars)] += share.calls;
  }
  return calls;
}

// The area of a mark is the number of calls.
double mark_size(double calls, double most) { return 8 + 22 * std::sqrt(most > 0 ? calls / most : 0); }

// Whether the name of a mark, to its right, would run into a neighbour there.
bool neighbour_to_the_right(const OverviewState& state, const Share& mark) {
  constexpr double wide = 24, high = 6;  // degrees that a name takes
  const auto here = place_of(mark.name);
  return here && std::ranges::any_of(state.regions, [&](const Share& other) {
    const auto there = place_of(other.name);
    return there && other.calls > 0 && other.name != mark.name && there->longitude > here->longitude && there->longitude - here->longitude < wide && std::abs(there->latitude - here->latitude) < high;
  });
}

void region_marks(JsonWriter& json, const OverviewState& state) {
  double most = 0;
  for (const Share& share : state.regions) most = std::max(most, share.calls);
  json.key("data").begin_array();
  for (const Share& share : state.regions) {
    const auto place = place_of(share.name);
    if (!place || share.calls == 0) continue;
    json.begin_object().field("name", share.name).key("value").begin_array().number(place->longitude).number(place->latitude)
        .number(share.calls).end_array().key("symbolSize").number(std::round(mark_size(share.calls, most)));
    if (neighbour_to_the_right(state, share)) json.key("label").json(R"({"position":"left"})");
    json.end_object();
  }
  json.end_array();
}

void outcome_data(JsonWriter& json, const OverviewState& state) {
  const auto calls = counted(state);
  json.key("data").begin_array();
  for (std::size_t i = 0; i < calls.size(); ++i)
    json.begin_object().key("value").number(calls[i]).key("itemStyle").begin_object().field("color", outcome_bars[i].colour).end_object().end_object();
  json.end_array();
}

void write_labels(JsonWriter& json, const NamedBars& bars) {
  json.key("data").begin_array();
  for (const std::string& label : bars.labels) json.text(label);
  json.end_array();
}

void write_values(JsonWriter& json, const NamedBars::Series& series) {
  json.key("data").begin_array();
  for (const auto& value : series.values) figure(json, value);
  json.end_array();
}

}  // namespace

std::string bars_option(const ChartSeries& series, Instant as_of, Duration length, const BarsLook& look, const Texts& t) {
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").begin_object().key("left").integer(look.left).key("right").integer(12).key("top").integer(look.legend.empty() ? 14 : 34).key("bottom").integer(24).end_object()
      .key("tooltip").begin_object().field("trigger", "axis").key("axisPointer").json(R"({"type":"shadow"})").field("valueFormatter", look.format).end_object()
      .key("xAxis").json(time_axis(length)).key("yAxis").begin_object().field("type", "value").key("minInterval").integer(look.min_interval).key("splitNumber").integer(4)
      .key("axisLabel").begin_object().field("formatter", look.format == "@int" ? "@short" : look.format).end_object().end_object()
      .key("series").begin_array().begin_object().field("type", "bar").field("name", look.name).key("barMaxWidth").integer(18)
      .key("itemStyle").begin_object().field("color", look.colour).key("borderRadius").json("[2,2,0,0]").end_object().key("data");
  if (series.values.empty()) json.begin_array().end_array();
  else rows(json, series, 0, 0);
  json.end_object();
  if (series.values.size() > 1) muted_line(json, series, 1, t);
  if (!look.more.empty()) json.json(look.more);
  json.end_array();
  if (!look.legend.empty()) json.key("legend").begin_object().key("top").integer(0).key("right").integer(0).key("itemHeight").integer(8).key("itemWidth").integer(18).key("data").json(look.legend).end_object();
  return json.end_object().end_object().str();
}

std::string bars_and_line_option(const ChartSeries& series, Instant as_of, Duration length, const BarsAndLineLook& look, const Texts& t) {
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":44,"right":52,"top":34,"bottom":24})").key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18})")
      .key("tooltip").json(R"({"trigger":"axis"})").key("xAxis").json(time_axis(length)).key("yAxis").begin_array();
  const auto axis = [&](std::string_view format, bool lines) {
    json.begin_object().field("type", "value").key("min").integer(0).key("splitNumber").integer(4).key("splitLine").begin_object().key("show").boolean(lines).end_object()
        .key("axisLabel").begin_object().field("formatter", format == "@int" ? "@short" : format).end_object();
    if (format == "@int") json.key("minInterval").integer(1);
    json.end_object();
  };
  axis(look.bar_format, true), axis(look.line_format, false);
  json.end_array().key("series").begin_array();
  for (std::size_t i = 0; i < series.values.size() && i < 2; ++i) {
    const std::string_view colour = i == 0 ? look.bar_colour : look.line_colour;
    json.begin_object().field("type", i == 0 ? "bar" : "line").field("name", show_name(t, series.names[i])).key("yAxisIndex").integer(std::int64_t(i)).key("tooltip").begin_object()
        .field("valueFormatter", i == 0 ? look.bar_format : look.line_format).end_object().key("itemStyle").begin_object().field("color", colour).end_object();
    if (i == 0) json.key("barMaxWidth").integer(18);
    else json.key("showSymbol").boolean(false).key("lineStyle").begin_object().key("width").integer(2).field("color", colour).end_object();
    json.key("data");
    rows(json, series, i, 0);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

namespace {

struct AreaLook {
  std::string_view format, axis;  // of the tooltip; the y axis
  double opacity = 0.55;
  int line = 1;  // 0: none, so that a part of nothing leaves no mark on top of the others
};

std::string areas_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const AreaLook& look, const Texts& t) {
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":48,"right":12,"top":34,"bottom":24})").key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18,"icon":"roundRect"})")
      .key("tooltip").begin_object().field("trigger", "axis").field("valueFormatter", look.format).end_object().key("xAxis").json(time_axis(length))
      .key("yAxis").json(look.axis).key("series").begin_array();
  for (std::size_t i = 0; i < series.names.size() && i < colours.size(); ++i) {
    json.begin_object().field("type", "line").field("name", show_name(t, series.names[i])).field("stack", "all").key("showSymbol").boolean(false)
        .key("itemStyle").begin_object().field("color", colours[i]).end_object().key("lineStyle").begin_object().key("width").integer(look.line).end_object()
        .key("areaStyle").begin_object().field("color", colours[i]).key("opacity").number(look.opacity).end_object().key("data");
    rows(json, series, i, 0);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

}  // namespace

std::string stacked_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t) {
  return areas_option(series, as_of, length, colours, {"@pct", R"({"type":"value","min":0,"max":1,"interval":0.25,"axisLabel":{"formatter":"@pct"}})"}, t);
}

std::string counts_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t) {
  return areas_option(series, as_of, length, colours, {"@int", R"({"type":"value","min":0,"splitNumber":4,"axisLabel":{"formatter":"@short"}})", 0.7, 0}, t);
}

std::string stacked_bars_option(const ChartSeries& series, Instant as_of, Duration length, std::span<const std::string_view> colours, const Texts& t) {
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":48,"right":12,"top":34,"bottom":24})").key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18})")
      .key("tooltip").json(R"({"trigger":"axis","axisPointer":{"type":"shadow"},"valueFormatter":"@int"})").key("xAxis").json(time_axis(length))
      .key("yAxis").json(R"({"type":"value","min":0,"minInterval":1,"splitNumber":4,"axisLabel":{"formatter":"@short"}})").key("series").begin_array();
  for (std::size_t i = 0; i < series.names.size() && i < colours.size(); ++i) {
    json.begin_object().field("type", "bar").field("name", show_name(t, series.names[i])).field("stack", "all").key("barMaxWidth").integer(18)
        .key("itemStyle").begin_object().field("color", colours[i]).end_object().key("data");
    rows(json, series, i, 0);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

std::string rates_option(const ChartSeries& series, Instant as_of, std::span<const std::string_view> colours, const Texts& t) {
  return areas_option(series, as_of, 15min, colours, {"@num", R"({"type":"value","min":0,"splitNumber":4,"axisLabel":{"formatter":"@short"}})", 0.7, 0}, t);
}

std::string lines_option(const ChartSeries& series, Instant as_of, const LinesLook& look, const Texts& t) {
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":52,"right":16,"top":34,"bottom":24})").key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18})")
      .key("tooltip").begin_object().field("trigger", "axis").field("valueFormatter", look.format).end_object().key("xAxis").json(time_axis(look.length))
      .key("yAxis").begin_object().field("type", "value").key("splitNumber").integer(4).key("axisLabel").begin_object().field("formatter", look.format == "@int" ? "@short" : look.format).end_object();
  if (look.format == "@int") json.key("minInterval").integer(1);
  if (look.low) json.key("min").number(*look.low);
  if (look.high) json.key("max").number(*look.high);
  if (look.low && look.high) json.key("interval").number((*look.high - *look.low) / 4);
  json.end_object().key("series").begin_array();
  for (std::size_t i = 0; i < series.names.size() && i < look.colours.size(); ++i) {
    json.begin_object().field("type", "line").field("name", show_name(t, series.names[i])).key("showSymbol").boolean(false).key("connectNulls").boolean(false)
        .key("itemStyle").begin_object().field("color", look.colours[i]).end_object().key("lineStyle").begin_object().key("width").integer(2).field("type", look.last_dashed && i + 1 == series.names.size() ? "dashed" : "solid").field("color", look.colours[i]).end_object();
    json.key("data");
    rows(json, series, i, 0);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

std::string named_bars_option(const NamedBars& bars, Instant as_of) {
  JsonWriter json = begin(as_of);
  const auto names = [&](bool inverse) {
    json.begin_object().field("type", "category").key("inverse").boolean(inverse).key("axisLine").json(R"({"show":false})").key("axisLabel").json(R"({"color":"$ink-soft","fontSize":11,"hideOverlap":true})");
    write_labels(json, bars);
    json.end_object();
  };
  json.key("option").begin_object().key("grid").begin_object().key("left").integer(bars.standing ? 40 : bars.room).key("right").integer(bars.standing ? 12 : 64)
      .key("top").integer(bars.series.size() > 1 ? 26 : 8).key("bottom").integer(bars.standing || bars.stacked ? 24 : 8).end_object()
      .key("tooltip").begin_object().field("trigger", "axis").key("axisPointer").json(R"({"type":"shadow"})").field("valueFormatter", bars.format).end_object();
  if (bars.series.size() > 1) json.key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18})");
  json.key("xAxis");
  if (bars.standing) names(false);
  else if (bars.stacked) json.json(R"({"type":"value","splitNumber":3,"axisLabel":{"formatter":"@short"}})");  // its parts have no figures of their own
  else json.json(R"({"type":"value","show":false})");
  json.key("yAxis");
  if (bars.standing) json.json(R"({"type":"value","splitNumber":4,"axisLabel":{"formatter":"@short"}})");
  else names(true);
  json.key("series").begin_array();
  for (const NamedBars::Series& one : bars.series) {
    json.begin_object().field("type", "bar").field("name", one.name).key("barMaxWidth").integer(22).key("itemStyle").begin_object().field("color", one.colour).key("borderRadius").integer(2).end_object();
    if (bars.stacked) json.field("stack", "all");
    if (!bars.standing && !bars.stacked) json.key("label").json(fmt::format(R"({{"show":true,"position":"right","valueAnimation":false,"formatter":"{}","color":"$ink"}})", bars.format == "@int" ? "@label_int" : bars.format == "@usd" ? "@label_usd" : "@label_ms"));
    write_values(json, one);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

std::string named_bars_data(const NamedBars& bars, Instant as_of) {
  JsonWriter json = begin(as_of);
  json.key("set").begin_object().key(bars.standing ? "xAxis" : "yAxis").begin_object();
  write_labels(json, bars);
  json.end_object().key("series").begin_array();
  for (const NamedBars::Series& one : bars.series) {
    json.begin_object();
    write_values(json, one);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

std::string latency_option(const OverviewState& state, Duration length, const Texts& t) {
  JsonWriter json = begin(state.as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":56,"right":12,"top":34,"bottom":24})").key("legend").json(R"({"top":0,"right":0,"itemHeight":8,"itemWidth":18})")
      .key("tooltip").json(R"({"trigger":"axis","valueFormatter":"@ms"})").key("xAxis").json(time_axis(length))
      .key("yAxis").json(R"({"type":"value","splitNumber":4,"axisLabel":{"formatter":"@ms"}})").key("series").begin_array();
  constexpr std::array colours{"$c3", "$c1", "$c4"};
  constexpr std::array dashes{"solid", "solid", "dashed"};
  for (std::size_t i = 0; i < state.latency.names.size() && i < colours.size(); ++i) {
    json.begin_object().field("type", "line").field("name", show_name(t, state.latency.names[i])).key("showSymbol").boolean(false).key("connectNulls").boolean(false)
        .key("itemStyle").begin_object().field("color", colours[i]).end_object()
        .key("lineStyle").begin_object().key("width").integer(2).field("type", dashes[i]).field("color", colours[i]).end_object().key("data");
    rows(json, state.latency, i, 0);
    json.end_object();
  }
  if (state.latency.names.size() > colours.size()) muted_line(json, state.latency, colours.size(), t);
  return json.end_array().end_object().end_object().str();
}

std::string sentiment_option(const OverviewState& state, Duration length, std::optional<double> now, const Texts& t) {
  JsonWriter json = begin(state.as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":36,"right":10,"top":"62%","bottom":24})")
      .key("tooltip").json(R"({"trigger":"axis","valueFormatter":"@score"})").key("xAxis").json(time_axis(length))
      .key("yAxis").json(R"({"type":"value","min":-1,"max":1,"interval":1,"axisLabel":{"formatter":"@score"}})").key("series").begin_array();
  json.begin_object().field("type", "gauge").key("min").integer(-1).key("max").integer(1).key("startAngle").integer(200).key("endAngle").integer(-20)
      .key("center").json(R"(["50%","38%"])").field("radius", "68%").key("splitNumber").integer(2)
      .key("axisLine").json(R"({"lineStyle":{"width":10,"color":[[0.45,"$bad"],[0.55,"$line-strong"],[1,"$good"]]}})")
      .key("pointer").json(R"({"length":"62%","width":4,"itemStyle":{"color":"$ink"}})").key("anchor").json(R"({"show":true,"size":8,"itemStyle":{"color":"$ink"}})")
      .key("axisTick").json(R"({"show":false})").key("splitLine").json(R"({"show":false})")
      .key("axisLabel").json(R"({"distance":-34,"formatter":"@score","fontSize":10,"color":"$ink-faint"})")
      .key("detail").json(R"({"formatter":"@score","fontSize":22,"fontWeight":600,"offsetCenter":[0,"46%"],"color":"$ink"})").key("tooltip").json(R"({"show":false})")
      .key("data").begin_array().begin_object().key("value");
  figure(json, now).end_object().end_array().end_object();
  json.begin_object().field("type", "line").field("name", definition_of(t, "sentiment").title).key("showSymbol").boolean(false).key("itemStyle").json(R"({"color":"$c1"})")
      .key("lineStyle").json(R"({"width":1.5,"color":"$c1"})").key("data");
  rows(json, state.sentiment, 0, 0);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string regions_option(const OverviewState& state, const Texts& t) {
  JsonWriter json = begin(state.as_of);
  json.key("option").begin_object().key("tooltip").json(R"({"trigger":"item","valueFormatter":"@int"})")
      .key("geo").json(R"({"map":"world","silent":true,"left":4,"right":4,"top":4,"bottom":4,"boundingCoords":[[-170,78],[180,-56]]})")
      .key("series").begin_array().begin_object().field("type", "scatter").field("coordinateSystem", "geo")
      .key("dimensions").begin_array().text("lon").text("lat").text(t("column.calls")).end_array().key("encode").json(R"({"tooltip":[2]})")
      .key("itemStyle").json(R"({"color":"$accent","opacity":0.75,"borderColor":"$surface","borderWidth":1})")
      .key("label").json(R"({"show":true,"formatter":"{b}","position":"bottom","distance":3,"fontSize":11,"color":"$ink-soft"})").key("labelLayout").json(R"({"hideOverlap":true})");
  region_marks(json, state);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string outcomes_option(const OverviewState& state, const Texts& t) {
  JsonWriter json = begin(state.as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":92,"right":48,"top":4,"bottom":4})")
      .key("tooltip").json(R"({"trigger":"item","valueFormatter":"@int"})").key("xAxis").json(R"({"type":"value","show":false})")
      .key("yAxis").begin_object().field("type", "category").key("inverse").boolean(true).key("axisLine").json(R"({"show":false})")
      .key("axisLabel").json(R"({"color":"$ink-soft","fontSize":12})").key("data").begin_array();
  for (const Bar& bar : outcome_bars) json.text(show_name(t, bar.label));
  json.end_array().end_object().key("series").begin_array().begin_object().field("type", "bar").field("name", t("column.calls")).key("barMaxWidth").integer(22)
      .key("label").json(R"({"show":true,"position":"right","formatter":"@label_int","color":"$ink"})");
  outcome_data(json, state);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string appended(const ChartSeries& from, const ChartSeries& to, Instant as_of, std::size_t first_series) {
  if (to.times.empty()) return "";
  // Where the new times begin in the old ones; rows before the first difference stay.
  const std::size_t shift = std::size_t(std::ranges::lower_bound(from.times, to.times.front()) - from.times.begin());
  std::size_t same = 0;
  const auto equal = [&](std::size_t i) {
    if (shift + i >= from.times.size() || from.times[shift + i] != to.times[i]) return false;
    return std::ranges::all_of(std::views::iota(std::size_t(0), to.values.size()),
                               [&](std::size_t s) { return from.values[s][shift + i] == to.values[s][i]; });
  };
  if (from.values.size() == to.values.size())
    while (same < to.times.size() && equal(same)) ++same;
  if (same == to.times.size() && shift == 0) return "";
  JsonWriter json = begin(as_of);
  json.key("keep_from").integer(ms(to.times.front())).key("append").begin_array();
  const std::size_t first = std::min(same, to.times.size() - 1);  // an append of nothing would not drop the oldest
  for (std::size_t s = 0; s < to.values.size(); ++s) {
    json.begin_array().integer(std::int64_t(first_series + s));
    rows(json, to, s, first);
    json.end_array();
  }
  return json.end_array().end_object().str();
}

std::string sentiment_needle(Instant as_of, std::optional<double> now) {
  JsonWriter json = begin(as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object().key("data").begin_array().begin_object().key("value");
  figure(json, now);
  return json.end_object().end_array().end_object().end_array().end_object().end_object().str();
}

std::string regions_data(const OverviewState& state) {
  JsonWriter json = begin(state.as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object();
  region_marks(json, state);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string outcomes_data(const OverviewState& state) {
  JsonWriter json = begin(state.as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object();
  outcome_data(json, state);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string outcome_of_bar(const OverviewState& state, std::string_view label, const Texts& t) {
  const auto bar = std::ranges::find_if(outcome_bars, [&](const Bar& one) { return show_name(t, one.label) == label; });
  if (bar == std::end(outcome_bars)) return "";
  for (const Share& share : state.outcomes)  // most calls first
    if (!share.name.empty() && std::ranges::find(bar->outcomes, share.name) != bar->outcomes.end()) return share.name;
  return "";
}

}  // namespace aybiza::dashboard
