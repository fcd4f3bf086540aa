#include "dashboard/work_tiles.h"

#include <algorithm>

#include "dashboard/chart_options.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::string_view rate_colours[] = {"$good", "$bad", "$c8"};
constexpr std::size_t regions_drawn = 12;

NamedBars region_bars(const FleetWork& work, const Texts& t) {
  NamedBars bars;
  bars.room = 104;
  bars.series = {{t("tab.agents"), "$c1", {}}, {t("column.calls"), "$c3", {}}};
  for (const RegionAtWork& one : work.regions) {
    if (bars.labels.size() == regions_drawn) break;
    bars.labels.push_back(or_unknown(t, one.region));
    bars.series[0].values.emplace_back(one.agents), bars.series[1].values.emplace_back(one.calls);
  }
  return bars;
}

Node regions_table(const FleetWork& work, const Texts& t) {
  const TableHead heads[] = {{t("dimension.region"), false}, {t("tab.agents")}, {t("column.calls")}};
  std::vector<TableRow> rows;
  for (const RegionAtWork& one : work.regions) rows.push_back({one.region, {or_unknown(t, one.region), show_count(t, one.agents), show_count(t, one.calls)}});
  return plain_table(definition_of(t, "work_regions").title, heads, rows);
}

Node series_rows(const ChartSeries& series, std::string_view title, std::initializer_list<Format> formats, const Zone& zone, const Texts& t) {
  std::vector<TableHead> heads{{t("frame.from"), false}};
  for (const std::string& name : series.names) heads.push_back({show_name(t, name)});
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < series.times.size(); ++i) {
    TableRow row{fmt::format("{}", to_micros(series.times[i])), {show_moment(series.times[i], zone, t)}};
    for (std::size_t column = 0; column < series.values.size(); ++column) row.cells.push_back(show(t, formats.begin()[column], series.values[column][i]));
    rows.push_back(std::move(row));
  }
  return plain_table(title, heads, rows);
}

double calls_of(const FleetWork& work) {
  double sum = 0;
  if (!work.volume.values.empty())
    for (const Known& calls : work.volume.values[0]) sum += calls.value_or(0);
  return sum;
}

}  // namespace

Node work_tiles(const FleetWork* work, const Filters& filters) {
  static const FleetWork nothing;
  const FleetWork& w = work ? *work : nothing;
  const Texts& t = texts_of(filters);
  const Zone zone = zone_or_utc(filters.zone);
  const bool loading = work == nullptr, none = calls_of(w) == 0;
  const std::string n = loading ? "" : "n " + show_count(t, calls_of(w));
  const auto title = [&](std::string_view name) { return definition_of(t, name).title; };
  const auto tile = [&](std::string_view name, bool empty, const std::string& error, bool estimate, std::string count, Node table) {
    return chart({.name = name, .size = "w-4 h-4", .loading = loading, .empty = empty, .error = error, .as_of = w.as_of, .n = std::move(count), .relative_error = std::nullopt, .estimate = estimate, .filters = filters, .table = [&] { return table; }});
  };
  return html<"{}{}{}">(tile("work_regions", w.regions.empty(), w.regions_error, w.regions_estimate, loading ? "" : how_many(t, "count.regions", w.regions.size()), regions_table(w, t)),
                        tile("work", none, w.volume.error, w.volume.estimate, n, series_rows(w.volume, title("work"), {Format::count, Format::minutes}, zone, t)),
                        tile("work_rates", none, w.rates.error, w.rates.estimate, n, series_rows(w.rates, title("work_rates"), {Format::share, Format::share, Format::share}, zone, t)));
}

std::vector<ChartPush> work_pushes(const FleetWork* left, const FleetWork& now, Duration length, const Texts& t) {
  if (!left)
    return {{"chart:chart-work", "work", bars_and_line_option(now.volume, now.as_of, length, {"$c1", "$c2", "@int", "@ms"}, t)},
            {"chart:chart-work_rates", "work_rates", lines_option(now.rates, now.as_of, {.length = length, .colours = rate_colours, .format = "@pct", .low = 0, .high = 1, .last_dashed = true}, t)},
            {"chart:chart-work_regions", "work_regions", named_bars_option(region_bars(now, t), now.as_of)}};
  std::vector<ChartPush> out;
  if (std::string changed = appended(left->volume, now.volume, now.as_of, 0); !changed.empty()) out.push_back({"chart-data:chart-work", "work", std::move(changed)});
  if (std::string changed = appended(left->rates, now.rates, now.as_of, 0); !changed.empty()) out.push_back({"chart-data:chart-work_rates", "work_rates", std::move(changed)});
  if (std::string bars = named_bars_data(region_bars(now, t), now.as_of); bars != named_bars_data(region_bars(*left, t), now.as_of)) out.push_back({"chart-data:chart-work_regions", "work_regions", std::move(bars)});
  return out;
}

}  // namespace aybiza::dashboard
