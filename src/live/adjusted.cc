#include "live/adjusted.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr Dimension mixed_by[] = {Dimension::region, Dimension::direction, Dimension::channel, Dimension::campaign, Dimension::language};
constexpr double z95 = 1.959964;

// Of the row's measures calls, success_rate, successful_calls, from `first` on.
Stratum stratum_in(const std::vector<Figure>& row, std::size_t first) {
  const Known rate = number_in(row, first + 1);
  const double successes = number_in(row, first + 2).value_or(0);
  if (!rate) return {};
  // Where none went well, how many outcomes are known does not follow: all of its calls are the most it can be.
  return {*rate > 0 ? std::round(successes / *rate) : number_in(row, first).value_or(0), successes};
}

std::optional<Answer> asked(const Ask& ask, const ViewScope& scope, const Range& range, const League* of, AdjustedState& into) {
  constexpr std::string_view words[] = {"calls", "success_rate", "successful_calls"};
  Question q = question_of(words, range.from, range.to, scope);
  q.limit = limits::query_rows_max;
  q.source = Source::store;  // many groups are not asked of live state
  if (of) {
    Filter agents{{Dimension::agent_id, ""}, false, {}, false};
    for (const LeagueRow& row : of->rows)
      if (!row.name.empty()) agents.values.push_back(row.name);
    q.where.push_back(std::move(agents));
    q.by.push_back({Dimension::agent_id, ""});
  }
  for (const Dimension dimension : mixed_by) q.by.push_back({dimension, ""});
  auto answer = ask(q);
  if (!answer) return into.error = answer.error().message, std::nullopt;
  into.estimate |= rests_on_sample(*answer);
  into.complete &= !answer->truncated;
  return std::move(*answer);
}

std::vector<std::string> key_of(const std::vector<Figure>& row, std::size_t first) {
  std::vector<std::string> key;
  for (std::size_t i = 0; i < std::size(mixed_by); ++i) key.push_back(text_in(row[first + i]));
  return key;
}

}  // namespace

Adjusted adjusted(const Strata& own, const Strata& all) {
  Adjusted out;
  double weight = 0, total = 0, variance = 0;
  for (const auto& [key, stratum] : all) total += stratum.n;
  for (const auto& [key, stratum] : own) {
    const auto mix = all.find(key);
    if (mix == all.end() || stratum.n <= 0) continue;
    const double w = mix->second.n;
    weight += w, out.n += stratum.n;
    out.rate += w * stratum.successes / stratum.n;
    variance += w * w * (stratum.successes + 1) * (stratum.n - stratum.successes + 1) / ((stratum.n + 2) * (stratum.n + 2)) / stratum.n;
  }
  if (weight <= 0) return {};
  out.covered = weight / total;
  out.rate /= weight;
  const double band = z95 * std::sqrt(variance) / weight;
  out.low = std::max(0.0, out.rate - band), out.high = std::min(1.0, out.rate + band);
  return out;
}

AdjustedState compute_adjusted(const Ask& ask, const ViewScope& scope, const League& league, Instant now) {
  AdjustedState state;
  state.as_of = now;
  if (!league.error.empty()) return state.error = league.error, state;
  if (league.rows.empty()) return state;
  const Range range = range_of(scope, now);
  const auto mix = asked(ask, scope, range, nullptr, state), by_agent = mix ? asked(ask, scope, range, &league, state) : std::nullopt;
  if (!by_agent || state.estimate || !state.complete) return state;
  Strata all;
  double n = 0, successes = 0;
  constexpr std::size_t dimensions = std::size(mixed_by);
  for (const auto& row : mix->rows) {
    const Stratum stratum = stratum_in(row, dimensions);
    if (stratum.n > 0) all[key_of(row, 0)] = stratum, n += stratum.n, successes += stratum.successes;
  }
  if (n > 0) state.standard = successes / n;
  std::map<std::string, Strata> own;
  for (const auto& row : by_agent->rows)
    if (const Stratum stratum = stratum_in(row, dimensions + 1); stratum.n > 0) own[text_in(row[0])][key_of(row, 1)] = stratum;
  for (const auto& [agent, strata] : own) state.agents[agent] = adjusted(strata, all);
  return state;
}

}  // namespace aybiza
