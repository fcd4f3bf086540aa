// `aybiza replay` of tables: CSV and Parquet files, row by row as events through POST /v1/events.
//
// Shape    rows become events by a map (fleet/import_map.h) and go out in requests of at most 100, so that the answer names every
//          row that was refused; it is told by its line (CSV) or row (Parquet), and the others count.
// Errors   the process's exit code: 0 every row is taken, or was before; 1 some were not; 2 the call, the map or the header is wrong.
// Threads  run on the calling thread.
// Source   docs/import.md.
#pragma once

#include <atomic>
#include <filesystem>

#include "server/options.h"

namespace aybiza {

bool is_table(const std::filesystem::path& file);  // by its name: .csv, .csv.gz, .parquet
int run_import(const ReplayCommand& command, const std::atomic<bool>& stop);

}  // namespace aybiza
