// How busy the fleet is by hour of the day and day of the week.
//
// Shape    busy agent-seconds of the hours of one (weekday, hour), by the calls that started in them, over the agent-seconds there were: the agents
//          that took a call anywhere in the time, for as long as these hours lasted. Hours before the first call say nothing; later ones
//          without calls were idle. The range, but at least limits::heat_least, in the zone of the page.
// Units    shares; above 1 where calls that began in an hour lasted beyond it, or an agent takes several at once.
// Errors   a refused question becomes `error`.
// Cost     two questions that rollups answer.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Agents"; docs/metrics.md "Utilisation by hour".
#pragma once

#include "live/asking.h"

namespace aybiza {

struct Heat {
  Instant as_of{}, from{};
  std::array<std::array<Known, 24>, 7> share{};  // [Monday = 0][hour]; unknown: no such hour since the first call
  double agents = 0;
  std::string error;
};
Heat compute_heat(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
