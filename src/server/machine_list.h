// What machines reported of themselves, the newest of each region: the table of the System page.
//
// Errors   as the store's.
// Threads  any; each call uses its own connection of the store.
// Source   events.md `system`; docs/sql.md `system_performance_metrics`.
#pragma once

#include "store/store.h"

namespace aybiza {

// Since `since`, by customer and region; at most limits::page_machines. `customers` empty: all; `customer` empty: any of them.
Result<std::vector<SystemRow>> newest_machines(Store& store, const std::vector<std::string>& customers, const std::string& customer, Instant since, Duration deadline);

}  // namespace aybiza
