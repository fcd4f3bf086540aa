// `aybiza simulate` and `aybiza replay`: event sources that speak the public wire only.
//
// Errors   answer the process's exit code: 0 all events were accepted, 1 some were not, 2 the call was wrong.
// Threads  run on the calling thread until done or until `stop` says so.
#pragma once

#include <atomic>

#include "server/options.h"

namespace aybiza {

int run_simulate(const FleetOptions& options, const std::atomic<bool>& stop, bool quiet = false);
int run_replay(const ReplayCommand& command, const std::atomic<bool>& stop);

}  // namespace aybiza
