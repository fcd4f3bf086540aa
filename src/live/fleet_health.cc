#include "live/fleet_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace aybiza {
namespace {

constexpr std::string_view letters = "bwgi";
constexpr double good_from = 80, warning_from = 60;

double cost_of(const HealthSignal& signal, double value) { return signal.points * std::clamp((value - signal.good) / (signal.bad - signal.good), 0.0, 1.0); }

}  // namespace

AgentHealth health_of(const AgentSignals& signals) {
  AgentHealth out{.agent = signals.agent, .health = 100, .letter = 'i', .calls = signals.calls, .active = signals.active, .costs = {}, .estimate = signals.estimate};
  if (signals.calls == 0) return out;
  for (std::size_t i = 0; i < health_signals.size(); ++i) {
    const auto& value = signals.*health_signals[i].value;
    const double points = value ? cost_of(health_signals[i], *value) : 0;
    if (points > 0) out.costs.push_back({i, points, *value});
    out.health -= points;
  }
  std::ranges::stable_sort(out.costs, [](const Cost& a, const Cost& b) { return a.points > b.points; });
  out.letter = out.health >= good_from ? 'g' : out.health >= warning_from ? 'w' : 'b';
  return out;
}

FleetState fleet_state(const Answered<std::vector<AgentSignals>>& signals, Instant now) {
  FleetState state;
  state.as_of = now;
  if (!signals) return state.error = signals.error().message, state;
  for (const AgentSignals& one : *signals) {
    state.agents.push_back(health_of(one));
    state.estimate |= one.estimate;
  }
  std::ranges::sort(state.agents, {}, [](const AgentHealth& a) { return std::tuple(letters.find(a.letter), a.health, std::string_view(a.agent)); });
  for (const AgentHealth& agent : state.agents) ++state.counts[letters.find(agent.letter)];
  return state;
}

std::string field_runs(const FleetState& state) {
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i)
    if (state.counts[i] > 0) out += fmt::format("{}{}", letters[i], state.counts[i]);
  return out;
}

}  // namespace aybiza
