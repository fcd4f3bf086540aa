// One simulated call, written down from its first ring to its rating.
//
// Shape    write_call() appends timed JSON lines in the wire contract of events.md.
// Threads  pure but for the Random it is given.
#pragma once

#include <string>
#include <vector>

#include "base/units.h"
#include "fleet/random.h"

namespace aybiza {

struct SimulatedAgent {
  std::string id, name, type, version, customer, region, model, language, campaign;
  double skill = 0.8;    // share of calls that go well
  double slowness = 1;   // multiplies stage latencies
};

struct Weather {         // what a fault does to calls of its region while it lasts
  double slowness = 1, errors = 0, mood = 0;
};

struct TimedLine {
  Instant time{};
  std::string line;
};

struct CallRequest {
  std::uint64_t number = 0;  // makes ids unique within a run
  std::string_view run;      // makes ids unique between runs
  Instant start{};
  const SimulatedAgent* agent = nullptr;
  Weather weather;
};

// Appends the call's events in time order and answers when it ends.
Instant write_call(const CallRequest& request, Random& random, std::vector<TimedLine>& out);

}  // namespace aybiza
