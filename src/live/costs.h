// What the Costs page shows, as numbers: what was spent in the range and on what.
//
// Shape    four tiles with the period before, spend over time, and spend by region, kind of agent and model with the efficiency it bought. Computed
//          from questions only, so every figure is also one of /api/v1/query.
// Units    wire units (USD, tokens, shares 0..1).
// Errors   a question that fails leaves its tiles, or its chart, with the reason.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Costs"; docs/metrics.md.
#pragma once

#include "live/overview.h"

namespace aybiza {

enum CostTile { spend_tile, per_call_tile, per_resolved_tile, cache_share_tile, cost_tiles };

struct CostPart {
  std::string region, agent_type, model;  // "" = unknown
  double cost_usd = 0, calls = 0;
  std::optional<double> efficiency;       // 0..1
};

struct CostsState {
  Instant as_of{};
  std::array<TileState, cost_tiles> tiles;
  ChartSeries spend;
  std::vector<CostPart> parts;  // the dearest first; parts of no known cost are left out
  std::string parts_error;
  bool parts_estimate = false;  // rest on sampled calls
};

CostsState compute_costs(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
