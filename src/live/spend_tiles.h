// The Costs page's figures that rest on single pieces of usage: what was spent today, what a minute costs, what the cache saved, what has no price, and
// which stage of a call the money went to.
//
// Units    USD, shares 0..1.
// Errors   a question that fails leaves its tiles, and the stages, with the reason. Nothing known is unknown, not zero.
// Threads  pure; `ask` and `spend` may be slow and are called on a live thread.
// Source   interface.md "Costs"; docs/metrics.md "Where a call's money goes".
#pragma once

#include "live/asking.h"
#include "query/spend_parts.h"

namespace aybiza {

using AskSpend = std::function<Answered<SpendParts>(const FleetQuestion&)>;

enum SpendTile { today_tile, per_minute_tile, saved_tile, unpriced_tile, spend_tiles };
inline constexpr std::array<std::string_view, spend_tiles> spend_tile_names{"spend_today_usd", "cost_per_minute", "cache_saved", "unpriced_share"};
inline constexpr std::size_t stage_bars = cost_stages + 1;
inline constexpr std::array<std::string_view, stage_bars> stage_bar_names{"Model", "Speech to text", "Text to speech", "Telephony", "Not told apart"};

struct SpendState {
  Instant as_of{};
  std::array<TileState, spend_tiles> tiles;
  std::array<double, stage_bars> stages{};  // USD of the range
  bool stages_known = false;                // any cost is
  double unpriced_cached = 0;               // tokens read from the cache that have no price
  bool estimate = false;                    // rests on sampled calls
  std::string error;                        // of the stages
};
SpendState compute_spend(const Ask& ask, const AskSpend& spend, const ViewScope& scope, Instant now);

}  // namespace aybiza
