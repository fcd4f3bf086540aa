// How conversations go from state to state: the places of a Sankey picture.
//
// Shape    of the newest ended calls of the range, the order in which their turns' states change; turns without a state are passed over, and so
//          is a state that only goes on. A step is (place in that order, state, next state, how many calls); the next state of a call's last one is
//          "", its end. The first limits::flow_steps places are told. A sampled call counts as often as it stands for.
// Errors   Refusal unavailable when the store fails or the deadline passes.
// Cost     the turns of at most limits::flow_calls calls.
// Threads  pure, but for the store, of which each call takes a connection of its own.
// Source   docs/metrics.md "Conversation flow".
#pragma once

#include "query/rows_scan.h"
#include "store/store.h"

namespace aybiza {

struct FlowQuestion {
  Instant from{}, to{};                // of the calls' start
  std::vector<std::string> customers;  // whom the reader may see; empty: all
  std::string customer, region, agent; // empty: any
};

struct FlowStep {
  std::int64_t place = 0;              // 1: the first state of a call
  std::string from, to;                // to "": the call ended
  std::int64_t calls = 0;
  friend auto operator<=>(const FlowStep&, const FlowStep&) = default;
};

struct Flow {
  std::vector<FlowStep> steps;         // by place, from, to
  std::int64_t calls = 0;              // those that told any state
  bool estimate = false;               // some of them stand for several (docs/sampling.md)
};

Answered<Flow> flow_from_store(const FlowQuestion& question, Store& store, Duration deadline);
// The same by walking over rows: the rival, and what tests' pages show.
Flow flow_from_rows(const FlowQuestion& question, const RowSet& rows);

}  // namespace aybiza
