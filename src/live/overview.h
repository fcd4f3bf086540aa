// What the Overview shows, as numbers: eight tiles with their trend, and the series behind the charts.
//
// Shape    computed from questions only, so every figure here is also a figure of /api/v1/query. `/api/v1/live` is the
//          tiles of an unfiltered Overview.
// Units    wire units.
// Errors   a question that fails leaves its tile without a value and with the reason: one tile breaks, not the page.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Pages"; decisions.md 24.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "query/answer.h"

namespace aybiza {

namespace limits {
inline constexpr auto overview_whole_rhythm = std::chrono::minutes(1);  // of a series of calls at work that has an end to go on from; until then
inline constexpr auto overview_series_tail = std::chrono::minutes(3);   // only so much of it is asked anew
}  // namespace limits

using Ask = std::function<Answered<Answer>(const Question&)>;
// Several in one go: each as Ask would answer it, in their order.
using AskTogether = std::function<std::vector<Answered<Answer>>(std::span<const Question>)>;
AskTogether one_by_one(Ask ask);

struct ViewScope {
  std::vector<std::string> customers;  // whom the viewer may see; empty: all
  std::string customer, region;        // the page's filters; empty: any
  std::string agent;                   // of an agent's own page: its utilisation stands where the number of agents would
  std::string range = "1h";            // 5m 15m 1h 24h 7d 30d
  std::string zone = "UTC";
  std::optional<Instant> from, to;     // a custom range instead
  bool compare = false;                // the charts show the period before as well
};

enum class Trend : std::uint8_t { more_is_better, less_is_better, neither };

struct TileState {
  std::string name, error;
  std::optional<double> value, previous;
  double n = 0;                        // sample size
  std::optional<double> relative_error;
  bool estimate = false;               // it rests on sampled calls
  std::optional<double> standard_error;
  Trend trend = Trend::neither;
  std::vector<std::optional<double>> spark;
};

struct ChartSeries {
  std::vector<Instant> times;
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<double>>> values;  // [name][time]
  std::string error;
  std::optional<double> relative_error = std::nullopt;     // the largest of its columns
  bool estimate = false;               // some of it rests on sampled calls
};

struct Share {
  std::string name;  // "" = unknown
  double calls = 0;
  std::optional<double> success_rate, p95_voice_latency_ms;
};

enum OverviewTile { active_agents_tile, active_calls_tile, calls_today_tile, success_rate_tile, avg_resolution_tile,
                    p95_latency_tile, avg_sentiment_tile, spend_today_tile, overview_tiles };

struct OverviewState {
  Instant as_of{};                     // the newest data in it
  Instant slow_as_of{};                // of the shares
  std::array<TileState, overview_tiles> tiles;
  std::string share_error;             // why regions or outcomes are missing
  ChartSeries volume, latency, sentiment;  // of the first two the last series is the period before, when that is asked
  std::vector<Share> regions, outcomes;
  bool share_estimate = false;         // they rest on sampled calls
  std::string source;                  // live, store
};

// What moves slowly and costs much: shares, the tiles of the period before, series of calls at work.
struct OverviewSlow {
  Instant at{};         // epoch: never computed
  Instant shares_at{};  // of when the shares are: earlier, where they were refused since
  std::vector<Share> regions, outcomes;
  bool share_estimate = false;         // they rest on sampled calls
  std::string share_error;
  Instant active_at{};                 // when all of `active` was asked; since then only its end
  ChartSeries active, resolution;
  ChartSeries earlier;                 // calls and p95 of the period before, under the times of this one; empty: not asked
  std::array<TileState, overview_tiles> before;
};

OverviewState compute_overview(const Ask& ask, const ViewScope& scope, Instant now);
// Only the tiles, without sparklines.
std::array<TileState, overview_tiles> compute_tiles(const Ask& ask, const ViewScope& scope, Instant now);
// What of them changes many times a second: their figures, without earlier ones, and without the resolution time.
std::array<TileState, overview_tiles> compute_quick_tiles(const AskTogether& ask, const ViewScope& scope, Instant now);
// Everything else, once a second: the charts; in each tile its sparkline and earlier value; the whole resolution tile.
// `slow` is renewed every limits::overview_slow_rhythm, what is older in its series of calls at work every overview_whole_rhythm.
OverviewState compute_charts(const Ask& ask, const ViewScope& scope, Instant now, OverviewSlow& slow);
// A tile's figure and what the charts know of it.
TileState merged(TileState quick, const TileState& charted);

// The range a scope means, and a step that gives some sixty points.
struct Range {
  Instant from{}, to{};
  Duration step{};
};
Range range_of(const ViewScope& scope, Instant now);

// What of one series belongs to the times of another, in place of it the unknown.
std::vector<std::optional<double>> placed(const ChartSeries& from, std::size_t which, const std::vector<Instant>& times);
// Buckets between a time and the one it is compared with: the length of the range in whole steps, as a duration.
Duration compared_shift(const Range& range);

// The scope's filters, as a question's.
std::vector<Filter> filters_of(const ViewScope& scope);

}  // namespace aybiza
