// Where calls cost without getting anywhere: those that outlast the successful ones, and time in which nobody speaks.
//
// Shape    by kind of agent, over ended calls whose length and cost are known. Long: a call that did not succeed and lasted longer than 95 of 100
//          successful ones did; what it cost beyond that length, in proportion to time. Silent: of calls all of whose turns tell begin and end, the time no
//          turn covers (turns that overlap count twice, so it is at least so much), and its part of the cost.
// Units    ms, USD.
// Errors   Refusal unavailable when the store fails or the deadline passes.
// Cost     one statement over the calls and turns of the range.
// Threads  pure, but for the store, of which each call takes a connection of its own.
// Source   docs/money.md "Recommendations".
#pragma once

#include "query/fleet_signals.h"

namespace aybiza {

struct SpendLeak {
  std::string agent_type;                     // "" = not known
  std::int64_t calls = 0, successful = 0;     // with a known length and cost
  std::optional<double> long_ms;              // 95 of 100 successful ones are no longer; unknown: none was successful
  std::int64_t long_calls = 0;
  double long_usd = 0;                        // beyond long_ms
  std::int64_t told_calls = 0;                // whose turns tell when they began and ended
  double told_ms = 0, silent_ms = 0, told_usd = 0, silent_usd = 0;
};

// Of calls that started in [from, to). In order of the kinds' names.
Answered<std::vector<SpendLeak>> spend_leaks_from_store(const FleetQuestion& question, Store& store, Duration deadline);
// The same by walking over rows: the rival, and what tests' pages show.
std::vector<SpendLeak> spend_leaks_from_rows(const FleetQuestion& question, const RowSet& rows);

}  // namespace aybiza
