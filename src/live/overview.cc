#include "live/overview.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "live/asking.h"
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
  TileState sample = {};
};

Reading read(const Answered<Answer>& answer, std::size_t value, std::size_t n) {
  if (!answer) return {{}, {}, {}, answer.error().message};
  Reading out{number(*answer, 0, value), number(*answer, 0, n), value < answer->relative_error.size() ? answer->relative_error[value] : std::nullopt, ""};
  note_sample(*answer, value, out.sample);
  return out;
}

struct Periods {
  Range now, before;
};

// From a whole second, minute or hour: so cut, live state has the sums ready instead of single calls to look through.
Periods periods_of(const ViewScope& scope, Instant now) {
  Range range = range_of(scope, now);
  const Duration length = range.to - range.from;
  if (!scope.from) range.from = floor_to(range.from, length <= 5min ? Duration(1s) : length <= 24h ? Duration(1min) : Duration(1h));
  return {range, {range.from - length, range.from, range.step}};
}

std::vector<Filter> resolved_of(std::vector<Filter> where) {
  where.push_back({{Dimension::resolution_status, ""}, false, {"resolved"}, false});
  return where;
}

// Outcomes have no panes of seconds: where live state no longer holds the calls of the running minute, and the store is behind, up to that
// minute. `to` says until when the answer is.
Answered<Answer> ask_or_to_the_minute(const Ask& ask, Question question, Instant& to) {
  auto answer = ask(question);
  const Instant minute = floor_to(question.to, 1min);
  if (answer || answer.error().code != "unavailable" || minute <= question.from) return answer;
  question.to = minute;
  auto shorter = ask(question);
  if (!shorter) return answer;
  to = minute;
  return shorter;
}

// The figures of one period, each tile with its value and sample; the resolution time is a question of its own.
using Tiles = std::array<TileState, overview_tiles>;
struct TileMoments {
  Instant busy{};       // agents and calls in the second before it
  Range day, period;
  bool agent = false;   // of one agent
};

void put(TileState& tile, std::string_view name, Trend trend, const Reading& reading) {
  tile.name = name;
  tile.trend = trend;
  tile.value = reading.value;
  tile.n = reading.n.value_or(0);
  tile.relative_error = reading.error;
  tile.estimate = reading.sample.estimate;
  tile.standard_error = reading.sample.standard_error;
  tile.error = reading.refusal;
}

Tiles quick_tiles(const AskTogether& ask, const std::vector<Filter>& where, const TileMoments& at) {
  Tiles tiles;
  std::vector<Question> questions = {question_of({"active_agents", "active_calls"}, at.busy - 1s, at.busy, where), question_of({"calls", "cost_usd"}, at.day.from, at.day.to, where),
                                     question_of({"success_rate", "p95_voice_latency_ms", "calls", "avg_sentiment", "turns"}, at.period.from, at.period.to, where)};
  if (at.agent) questions.push_back(question_of({"utilization", "calls"}, at.period.from, at.period.to, where));
  const auto answers = ask(questions);
  const auto &busy = answers[0], &day = answers[1], &period = answers[2];
  put(tiles[active_agents_tile], "active_agents", Trend::neither, read(busy, 0, 0));
  if (at.agent) put(tiles[active_agents_tile], "utilization", Trend::neither, read(answers[3], 0, 1));
  put(tiles[active_calls_tile], "active_calls", Trend::neither, read(busy, 1, 1));
  put(tiles[calls_today_tile], "calls_today", Trend::more_is_better, read(day, 0, 0));
  put(tiles[spend_today_tile], "spend_today_usd", Trend::less_is_better, read(day, 1, 0));
  put(tiles[success_rate_tile], "success_rate", Trend::more_is_better, read(period, 0, 2));
  put(tiles[p95_latency_tile], "p95_voice_latency_ms", Trend::less_is_better, read(period, 1, 2));
  put(tiles[avg_sentiment_tile], "avg_sentiment", Trend::more_is_better, read(period, 3, 4));
  tiles[avg_resolution_tile].name = "avg_resolution_ms";
  tiles[avg_resolution_tile].trend = Trend::less_is_better;
  return tiles;
}

void put_resolution(const Ask& ask, const std::vector<Filter>& where, const Range& range, TileState& tile) {
  Instant to = range.to;
  put(tile, "avg_resolution_ms", Trend::less_is_better, read(ask_or_to_the_minute(ask, question_of({"avg_duration_ms", "calls"}, range.from, range.to, resolved_of(where)), to), 0, 1));
}

TileMoments moments_of(const ViewScope& scope, Instant now) {
  const auto zone = Zone::load(scope.zone);
  const Instant midnight = zone ? zone->midnight_of(now) : floor_to(now, 24h);
  const Range period = periods_of(scope, now).now;
  return {period.to, {midnight, std::max(now, midnight + 1us), {}}, period, !scope.agent.empty()};
}

// The same a day and a period earlier.
TileMoments moments_before(const ViewScope& scope, Instant now) {
  const Range before = periods_of(scope, now).before;
  const Range day = moments_of(scope, now).day;
  // Yesterday's to the minute: up to there live state has it, and no row need be counted.
  return {before.to, {day.from - 24h, std::max(floor_to(now, 1min) - 24h, day.from - 24h + 1us), {}}, before, !scope.agent.empty()};
}

Tiles tiles_before(const Ask& ask, const ViewScope& scope, Instant now) {
  const TileMoments at = moments_before(scope, now);
  Tiles tiles = quick_tiles(one_by_one(ask), filters_of(scope), at);
  put_resolution(ask, filters_of(scope), at.period, tiles[avg_resolution_tile]);
  return tiles;
}

ChartSeries series_of(const Answered<Answer>& answer, std::vector<std::string> names) {
  ChartSeries series;
  series.names = std::move(names);
  series.values.resize(series.names.size());
  if (!answer) {
    series.error = answer.error().message;
    return series;
  }
  series.estimate = rests_on_sample(*answer);
  for (const auto& error : answer->relative_error)
    if (error) series.relative_error = std::max(series.relative_error.value_or(0), *error);
  for (std::size_t row = 0; row < answer->rows.size(); ++row) {
    series.times.push_back(parse_rfc3339(text(answer->rows[row][0])).value_or(Instant{}));
    for (std::size_t i = 0; i < series.names.size(); ++i) series.values[i].push_back(number(*answer, row, i + 1));
  }
  return series;
}

// Some columns of a series, by their place.
ChartSeries part_of(const ChartSeries& all, std::size_t first, std::size_t count) {
  ChartSeries part{all.times, {}, {}, all.error};
  part.estimate = all.estimate;
  part.names.assign(all.names.begin() + std::ptrdiff_t(first), all.names.begin() + std::ptrdiff_t(first + count));
  part.values.assign(all.values.begin() + std::ptrdiff_t(first), all.values.begin() + std::ptrdiff_t(first + count));
  return part;
}

// From a whole bucket: one that loses its head with every look would have to be drawn anew each time.
Question stepped(const ViewScope& scope, std::initializer_list<std::string_view> measures, std::vector<Filter> where, Instant now) {
  const Range range = range_of(scope, now);
  Question q = question_of(measures, floor_to(range.from, range.step), range.to, std::move(where));
  q.step = range.step;
  q.zone = scope.zone;
  return q;
}

// Calls at work are counted by each call that overlaps a bucket: of a whole range these are many, and of what is over only late data changes any.
ChartSeries continued(const Ask& ask, Question question, const ChartSeries& known) {
  const auto& times = known.times;
  const auto fresh_from = std::ranges::upper_bound(times, times.back() - limits::overview_series_tail) - times.begin();
  const auto kept_from = std::ranges::upper_bound(times, question.from) - times.begin();  // the bucket before it begins at `from`, or holds it
  const auto first = std::size_t(std::max<std::ptrdiff_t>(kept_from - 1, 0)), count = std::size_t(std::max<std::ptrdiff_t>(fresh_from - 1, 0));
  if (first < count) question.from = times[count];
  ChartSeries fresh = series_of(ask(question), known.names);
  if (!fresh.error.empty() || first >= count) return fresh;
  fresh.times.insert(fresh.times.begin(), times.begin() + std::ptrdiff_t(first), times.begin() + std::ptrdiff_t(count));
  for (std::size_t i = 0; i < fresh.values.size(); ++i)
    fresh.values[i].insert(fresh.values[i].begin(), known.values[i].begin() + std::ptrdiff_t(first), known.values[i].begin() + std::ptrdiff_t(count));
  fresh.estimate |= known.estimate;
  fresh.relative_error = std::max(fresh.relative_error, known.relative_error);  // none is less than any
  return fresh;
}

// The period before, bucket by bucket, as told under the times of this one. One bucket more, for the one that begins while this is shown.
ChartSeries earlier_of(const Ask& ask, const ViewScope& scope, const std::vector<Filter>& where, Instant now) {
  const Range range = range_of(scope, now);
  const Duration shift = compared_shift(range);
  Question q = stepped(scope, {"calls", "p95_response_time_ms"}, where, now);
  q.to = (scope.to ? range.to : floor_to(range.to, range.step) + 2 * range.step) - shift;
  q.from -= shift;
  ChartSeries series = series_of(ask(q), {"calls", "p95"});
  for (Instant& time : series.times) time += shift;
  return series;
}

void add_earlier(ChartSeries& chart, const ChartSeries& earlier, std::size_t which, std::string_view name) {
  if (!earlier.error.empty()) return;  // the present is shown without it
  chart.names.emplace_back(name);
  chart.values.push_back(placed(earlier, which, chart.times));
}

std::vector<Share> shares_of(const Answered<Answer>& answer, std::string& error, bool& estimate) {
  std::vector<Share> shares;
  if (!answer) return error = answer.error().message, shares;
  estimate |= rests_on_sample(*answer);
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

Duration compared_shift(const Range& range) { return (range.to - range.from + range.step - 1us) / range.step * range.step; }

std::vector<std::optional<double>> placed(const ChartSeries& from, std::size_t which, const std::vector<Instant>& times) {
  std::map<Instant, std::optional<double>> by_time;
  for (std::size_t i = 0; i < from.times.size(); ++i) by_time[from.times[i]] = from.values[which][i];
  std::vector<std::optional<double>> out;
  for (const Instant time : times) {
    const auto at = by_time.find(time);
    out.push_back(at == by_time.end() ? std::nullopt : at->second);
  }
  return out;
}

std::vector<Filter> filters_of(const ViewScope& scope) {
  std::vector<Filter> where;
  if (!scope.customers.empty()) where.push_back({{Dimension::customer_id, ""}, false, scope.customers, false});
  if (!scope.customer.empty()) where.push_back({{Dimension::customer_id, ""}, false, {scope.customer}, false});
  if (!scope.region.empty()) where.push_back({{Dimension::region, ""}, false, {scope.region}, false});
  if (!scope.agent.empty()) where.push_back({{Dimension::agent_id, ""}, false, {scope.agent}, false});
  return where;
}

std::array<TileState, overview_tiles> compute_tiles(const Ask& ask, const ViewScope& scope, Instant now) {
  auto tiles = compute_quick_tiles(one_by_one(ask), scope, now);
  const auto where = filters_of(scope);
  put_resolution(ask, where, periods_of(scope, now).now, tiles[avg_resolution_tile]);
  const Tiles before = tiles_before(ask, scope, now);
  for (std::size_t i = 0; i < tiles.size(); ++i) tiles[i].previous = before[i].value;
  return tiles;
}

AskTogether one_by_one(Ask ask) {
  return [ask = std::move(ask)](std::span<const Question> questions) {
    std::vector<Answered<Answer>> out;
    for (const Question& question : questions) out.push_back(ask(question));
    return out;
  };
}

std::array<TileState, overview_tiles> compute_quick_tiles(const AskTogether& ask, const ViewScope& scope, Instant now) {
  return quick_tiles(ask, filters_of(scope), moments_of(scope, now));
}

OverviewSlow compute_slow(const Ask& ask, const ViewScope& scope, Instant now, const OverviewSlow& known) {
  OverviewSlow slow;
  slow.at = slow.shares_at = now;
  const auto where = filters_of(scope);
  const Range range = periods_of(scope, now).now;
  const auto grouped = [&](Dimension dimension) {
    Question q = question_of({"calls", "success_rate", "p95_voice_latency_ms"}, range.from, range.to, where);
    q.by = {{dimension, ""}};
    Instant to = now;
    auto answer = ask_or_to_the_minute(ask, q, to);
    slow.shares_at = std::min(slow.shares_at, to);
    return answer;
  };
  slow.regions = shares_of(grouped(Dimension::region), slow.share_error, slow.share_estimate);
  slow.outcomes = shares_of(grouped(Dimension::call_outcome), slow.share_error, slow.share_estimate);
  const Question active = stepped(scope, {scope.agent.empty() ? "active_agents" : "utilization", "active_calls"}, where, now);
  const bool whole = known.active.times.empty() || !known.active.error.empty() || now - known.active_at >= limits::overview_whole_rhythm;
  slow.active = whole ? series_of(ask(active), {"active_agents", "active_calls"}) : continued(ask, active, known.active);
  slow.active_at = whole ? now : known.active_at;
  slow.resolution = series_of(ask(stepped(scope, {"avg_duration_ms"}, resolved_of(where), now)), {"resolution"});
  slow.before = tiles_before(ask, scope, now);
  if (scope.compare) slow.earlier = earlier_of(ask, scope, where, now);
  return slow;
}

// What was refused this time is shown as it was known last, and of then.
void keep_known(OverviewSlow& fresh, const OverviewSlow& older) {
  if (!fresh.share_error.empty() && older.share_error.empty()) {
    fresh.regions = older.regions, fresh.outcomes = older.outcomes;
    fresh.share_estimate = older.share_estimate, fresh.share_error.clear(), fresh.shares_at = older.shares_at;
  }
  for (ChartSeries OverviewSlow::*series : {&OverviewSlow::active, &OverviewSlow::resolution, &OverviewSlow::earlier})
    if (!(fresh.*series).error.empty() && (older.*series).error.empty()) fresh.*series = older.*series;
  for (std::size_t i = 0; i < overview_tiles; ++i)
    if (!fresh.before[i].error.empty() && older.before[i].error.empty()) fresh.before[i] = older.before[i];
}

OverviewState compute_charts(const Ask& ask, const ViewScope& scope, Instant now, OverviewSlow& slow) {
  if (slow.at == Instant{} || now - slow.at >= limits::overview_slow_rhythm) {
    OverviewSlow fresh = compute_slow(ask, scope, now, slow);
    if (slow.at != Instant{}) keep_known(fresh, slow);
    slow = std::move(fresh);
  }
  OverviewState state;
  state.as_of = now;
  state.slow_as_of = slow.shares_at;
  state.regions = slow.regions;
  state.outcomes = slow.outcomes;
  state.share_error = slow.share_error;
  state.share_estimate = slow.share_estimate;
  const auto where = filters_of(scope);
  const auto main = ask(stepped(scope, {"calls", "success_rate", "p50_response_time_ms", "p95_response_time_ms", "p99_response_time_ms", "avg_sentiment", "cost_usd"}, where, now));
  const ChartSeries all = series_of(main, {"calls", "success_rate", "p50", "p95", "p99", "sentiment", "cost_usd"});
  state.source = main ? main->source : "";
  state.volume = part_of(all, 0, 1);
  state.latency = part_of(all, 2, 3);
  state.latency.relative_error = all.relative_error;
  state.sentiment = part_of(all, 5, 1);
  if (scope.compare) add_earlier(state.volume, slow.earlier, 0, "Period before"), add_earlier(state.latency, slow.earlier, 1, "p95 before");
  for (std::size_t i = 0; i < overview_tiles; ++i) state.tiles[i].previous = slow.before[i].value;
  const std::optional<double> resolved_before = state.tiles[avg_resolution_tile].previous;
  put_resolution(ask, where, periods_of(scope, now).now, state.tiles[avg_resolution_tile]);
  state.tiles[avg_resolution_tile].previous = resolved_before;
  const auto spark = [&](OverviewTile tile, const ChartSeries& series, std::size_t index) {
    if (index < series.values.size()) state.tiles[tile].spark = series.values[index];
  };
  // Counts of the bucket that is still filling would look like a fall.
  const auto whole_buckets = [&](OverviewTile tile) {
    if (!state.tiles[tile].spark.empty()) state.tiles[tile].spark.pop_back();
  };
  spark(active_agents_tile, slow.active, 0);
  spark(active_calls_tile, slow.active, 1);
  spark(calls_today_tile, all, 0);
  spark(success_rate_tile, all, 1);
  spark(avg_resolution_tile, slow.resolution, 0);
  spark(p95_latency_tile, all, 3);
  spark(avg_sentiment_tile, all, 5);
  spark(spend_today_tile, all, 6);
  whole_buckets(calls_today_tile);
  whole_buckets(spend_today_tile);
  return state;
}

TileState merged(TileState quick, const TileState& charted) {
  if (quick.name == "avg_resolution_ms") return charted;
  quick.previous = charted.previous;
  quick.spark = charted.spark;
  return quick;
}

OverviewState compute_overview(const Ask& ask, const ViewScope& scope, Instant now) {
  OverviewSlow slow;
  OverviewState state = compute_charts(ask, scope, now, slow);
  const auto tiles = compute_quick_tiles(one_by_one(ask), scope, now);
  for (std::size_t i = 0; i < tiles.size(); ++i) state.tiles[i] = merged(tiles[i], state.tiles[i]);
  return state;
}

}  // namespace aybiza
