// What the agents of a scope do over time: how much, how long, how well; and who is at work where.
//
// Shape    calls begun with their mean length; success, escalation and intervention as shares of the calls of each bucket; agents and calls of the last
//          second of the range, by region. Questions only, so every figure is one of /api/v1/query.
// Units    wire units; shares 0..1.
// Errors   a refused question leaves its part with the reason.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Agents"; docs/metrics.md.
#pragma once

#include "live/asking.h"

namespace aybiza {

struct RegionAtWork {
  std::string region;  // "" = unknown
  double agents = 0, calls = 0;
};

struct FleetWork {
  Instant as_of{};
  ChartSeries volume;  // "Calls", "Mean length" in ms
  ChartSeries rates;   // "Success", "Escalated", "Intervened"
  std::vector<RegionAtWork> regions;  // most agents first
  std::string regions_error;
  bool regions_estimate = false;      // rests on sampled calls
};
FleetWork compute_fleet_work(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
