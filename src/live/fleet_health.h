// Every agent's health as a sum that explains itself: 100, less points for each named signal.
//
// Shape    a signal costs nothing up to its good value, all of its points from its bad value on, and in between in proportion. Unknown signals
//          cost nothing. Health of 80 and more is good, of 60 and more a warning, below it bad; an agent without a call in the last minutes is
//          idle and has none. Worst first; what is equal is ordered by name.
// Units    points; signals as in query/fleet_signals.h.
// Threads  pure.
// Source   docs/metrics.md "Health of an agent".
#pragma once

#include <array>
#include <string>
#include <vector>

#include "live/overview.h"
#include "query/fleet_signals.h"

namespace aybiza {

struct HealthSignal {
  std::string_view name;                                    // "slow answers"
  std::optional<double> AgentSignals::*value;
  double points = 0, good = 0, bad = 0;
};
inline constexpr std::array health_signals{
    HealthSignal{"slow answers", &AgentSignals::response_ms, 25, 1'200, 3'000}, HealthSignal{"errors", &AgentSignals::failing, 20, 0, 0.5},
    HealthSignal{"silence", &AgentSignals::silence_s, 15, 8, 30},               HealthSignal{"repeats itself", &AgentSignals::repeated, 15, 0.2, 0.6},
    HealthSignal{"mood falls", &AgentSignals::slope, 15, -0.03, -0.2},          HealthSignal{"hears badly", &AgentSignals::unsure, 10, 0.1, 0.5}};

struct Cost {
  std::size_t signal = 0;  // into health_signals
  double points = 0, value = 0;
};
struct AgentHealth {
  std::string agent;
  double health = 100;
  char letter = 'i';       // b bad, w warning, g good, i idle
  std::int64_t calls = 0, active = 0;
  std::vector<Cost> costs; // what was taken off, most first
  bool estimate = false;   // some of the calls stand for several
};
AgentHealth health_of(const AgentSignals& signals);

struct FleetState {
  Instant as_of{};
  std::vector<AgentHealth> agents;
  std::array<std::size_t, 4> counts{};  // bad, warning, good, idle
  bool estimate = false;                // of some agent
  std::string error;
};
FleetState fleet_state(const Answered<std::vector<AgentSignals>>& signals, Instant now);
// The letters of all cells, equal neighbours counted: "b12w40g9000". Sorted worst first there are four of them at most.
std::string field_runs(const FleetState& state);

}  // namespace aybiza
