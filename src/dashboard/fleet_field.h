// The fleet as one picture, and why its worst agents are where they are.
//
// Threads  pure.
// Source   interface.md "Agents": fleet field; web/js/hooks/field.js.
#pragma once

#include <string>

#include "dashboard/address.h"
#include "live/fleet_health.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

liveview::Node field_tile(const FleetState* state, const std::string& chosen, const Filters& filters);
// The agent under the pointer first, if it is there, then the worst.
liveview::Node field_reasons(const FleetState* state, const std::string& chosen, const Filters& filters);
// "slow answers −12 (2.1 s), errors −8 (20.0 %)"
std::string reasons_of(const AgentHealth& agent, const Texts& t);
std::string field_event(const FleetState& state);  // of the Field hook

}  // namespace aybiza::dashboard
