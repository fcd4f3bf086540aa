// Who speaks for how long: of ended calls all of whose turns tell when they began and ended.
//
// Shape    sums over calls that started in the range: their length, what agents and what callers spoke, and the time no turn covers (turns that overlap
//          count twice in what is spoken, so the silence is at least so much). A sampled call counts as often as it stands for.
// Units    ms.
// Errors   Refusal unavailable when the store fails or the deadline passes.
// Cost     one statement over the calls and turns of the range.
// Threads  pure, but for the store, of which each call takes a connection of its own.
// Source   docs/metrics.md "Talk and silence".
#pragma once

#include "query/fleet_signals.h"

namespace aybiza {

struct TalkTime {
  std::int64_t calls = 0;
  double told_ms = 0, agent_ms = 0, caller_ms = 0, silent_ms = 0;
  bool estimate = false;  // some calls stand for several (docs/sampling.md)
};

Answered<TalkTime> talk_time_from_store(const FleetQuestion& question, Store& store, Duration deadline);
TalkTime talk_time_from_rows(const FleetQuestion& question, const RowSet& rows);  // the rival, and what tests' pages show

}  // namespace aybiza
