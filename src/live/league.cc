#include "live/league.h"

#include <algorithm>
#include <cctype>

#include "base/limits.h"
#include "live/asking.h"

namespace aybiza {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return out;
}

// Unknown is neither high nor low: it comes last in both directions. Equal figures are in the order of their names.
bool before(const LeagueRow& a, const LeagueRow& b, const LeagueSpec& spec) {
  const auto& x = a.figures[spec.sorted_by];
  const auto& y = b.figures[spec.sorted_by];
  if (x.has_value() != y.has_value()) return x.has_value();
  if (x && *x != *y) return spec.descending ? *x > *y : *x < *y;
  return a.name < b.name;
}

}  // namespace

League compute_league(const Ask& ask, const ViewScope& scope, const LeagueSpec& spec, Instant now) {
  League league;
  league.as_of = now;
  Question q;
  for (const std::string_view word : spec.measures) q.measures.push_back(*parse_measure(word));
  q.by = {{spec.dimension, ""}};
  const Range range = range_of(scope, now);
  q.from = range.from, q.to = range.to;
  q.where = filters_of(scope);
  q.limit = limits::query_rows_max;
  // Ten thousand groups keep a shard for a tenth of a second, and what moves on other pages waits behind it; the store has hands to spare.
  if (spec.dimension == Dimension::agent_id) q.source = Source::store;
  const auto answer = ask(q);
  if (!answer) return league.error = answer.error().message, league;
  league.source = answer->source;
  league.as_of = answer->as_of;
  league.complete = !answer->truncated;
  league.estimate = rests_on_sample(*answer);
  for (std::size_t i = 0; i < spec.measures.size(); ++i)
    league.relative_error.push_back(i + 1 < answer->relative_error.size() ? answer->relative_error[i + 1] : std::nullopt);
  const std::string wanted = lower(spec.search);
  for (const auto& row : answer->rows) {
    LeagueRow out;
    if (const auto* name = std::get_if<std::string>(&row[0])) out.name = *name;
    if (!wanted.empty() && lower(out.name).find(wanted) == std::string::npos) continue;
    for (std::size_t i = 1; i < row.size(); ++i) {
      const auto* value = std::get_if<double>(&row[i]);
      out.figures.push_back(value ? std::optional(*value) : std::nullopt);
    }
    league.rows.push_back(std::move(out));
  }
  league.found = league.rows.size();
  const std::size_t kept = std::min(spec.rows, league.rows.size());
  const auto order = [&](const LeagueRow& a, const LeagueRow& b) { return before(a, b, spec); };
  std::ranges::partial_sort(league.rows, league.rows.begin() + std::ptrdiff_t(kept), order);
  league.rows.resize(kept);
  return league;
}

}  // namespace aybiza
