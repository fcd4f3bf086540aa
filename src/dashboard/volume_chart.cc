#include "dashboard/volume_chart.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "liveview/json.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::array<std::string_view, 4> band_names{"Expected", "Expected at least", "90 % band", "Expected at most"};

bool has_band(const VolumeForecast* forecast) { return forecast && forecast->why == NoForecast::none && !forecast->times.empty(); }

ChartSeries band_of(const VolumeForecast& forecast) {
  ChartSeries out;
  out.times = forecast.times;
  out.names.assign(band_names.begin(), band_names.end());
  out.values.resize(band_names.size());
  for (const Expected& e : forecast.expected) {
    out.values[0].emplace_back(e.middle), out.values[1].emplace_back(e.low);
    out.values[2].emplace_back(e.high - e.low), out.values[3].emplace_back(e.high);
  }
  return out;
}

// The band is what stands upon its lower edge; its edges are not drawn, but told.
std::string band_series(const ChartSeries& band, const Texts& t) {
  std::string out;
  for (std::size_t i = 0; i < band.values.size(); ++i) {
    JsonWriter json;
    json.begin_object().field("type", "line").field("name", show_name(t, band.names[i])).key("showSymbol").boolean(false).key("silent").boolean(true).key("z").integer(i == 0 ? 3 : 1)
        .key("tooltip").begin_object().key("show").boolean(i != 2).field("valueFormatter", "@tenth").end_object().key("itemStyle").json(R"({"color":"$c4"})");
    if (i == 0) json.key("lineStyle").json(R"({"width":1.5,"type":"dashed","color":"$c4"})");
    else json.key("lineStyle").json(R"({"opacity":0})");
    if (i == 1 || i == 2) json.field("stack", "band");
    if (i == 2) json.key("areaStyle").json(R"({"color":"$c4","opacity":0.2})");
    json.key("data").begin_array();
    for (std::size_t row = 0; row < band.times.size(); ++row) json.begin_array().integer(to_micros(band.times[row]) / 1000).number(std::round(band.values[i][row].value_or(0) * 1e4) / 1e4).end_array();
    out += (i > 0 ? "," : "") + json.end_array().end_object().str();
  }
  return out;
}

std::string expected_text(const Texts& t, double calls) { return calls < 10 ? show_number(t, calls, 1) : show_count(t, std::round(calls)); }

}  // namespace

std::string volume_option(const OverviewState& state, const VolumeForecast* forecast, Duration length, const Texts& t) {
  const std::string more = has_band(forecast) ? band_series(band_of(*forecast), t) : "";
  std::string names;
  if (!more.empty()) {
    JsonWriter json;
    json.begin_array().text(t("column.calls"));
    for (std::size_t i = 1; i < state.volume.names.size(); ++i) json.text(show_name(t, state.volume.names[i]));
    names = json.text(show_name(t, band_names[0])).text(show_name(t, band_names[2])).end_array().str();
  }
  return bars_option(state.volume, state.as_of, length, {.name = t("column.calls"), .colour = "$c1", .format = "@int", .more = more, .legend = names}, t);
}

std::string forecast_appended(const VolumeForecast& from, const VolumeForecast& to, Instant as_of, std::size_t first_series) { return appended(band_of(from), band_of(to), as_of, first_series); }

std::string forecast_words(const VolumeForecast* forecast, const Texts& t) {
  if (!forecast) return "";
  switch (forecast->why) {
    case NoForecast::none: return t("forecast.band", std::lround(forecast->days));
    case NoForecast::too_little: return t("forecast.too_little", std::int64_t(forecast->days), 7 * seasonal_least_weeks);
    case NoForecast::too_long: return t("forecast.too_long", forecast_weeks);
    case NoForecast::sampled: return std::string(t("forecast.sampled"));
    case NoForecast::failed: return t("forecast.failed", forecast->error);
  }
  return "";
}

Node volume_table(const ChartSeries& volume, const VolumeForecast* forecast, const Zone& zone, const Texts& t) {
  std::vector<TableHead> heads{{t("frame.from"), false}, {t("column.calls")}};
  for (std::size_t i = 1; i < volume.names.size(); ++i) heads.push_back({show_name(t, volume.names[i])});
  const std::size_t figures = heads.size() - 1;
  const bool band = has_band(forecast);
  if (band)
    for (const std::size_t i : {0, 1, 3}) heads.push_back({show_name(t, band_names[i])});
  std::set<Instant> times(volume.times.begin(), volume.times.end());
  if (band) times.insert(forecast->times.begin(), forecast->times.end());
  std::vector<TableRow> lines;
  for (const Instant time : times) {
    TableRow line{fmt::format("{}", to_micros(time)), {show_moment(time, zone, t)}};
    const auto row = std::ranges::lower_bound(volume.times, time);
    const bool counted = row != volume.times.end() && *row == time;
    for (std::size_t i = 0; i < figures; ++i)
      line.cells.push_back(counted && i < volume.values.size() ? show(t, Format::count, volume.values[i][std::size_t(row - volume.times.begin())]) : std::string(dash));
    if (band) {
      const auto at = std::ranges::lower_bound(forecast->times, time);
      const Expected* e = at != forecast->times.end() && *at == time ? &forecast->expected[std::size_t(at - forecast->times.begin())] : nullptr;
      for (const auto figure : {&Expected::middle, &Expected::low, &Expected::high}) line.cells.push_back(e ? expected_text(t, e->*figure) : std::string(dash));
    }
    lines.push_back(std::move(line));
  }
  return plain_table(definition_of(t, "volume").title, heads, lines);
}

}  // namespace aybiza::dashboard
