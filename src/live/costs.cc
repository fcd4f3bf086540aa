#include "live/costs.h"

#include <algorithm>
#include <tuple>

#include "live/asking.h"

namespace aybiza {
namespace {

Known ratio(const Known& above, const Known& below) { return above && below && *below > 0 ? Known(*above / *below) : std::nullopt; }

constexpr std::string_view asked[] = {"cost_usd", "cost_per_call", "resolved_calls", "cache_read_tokens", "input_tokens", "calls"};

// The tiles' figures over one period, or one interval of it; `first` is where they begin in the row.
struct Sums {
  std::array<Known, cost_tiles> value;
  std::array<double, cost_tiles> n{};
  std::string error;
  std::array<TileState, cost_tiles> sample = {};  // what of it is an estimate
};

void take(Sums& out, const std::vector<Figure>& row, std::size_t first) {
  const Known cost = number_in(row, first), resolved = number_in(row, first + 2), cached = number_in(row, first + 3), input = number_in(row, first + 4);
  const double calls = number_in(row, first + 5).value_or(0);
  out.value[spend_tile] = cost;
  out.value[per_call_tile] = number_in(row, first + 1);
  out.value[per_resolved_tile] = ratio(cost, resolved);
  if (cached && input) out.value[cache_share_tile] = ratio(cached, *cached + *input);
  out.n = {calls, calls, resolved.value_or(0), calls};
}

Sums sums_of(const Ask& ask, const ViewScope& scope, Instant from, Instant to) {
  Sums out;
  const auto answer = ask(question_of(asked, from, to, scope));
  if (!answer) return out.error = answer.error().message, out;
  if (answer->rows.empty()) return out;
  take(out, answer->rows[0], 0);
  for (std::size_t i = 0; i < cost_tiles; ++i) {
    note_sample(*answer, i == cache_share_tile ? 3 : i == per_call_tile ? 1 : 0, out.sample[i]);
    if (i == per_resolved_tile || i == cache_share_tile) out.sample[i].standard_error.reset();  // of a share that is asked as two sums
  }
  return out;
}

// The same by interval: the chart and the tiles' sparklines.
void over_time(const Ask& ask, const ViewScope& scope, const Range& range, CostsState& into) {
  Question q = question_of(asked, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step;
  q.zone = scope.zone;
  into.spend.names = {"cost_usd"};
  into.spend.values.resize(1);
  const auto answer = ask(q);
  if (!answer) {
    into.spend.error = answer.error().message;
    return;
  }
  into.spend.estimate = rests_on_sample(*answer);
  for (const auto& row : answer->rows) {
    Sums sums;
    take(sums, row, 1);
    into.spend.times.push_back(parse_rfc3339(text_in(row[0])).value_or(Instant{}));
    into.spend.values[0].push_back(sums.value[spend_tile]);
    for (std::size_t i = 0; i < cost_tiles; ++i) into.tiles[i].spark.push_back(sums.value[i]);
  }
  for (TileState& tile : into.tiles)
    if (!tile.spark.empty()) tile.spark.pop_back();  // still filling: it would look like a fall
}

}  // namespace

CostsState compute_costs(const Ask& ask, const ViewScope& scope, Instant now) {
  CostsState state;
  state.as_of = now;
  const Range range = range_of(scope, now);
  const Sums sums = sums_of(ask, scope, range.from, range.to), before = sums_of(ask, scope, range.from - (range.to - range.from), range.from);
  constexpr std::array names{"spend_usd", "cost_per_call", "cost_per_resolved", "cache_share"};
  constexpr std::array trends{Trend::less_is_better, Trend::less_is_better, Trend::less_is_better, Trend::more_is_better};
  for (std::size_t i = 0; i < cost_tiles; ++i) {
    TileState& tile = state.tiles[i];
    tile.name = names[i], tile.trend = trends[i];
    tile.value = sums.value[i], tile.n = sums.n[i], tile.error = sums.error;
    tile.previous = before.value[i];
    tile.estimate = sums.sample[i].estimate, tile.standard_error = sums.sample[i].standard_error;
  }
  over_time(ask, scope, range, state);

  constexpr std::string_view of_parts[] = {"cost_usd", "calls", "efficiency_score"};
  Question q = question_of(of_parts, range.from, range.to, scope);
  q.by = {{Dimension::region, ""}, {Dimension::agent_type, ""}, {Dimension::model_used, ""}};
  const auto parts = ask(q);
  if (!parts) return state.parts_error = parts.error().message, state;
  state.parts_estimate = rests_on_sample(*parts);
  for (const auto& row : parts->rows)
    if (const Known cost = number_in(row, 3); cost && *cost > 0)
      state.parts.push_back({text_in(row[0]), text_in(row[1]), text_in(row[2]), *cost, number_in(row, 4).value_or(0), number_in(row, 5)});
  std::ranges::sort(state.parts, [](const CostPart& a, const CostPart& b) { return std::tuple(-a.cost_usd, a.region, a.agent_type, a.model) < std::tuple(-b.cost_usd, b.region, b.agent_type, b.model); });
  return state;
}

}  // namespace aybiza
