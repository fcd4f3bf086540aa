// Pages of calls out of the store: calls in flight first, then by start, latest first.
//
// Shape    the cursor is "<state>|<start>|<id>" of the last row shown: a page is a comparison, never an offset, so it
//          stays right while calls arrive.
// Errors   invalid for a cursor that is not one; the store's own.
// Threads  any.
#pragma once

#include "dashboard/source.h"
#include "store/store.h"

namespace aybiza {

std::string cursor_after(const CallRow& call);
Result<dashboard::CallsPage> list_calls(Store& store, const dashboard::CallsFilter& filter, const std::string& cursor,
                                        std::size_t limit, Duration deadline);

}  // namespace aybiza
