// The tiles of what agents do: how much and how long, how well, and where.
//
// Shape    a tile each, and the options and changes of their charts ("chart-work", "chart-work_rates", "chart-work_regions").
// Threads  pure.
// Source   interface.md "Agents".
#pragma once

#include "dashboard/address.h"
#include "live/fleet_work.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

liveview::Node work_tiles(const FleetWork* work, const Filters& filters);  // null: still loading

struct ChartPush {
  std::string event, id, json;
};
// What the charts need to show `now`: everything where `left` is null, else what changed since.
std::vector<ChartPush> work_pushes(const FleetWork* left, const FleetWork& now, Duration length, const Texts& t);

}  // namespace aybiza::dashboard
