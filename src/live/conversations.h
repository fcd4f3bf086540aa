// What the Conversations page shows, as numbers: how callers feel, what they talk about, how long it takes, and where the time goes.
//
// Shape    four tiles with the period before; the moods of caller turns over time as shares; topics and emotions by turns; lengths of calls; the stages
//          of a response. Computed from questions only, so every figure is also one of /api/v1/query.
// Units    wire units. Shares 0..1 of the turns whose mood is known.
// Errors   a question that fails leaves its part with the reason.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Conversations"; docs/metrics.md.
#pragma once

#include "live/overview.h"

namespace aybiza {

enum TalkTile { mood_tile, resolved_tile, satisfaction_tile, interruption_tile, talk_tiles };

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
  std::optional<double> p50_ms, p95_ms;
};

struct ConversationsState {
  Instant as_of{};
  std::array<TileState, talk_tiles> tiles;
  ChartSeries moods;             // positive, neutral, negative
  Counted topics, emotions;
  Histogram lengths;             // of calls, ms
  Histogram resolution_times;    // of resolved calls, ms
  std::string lengths_error, resolution_error, stages_error;
  bool lengths_estimate = false, stages_estimate = false;
  std::vector<Stage> stages;     // overlapping parts of one response, and last the response itself
};

ConversationsState compute_conversations(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
