#include "live/movers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view asked[] = {"calls", "success_rate", "successful_calls", "error_rate", "escalation_rate", "p50_voice_latency_ms", "p95_voice_latency_ms", "p50_cost_usd", "p95_cost_usd"};
constexpr std::optional<Dimension> looked_at[] = {std::nullopt, Dimension::customer_id, Dimension::region, Dimension::agent_type, Dimension::agent_id, Dimension::agent_version,
                                                  Dimension::model_used, Dimension::campaign, Dimension::language, Dimension::direction, Dimension::channel, Dimension::carrier};
constexpr std::array trends{Trend::more_is_better, Trend::less_is_better, Trend::less_is_better, Trend::neither, Trend::less_is_better, Trend::less_is_better};

struct Observed {
  double calls = 0;
  std::array<Known, moved_figures> value;
  std::array<double, moved_figures> n{};
  std::array<Known, moved_figures> spread;  // standard deviation, where the figure is a median
};

Known spread_of(const Known& p50, const Known& p95) { return p50 && p95 ? Known((*p95 - *p50) / 1.645) : std::nullopt; }

Observed observed(const std::vector<Figure>& row, std::size_t first) {
  Observed out;
  const auto figure = [&](std::size_t i) { return number_in(row, first + i); };
  out.calls = figure(0).value_or(0);
  out.value = {figure(1), figure(3), figure(4), std::nullopt, figure(5), figure(7)};
  out.n.fill(out.calls);
  // A success rate is of the calls whose outcome is known; where none went well, how many these were does not follow.
  if (figure(1) && *figure(1) > 0 && figure(2)) out.n[0] = *figure(2) / *figure(1);
  out.spread[std::size_t(MovedFigure::latency)] = spread_of(figure(5), figure(6));
  out.spread[std::size_t(MovedFigure::cost)] = spread_of(figure(7), figure(8));
  return out;
}

using Members = std::map<std::string, std::pair<Observed, Observed>>;  // before, now

double of_shares(double p, double n, double q, double m) {
  const double pooled = (p * n + q * m) / (n + m), error = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return error > 0 ? std::abs(q - p) / error : 0;
}

double of_medians(double p, double s, double n, double q, double t, double m) {
  const double error = 1.2533 * std::sqrt(s * s / n + t * t / m);
  return error > 0 ? std::abs(q - p) / error : 0;
}

// What is beyond chance may still be too small to speak of.
bool worth_telling(MovedFigure figure, double before, double now) {
  const bool share = figure < MovedFigure::latency;
  return share ? std::abs(now - before) >= 0.01 : before > 0 && std::abs(now - before) / before >= 0.05;
}

void compare(const std::optional<Dimension>& dimension, const std::string& member, const Observed& before, const Observed& now, std::vector<Mover>& out) {
  for (std::size_t i = 0; i < moved_figures; ++i) {
    const MovedFigure figure = MovedFigure(i);
    const Known &p = before.value[i], &q = now.value[i];
    const double n = before.n[i], m = now.n[i];
    const bool enough = figure == MovedFigure::share ? before.calls + now.calls >= mover_least_calls && n > 0 && m > 0 : n >= mover_least_calls && m >= mover_least_calls;
    if (!p || !q || !enough || !worth_telling(figure, *p, *q)) continue;
    if (figure >= MovedFigure::latency && (!before.spread[i] || !now.spread[i])) continue;
    const double strength = figure < MovedFigure::latency ? of_shares(*p, n, *q, m) : of_medians(*p, *before.spread[i], n, *q, *now.spread[i], m);
    if (strength >= mover_least_strength) out.push_back({dimension, member, figure, *p, *q, before.calls, now.calls, strength, trends[i]});
  }
}

// nullopt: refused, and `into` says why.
std::optional<Members> members_of(const Ask& ask, const ViewScope& scope, const std::optional<Dimension>& dimension, const Range& range, Movers& into) {
  Members members;
  const Instant before = range.from - (range.to - range.from);
  for (const auto& [from, to, second] : {std::tuple(before, range.from, false), std::tuple(range.from, range.to, true)}) {
    Question q = question_of(asked, from, to, scope);
    if (dimension) q.by = {{*dimension, ""}}, q.limit = limits::query_rows_max;
    if (dimension == Dimension::agent_id) q.source = Source::store;  // ten thousand groups are not asked of live state
    const auto answer = ask(q);
    if (!answer) return into.error = answer.error().message, std::nullopt;
    into.estimate |= rests_on_sample(*answer);
    for (const auto& row : answer->rows) {
      const std::string name = dimension ? text_in(row[0]) : "";
      if (name == "__other__") continue;
      auto& both = members[name];
      (second ? both.second : both.first) = observed(row, dimension ? 1 : 0);
    }
  }
  return members;
}

void add_shares(Members& members) {
  double before = 0, now = 0;
  for (const auto& [name, both] : members) before += both.first.calls, now += both.second.calls;
  if (before <= 0 || now <= 0) return;
  constexpr std::size_t share = std::size_t(MovedFigure::share);
  for (auto& [name, both] : members) {
    both.first.value[share] = both.first.calls / before, both.first.n[share] = before;
    both.second.value[share] = both.second.calls / now, both.second.n[share] = now;
  }
}

}  // namespace

Range movers_range(const ViewScope& scope, Instant now) {
  Range range = range_of(scope, now);
  if (scope.from || scope.to) return range;
  const Duration length = range.to - range.from;
  range.to = floor_to(range.to, std::chrono::minutes(1));
  range.from = range.to - length;
  return range;
}

Movers compute_movers(const Ask& ask, const ViewScope& scope, Instant now) {
  Movers out;
  const Range range = movers_range(scope, now);
  out.as_of = std::min(now, range.to);
  for (const auto& dimension : looked_at) {
    auto members = members_of(ask, scope, dimension, range, out);
    if (!members) return out.list.clear(), out;
    if (dimension && members->size() < 2) continue;  // it says what all calls say
    if (dimension) add_shares(*members);
    for (const auto& [name, both] : *members) compare(dimension, name, both.first, both.second, out.list);
  }
  if (out.estimate) out.list.clear();
  std::ranges::stable_sort(out.list, std::greater(), &Mover::strength);
  if (out.list.size() > movers_shown) out.list.resize(movers_shown);
  return out;
}

}  // namespace aybiza
