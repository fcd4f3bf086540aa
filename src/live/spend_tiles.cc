#include "live/spend_tiles.h"

#include <algorithm>

#include "query/zone.h"

namespace aybiza {
namespace {

constexpr std::array<Trend, spend_tiles> trends{Trend::less_is_better, Trend::less_is_better, Trend::more_is_better, Trend::less_is_better};

Known value_of(const SpendParts& parts, std::size_t tile) {
  if (tile == per_minute_tile) return parts.timed_ms > 0 ? Known(parts.timed_usd / (parts.timed_ms / 60'000)) : std::nullopt;
  if (tile == saved_tile) return parts.cached_tokens > parts.unpriced_cached ? Known(parts.saved_usd) : std::nullopt;
  return parts.usage > 0 ? Known(parts.unpriced / parts.usage) : std::nullopt;
}

// Since midnight, against yesterday up to the same time of the day.
void fill_today(const Ask& ask, const ViewScope& scope, Instant now, TileState& tile) {
  constexpr std::string_view words[] = {"cost_usd", "calls"};
  const auto loaded = Zone::load(scope.zone);
  const Zone zone = loaded ? *loaded : *Zone::load("UTC");
  const Instant midnight = zone.midnight_of(now), before = zone.midnight_of(midnight - std::chrono::hours(12));
  const auto today = ask(question_of(words, midnight, now, scope));
  if (!today) {
    tile.error = today.error().message;
    return;
  }
  if (!today->rows.empty()) tile.value = number_in(today->rows[0], 0), tile.n = number_in(today->rows[0], 1).value_or(0), note_sample(*today, 0, tile);
  const auto yesterday = ask(question_of(words, before, std::min(midnight, before + (now - midnight)), scope));
  if (yesterday && !yesterday->rows.empty()) tile.previous = number_in(yesterday->rows[0], 0);
}

}  // namespace

SpendState compute_spend(const Ask& ask, const AskSpend& spend, const ViewScope& scope, Instant now) {
  SpendState out;
  out.as_of = now;
  const Range range = range_of(scope, now);
  for (std::size_t i = 0; i < spend_tiles; ++i) out.tiles[i].name = spend_tile_names[i], out.tiles[i].trend = trends[i];
  fill_today(ask, scope, now, out.tiles[today_tile]);
  const auto over = [&](Instant from, Instant to) { return spend({from, to, scope.customers, scope.customer, scope.region}); };
  const auto present = over(range.from, range.to);
  if (!present) {
    out.error = present.error().message;
    for (std::size_t i = per_minute_tile; i < spend_tiles; ++i) out.tiles[i].error = out.error;
    return out;
  }
  const auto before = over(range.from - (range.to - range.from), range.from);
  const double n[] = {0, present->timed_calls, present->cached_tokens, present->usage};
  for (std::size_t i = per_minute_tile; i < spend_tiles; ++i) {
    TileState& tile = out.tiles[i];
    tile.value = value_of(*present, i), tile.n = n[i], tile.estimate = present->estimate;
    if (before) tile.previous = value_of(*before, i);
  }
  std::ranges::copy(present->stage_usd, out.stages.begin());
  out.stages.back() = present->apart_usd;
  out.stages_known = present->costs_known, out.estimate = present->estimate, out.unpriced_cached = present->unpriced_cached;
  return out;
}

}  // namespace aybiza
