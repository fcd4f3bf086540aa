#include "live/fleet_work.h"

#include <algorithm>
#include <tuple>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

void fill_series(const Ask& ask, const ViewScope& scope, const Range& range, FleetWork& into) {
  constexpr std::string_view words[] = {"calls", "avg_duration_ms", "success_rate", "escalation_rate", "intervened_calls"};
  into.volume.names = {"Calls", "Mean length"}, into.volume.values.resize(2);
  into.rates.names = {"Success", "Escalated", "Intervened"}, into.rates.values.resize(3);
  Question q = question_of(words, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step, q.zone = scope.zone;
  const auto answer = ask(q);
  if (!answer) {
    into.volume.error = into.rates.error = answer.error().message;
    return;
  }
  into.volume.estimate = into.rates.estimate = rests_on_sample(*answer);
  for (const auto& row : answer->rows) {
    const auto time = parse_rfc3339(text_in(row[0]));
    if (!time) continue;
    const Known calls = number_in(row, 1), intervened = number_in(row, 5);
    const bool some = calls && *calls > 0, filling = *time + range.step > range.to;  // of calls that go on the short ones are known first: it would look like a fall
    into.volume.times.push_back(*time), into.rates.times.push_back(*time);
    into.volume.values[0].push_back(calls), into.volume.values[1].push_back(filling ? std::nullopt : number_in(row, 2));
    into.rates.values[0].push_back(filling ? std::nullopt : number_in(row, 3)), into.rates.values[1].push_back(filling ? std::nullopt : number_in(row, 4));
    into.rates.values[2].push_back(some && intervened && !filling ? Known(*intervened / *calls) : std::nullopt);
  }
}

void fill_regions(const Ask& ask, const ViewScope& scope, const Range& range, FleetWork& into) {
  constexpr std::string_view words[] = {"active_agents", "active_calls"};
  Question q = question_of(words, range.to - 1s, range.to, scope);
  q.by = {{Dimension::region, ""}};
  const auto answer = ask(q);
  if (!answer) {
    into.regions_error = answer.error().message;
    return;
  }
  into.regions_estimate = rests_on_sample(*answer);
  for (const auto& row : answer->rows)
    if (const RegionAtWork one{text_in(row[0]), number_in(row, 1).value_or(0), number_in(row, 2).value_or(0)}; one.agents > 0) into.regions.push_back(one);
  std::ranges::sort(into.regions, [](const RegionAtWork& a, const RegionAtWork& b) { return std::tuple(-a.agents, -a.calls, a.region) < std::tuple(-b.agents, -b.calls, b.region); });
}

}  // namespace

FleetWork compute_fleet_work(const Ask& ask, const ViewScope& scope, Instant now) {
  FleetWork out;
  out.as_of = now;
  const Range range = range_of(scope, now);
  fill_series(ask, scope, range, out);
  fill_regions(ask, scope, range, out);
  return out;
}

}  // namespace aybiza
