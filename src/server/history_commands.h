// `aybiza move`: the history of a data directory from one engine to another.
//
// Errors   answers the process's exit code: 0, 1 when it cannot be done, 2 for a wrong call.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <string>

namespace aybiza {

struct MoveOptions {
  std::filesystem::path data = "./aybiza-data";
  std::string from = "duckdb", to;  // as --store
};

int run_move(const MoveOptions& options);

}  // namespace aybiza
