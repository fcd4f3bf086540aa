// `aybiza doctor --store URL`: what a PostgreSQL server brings, whether it will do, and what each finding switches on.
//
// Errors   answers the process's exit code: 0 it will do, 1 it will not, and the reason on standard error.
// Threads  runs on the calling thread.
#pragma once

#include <string>

namespace aybiza {

int run_doctor(const std::string& store);

}  // namespace aybiza
