// A table of calls that can be read while calls come faster than that: at each look a few rows are exchanged, not all.
//
// Shape    what is shown keeps its calls, each as it is now, in the table's order: in progress first, then the latest. Of calls that are new to it the first
//          few go in, and the last ones leave. Where no more than those few come between two looks, it is the list as asked for.
//          `next` stands behind the last row above which no call is missing, so whoever turns pages leaves none out.
// Cost     a sort of a page of rows.
// Threads  pure.
// Source   interface.md "Calls".
#pragma once

#include <functional>
#include <span>

#include "dashboard/source.h"

namespace aybiza::dashboard {

struct HeldCalls {
  CallsPage page;
  std::size_t waiting = 0;    // calls that stand before some of those shown, and are not shown
  bool more_waiting = false;  // and at least so many: a page of the list is full of them
};

// Calls that were shown and are not in `asked`: how they are now has to be looked up.
std::vector<Id> not_among(const CallsPage& shown, const CallsPage& asked);

// `others`: what was found of not_among(). `exchanged`: new rows at a time, unless there is room for more of them; `most` rows in all.
HeldCalls hold_calls(const CallsPage& shown, const CallsPage& asked, std::span<const CallRow> others, std::size_t exchanged, std::size_t most,
                     const std::function<std::string(const CallRow&)>& cursor_after);

}  // namespace aybiza::dashboard
