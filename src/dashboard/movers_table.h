// The tile of what changed: a line a move, with both periods and their samples, leading to the calls behind it.
//
// Threads  pure.
// Source   interface.md "Overview"; live/movers.h.
#pragma once

#include "dashboard/address.h"
#include "live/movers.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

liveview::Node movers_tile(const Movers* movers, const Filters& filters);  // null: still loading

}  // namespace aybiza::dashboard
