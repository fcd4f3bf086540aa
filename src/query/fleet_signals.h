// What can be told of every agent from its last minutes: the signals that its health is made of.
//
// Shape    turns of [from, to), joined to the calls they belong to, by agent; agents that had a call in the last hour and none now are idle.
//          A signal nobody told stays unknown. A sampled call counts as often as it stands for, in the signals too.
// Units    as the names say; shares 0..1 of the turns that could tell.
// Errors   Refusal unavailable when the store fails or the deadline passes.
// Cost     one statement over the turns of the range; at most limits::fleet_agents agents.
// Threads  pure, but for the store, of which each call takes a connection of its own.
// Source   docs/metrics.md "Health of an agent".
#pragma once

#include "query/rows_scan.h"
#include "store/store.h"

namespace aybiza {

struct FleetQuestion {
  Instant from{}, to{};                // of turns; `to` is now
  std::vector<std::string> customers;  // whom the reader may see; empty: all
  std::string customer, region;        // empty: any
};

struct AgentSignals {
  std::string agent;
  std::int64_t calls = 0, active = 0;  // with turns in the range; of these, going on
  bool estimate = false;               // some of them stand for several (docs/sampling.md)
  std::optional<double> response_ms;   // mean, of the agent's turns
  std::optional<double> silence_s;     // longest time since the last turn of a call that goes on
  std::optional<double> repeated;      // share of the agent's texts said before in the same call
  std::optional<double> slope;         // mean change of the caller's sentiment a turn, over calls
  std::optional<double> failing;       // share of its calls with an error, of those that told
  std::optional<double> unsure;        // share of caller turns heard with a confidence below 0.6
};

class SqlText;
// " AND customer_id IN (…) AND region = …": whom the question is about, as conditions of SQL; and of a row.
std::string restriction(const FleetQuestion& question, SqlText& sql);
bool concerns(const FleetQuestion& question, const CallRow& call);

Answered<std::vector<AgentSignals>> fleet_signals_from_store(const FleetQuestion& question, Store& store, Duration deadline);
// The same by walking over rows: the rival, and what tests' pages show. In order of the agents' names, as the other.
std::vector<AgentSignals> fleet_signals_from_rows(const FleetQuestion& question, const RowSet& rows);

}  // namespace aybiza
