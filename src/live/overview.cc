#include "live/overview.h"

#include <algorithm>

#include "base/limits.h"
#include "query/zone.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

Question question_of(std::initializer_list<std::string_view> measures, Instant from, Instant to, std::vector<Filter> where) {
  Question q;
  for (const std::string_view word : measures) q.measures.push_back(*parse_measure(word));
  q.from = from, q.to = to;
  q.where = std::move(where);
  q.limit = limits::query_rows_default;
  return q;
}

std::optional<double> number(const Answer& answer, std::size_t row, std::size_t column) {
  if (row >= answer.rows.size() || column >= answer.rows[row].size()) return std::nullopt;
  const auto* value = std::get_if<double>(&answer.rows[row][column]);
  return value ? std::optional(*value) : std::nullopt;
}

std::string text(const Figure& figure) {
  const auto* value = std::get_if<std::string>(&figure);
  return value ? *value : std::string{};
}

// A tile from two measures of one answer row: the value and how many stand behind it.
struct Reading {
  std::optional<double> value, n, error;
  std::string refusal;
};

Reading read(const Answered<Answer>& answer, std::size_t value, std::size_t n) {
  if (!answer) return {{}, {}, {}, answer.error().message};
  return {number(*answer, 0, value), number(*answer, 0, n), value < answer->relative_error.size() ? answer->relative_error[value] : std::nullopt, ""};
}

void put(TileState& tile, std::string name, Trend trend, const Reading& now, const Reading& before) {
  tile.name = std::move(name);
  tile.trend = trend;
  tile.value = now.value;
  tile.n = now.n.value_or(0);
  tile.relative_error = now.error;
  tile.previous = before.value;
  tile.error = now.refusal;
}

struct Periods {
  Range now, before;
};

Periods periods_of(const ViewScope& scope, Instant now) {
  const Range range = range_of(scope, now);
  const Duration length = range.to - range.from;
  return {range, {range.from - length, range.from, range.step}};
}

ChartSeries series_of(const Answered<Answer>& answer, std::vector<std::string> names) {
  ChartSeries series;
  series.names = std::move(names);
  series.values.resize(series.names.size());
  if (!answer) {
    series.error = answer.error().message;
    return series;
  }
  for (const auto& error : answer->relative_error)
    if (error) series.relative_error = std::max(series.relative_error.value_or(0), *error);
  for (std::size_t row = 0; row < answer->rows.size(); ++row) {
    series.times.push_back(parse_rfc3339(text(answer->rows[row][0])).value_or(Instant{}));
    for (std::size_t i = 0; i < series.names.size(); ++i) series.values[i].push_back(number(*answer, row, i + 1));
  }
  return series;
}

std::vector<Share> shares_of(const Answered<Answer>& answer, std::string& error) {
  std::vector<Share> shares;
  if (!answer) return error = answer.error().message, shares;
  for (std::size_t row = 0; row < answer->rows.size(); ++row)
    shares.push_back({text(answer->rows[row][0]), number(*answer, row, 1).value_or(0), number(*answer, row, 2),
                      number(*answer, row, 3)});
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) { return a.calls > b.calls; });
  return shares;
}

}  // namespace

Range range_of(const ViewScope& scope, Instant now) {
  Range range{now - 1h, now, 1min};
  if (const auto length = parse_duration(scope.range)) range.from = now - *length;
  if (scope.from) range.from = *scope.from;
  if (scope.to) range.to = std::max(*scope.to, range.from + 1s);
  const Duration length = range.to - range.from;
  range.step = length <= 5min ? Duration(5s) : length <= 15min ? Duration(15s) : length <= 2h ? Duration(1min)
               : length <= 24h ? Duration(15min) : length <= 7 * 24h ? Duration(2h) : Duration(12h);
  return range;
}

std::vector<Filter> filters_of(const ViewScope& scope) {
  std::vector<Filter> where;
  if (!scope.customers.empty()) where.push_back({{Dimension::customer_id, ""}, false, scope.customers, false});
  if (!scope.customer.empty()) where.push_back({{Dimension::customer_id, ""}, false, {scope.customer}, false});
  if (!scope.region.empty()) where.push_back({{Dimension::region, ""}, false, {scope.region}, false});
  return where;
}

std::array<TileState, overview_tiles> compute_tiles(const Ask& ask, const ViewScope& scope, Instant now) {
  std::array<TileState, overview_tiles> tiles;
  const auto where = filters_of(scope);
  const auto [current, before] = periods_of(scope, now);
  const auto zone = Zone::load(scope.zone);
  const Instant midnight = zone ? zone->midnight_of(now) : floor_to(now, 24h);

  const auto busy = [&](Instant at) { return ask(question_of({"active_agents", "active_calls"}, at - 1s, at, where)); };
  const auto busy_now = busy(current.to), busy_before = busy(before.to);
  put(tiles[active_agents_tile], "active_agents", Trend::neither, read(busy_now, 0, 0), read(busy_before, 0, 0));
  put(tiles[active_calls_tile], "active_calls", Trend::neither, read(busy_now, 1, 1), read(busy_before, 1, 1));

  const auto day = [&](Instant from, Instant to) { return ask(question_of({"calls", "cost_usd"}, from, to, where)); };
  const auto today = day(midnight, std::max(now, midnight + 1us)), yesterday = day(midnight - 24h, std::max(now - 24h, midnight - 24h + 1us));
  put(tiles[calls_today_tile], "calls_today", Trend::more_is_better, read(today, 0, 0), read(yesterday, 0, 0));
  put(tiles[spend_today_tile], "spend_today_usd", Trend::less_is_better, read(today, 1, 0), read(yesterday, 1, 0));

  const auto period = [&](const Range& range) {
    return ask(question_of({"success_rate", "p95_voice_latency_ms", "calls"}, range.from, range.to, where));
  };
  const auto now_calls = period(current), before_calls = period(before);
  put(tiles[success_rate_tile], "success_rate", Trend::more_is_better, read(now_calls, 0, 2), read(before_calls, 0, 2));
  put(tiles[p95_latency_tile], "p95_voice_latency_ms", Trend::less_is_better, read(now_calls, 1, 2), read(before_calls, 1, 2));

  auto resolved = where;
  resolved.push_back({{Dimension::resolution_status, ""}, false, {"resolved"}, false});
  const auto resolution = [&](const Range& range) { return ask(question_of({"avg_duration_ms", "calls"}, range.from, range.to, resolved)); };
  put(tiles[avg_resolution_tile], "avg_resolution_ms", Trend::less_is_better, read(resolution(current), 0, 1), read(resolution(before), 0, 1));

  const auto mood = [&](const Range& range) { return ask(question_of({"avg_sentiment", "turns"}, range.from, range.to, where)); };
  put(tiles[avg_sentiment_tile], "avg_sentiment", Trend::more_is_better, read(mood(current), 0, 1), read(mood(before), 0, 1));
  return tiles;
}

OverviewState compute_charts(const Ask& ask, const ViewScope& scope, Instant now) {
  OverviewState state;
  state.as_of = now;
  const auto where = filters_of(scope);
  const Range range = range_of(scope, now);
  const auto stepped = [&](std::initializer_list<std::string_view> measures, std::vector<Filter> filters) {
    // From a whole bucket: one that loses its head with every look would have to be drawn anew each time.
    Question q = question_of(measures, floor_to(range.from, range.step), range.to, std::move(filters));
    q.step = range.step;
    q.zone = scope.zone;
    return ask(q);
  };
  const auto volume = stepped({"calls", "success_rate", "active_calls", "active_agents", "cost_usd"}, where);
  const ChartSeries all = series_of(volume, {"calls", "success_rate", "active_calls", "active_agents", "cost_usd"});
  state.volume = series_of(volume, {"calls", "success_rate"});
  state.source = volume ? volume->source : "";
  state.latency = series_of(stepped({"p50_response_time_ms", "p95_response_time_ms", "p99_response_time_ms"}, where), {"p50", "p95", "p99"});
  state.sentiment = series_of(stepped({"avg_sentiment"}, where), {"sentiment"});
  auto resolved = where;
  resolved.push_back({{Dimension::resolution_status, ""}, false, {"resolved"}, false});
  const ChartSeries resolution = series_of(stepped({"avg_duration_ms"}, std::move(resolved)), {"resolution"});
  const auto grouped = [&](Dimension dimension) {
    Question q = question_of({"calls", "success_rate", "p95_voice_latency_ms"}, range.from, range.to, where);
    q.by = {{dimension, ""}};
    return ask(q);
  };
  state.regions = shares_of(grouped(Dimension::region), state.share_error);
  state.outcomes = shares_of(grouped(Dimension::call_outcome), state.share_error);
  const auto spark = [&](OverviewTile tile, const ChartSeries& series, std::size_t index) {
    if (index < series.values.size()) state.tiles[tile].spark = series.values[index];
  };
  // Counts of the bucket that is still filling would look like a fall.
  const auto whole_buckets = [&](OverviewTile tile) {
    if (!state.tiles[tile].spark.empty()) state.tiles[tile].spark.pop_back();
  };
  spark(active_agents_tile, all, 3);
  spark(active_calls_tile, all, 2);
  spark(calls_today_tile, all, 0);
  spark(success_rate_tile, all, 1);
  spark(avg_resolution_tile, resolution, 0);
  spark(p95_latency_tile, state.latency, 1);
  spark(avg_sentiment_tile, state.sentiment, 0);
  spark(spend_today_tile, all, 4);
  whole_buckets(calls_today_tile);
  whole_buckets(spend_today_tile);
  return state;
}

OverviewState compute_overview(const Ask& ask, const ViewScope& scope, Instant now) {
  OverviewState state = compute_charts(ask, scope, now);
  auto tiles = compute_tiles(ask, scope, now);
  for (std::size_t i = 0; i < tiles.size(); ++i) tiles[i].spark = std::move(state.tiles[i].spark);
  state.tiles = std::move(tiles);
  return state;
}

}  // namespace aybiza
