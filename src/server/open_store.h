// A store by the words of --store.
//
// Errors   invalid: neither duckdb nor a postgres:// address; else as the engine says.
// Threads  a function.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "store/store.h"

namespace aybiza {

// REQUIRES: clock outlives the store.
Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& data, const std::string& store, const Clock& clock);

}  // namespace aybiza
