// The value of any dimension of a retained call, a turn or a usage, as live questions group and filter by it.
//
// Threads  pure reads of one shard's state.
#pragma once

#include "aggregate/shard_state.h"

namespace aybiza {

using LiveValue = std::optional<std::string_view>;  // nullopt: null

// REQUIRES: !of_turn(dimension). hour_of_day, day_of_week and tag are not known live.
LiveValue call_value(const CallRecord& record, Dimension dimension);
bool known_live(Dimension dimension);

}  // namespace aybiza
