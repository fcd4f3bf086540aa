// What the Conversations page shows, as numbers: how callers feel, what they talk about, how long it takes, and where the time goes.
//
// Shape    six tiles with the period before, and two of who speaks for how long, which read turns and are computed apart; the moods of caller turns over time as shares; topics and emotions by turns; lengths of calls; the stages
//          of a response. Computed from questions only, so every figure is also one of /api/v1/query.
// Units    wire units. Shares 0..1 of the turns whose mood is known.
// Errors   a question that fails leaves its part with the reason.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Conversations"; docs/metrics.md.
#pragma once

#include "live/asking.h"
#include "query/talk_time.h"

namespace aybiza {

enum TalkTile { mood_tile, resolved_tile, satisfaction_tile, intervention_tile, caller_cuts_tile, agent_cuts_tile, talk_tiles };
inline constexpr std::array<std::string_view, talk_tiles> talk_tile_names{"avg_sentiment", "resolution_rate", "avg_satisfaction", "intervention_rate", "interruption_share", "agent_interruption_share"};
enum TalkTimeTile { silence_tile, talk_ratio_tile, talk_time_tiles };
inline constexpr std::array<std::string_view, talk_time_tiles> talk_time_names{"silence_share", "talk_ratio"};

struct NamedCount {
  std::string name;
  double value = 0;
};
struct Counted {
  std::vector<NamedCount> rows;  // most first
  std::string error;
  bool estimate = false;         // rests on sampled calls
};
struct Stage {
  std::string_view name;         // "Speech to text"
  std::optional<double> p50_ms, p95_ms, mean_ms;
};

struct ConversationsState {
  Instant as_of{};
  std::array<TileState, talk_tiles> tiles;
  Known answered;                // share of the calls that were rated
  ChartSeries moods;             // positive, neutral, negative
  Counted topics, emotions;
  Histogram lengths;             // of calls, ms
  Histogram resolution_times;    // of resolved calls, ms
  std::string lengths_error, resolution_error, stages_error;
  bool lengths_estimate = false, stages_estimate = false;
  std::vector<Stage> stages;     // hearing, thinking, speaking, which overlap, and last the response itself
};

ConversationsState compute_conversations(const Ask& ask, const ViewScope& scope, Instant now);

struct TalkTimes {
  Instant as_of{};
  std::array<TileState, talk_time_tiles> tiles;
};
using AskTalk = std::function<Answered<TalkTime>(const FleetQuestion&)>;
TalkTimes compute_talk_times(const AskTalk& talk, const ViewScope& scope, Instant now);

}  // namespace aybiza
