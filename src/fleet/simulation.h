// A believable fleet of voice agents: calls that arrive, speak, fail and end, as events of the public wire.
//
// Shape    agents have a customer, region, type, model and skill for life. Calls arrive as a Poisson process whose rate
//          follows hour and weekday of the agent's region; each call is written at its start as a list of timed events
//          and emitted as time passes. Faults begin and end in one region at a time and lengthen latencies, raise
//          errors and sour moods while they last.
// Units    event time; the caller decides how fast it passes.
// Errors   none. The same options give the same events.
// Cost     memory of the calls in flight, about 12 KiB each.
// Threads  none: one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/units.h"

namespace aybiza {

struct SimulationOptions {
  std::uint64_t seed = 7;
  std::size_t agents = 100;
  std::size_t customers = 5;
  double concurrency = 0;   // mean calls in flight; 0: 60 % of the agents
  double events_per_second = 0;  // when not 0, sets the concurrency so that this many events flow
  bool season = true;       // hour of day and weekday; off: a flat rate, for benchmarks
  Instant start{};          // event time of the first arrivals
};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options);
  ~Simulation();
  Simulation(const Simulation&) = delete;  // send the options instead: they are all of it

  // Every event with time in [previous until, until), in time order, as one JSON line without the newline.
  using Sink = std::function<void(Instant time, std::string_view line)>;
  void advance(Instant until, const Sink& sink);

  std::size_t calls_in_flight() const;
  std::uint64_t calls_started() const;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace aybiza
