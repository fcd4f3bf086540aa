// The default store: one DuckDB file beside the spool.
//
// Shape    <directory>/store.duckdb, its log beside it (.wal) and store.tmp/ for spills and Parquet exports. One writer
//          connection behind a lock, a bounded pool of reading connections; DuckDB's snapshots keep them apart.
// Units    see docs/sql.md.
// Errors   conflict: another process has the file open. unsupported: the file is of a newer version, nothing was
//          touched. A damaged log is moved aside and the store opens at its last checkpoint: stats().repaired says
//          so, applied() is what it was then, and the spool fills the gap.
//          A log without its last commit mark is cut there (duck_log.h). unavailable: a commit failed and the file is opened anew as soon
//          as nobody reads an answer; stats().reopened counts it.
// Cost     about 300 000 rows/s of the usual mix, a third of a core for 100 000 events/s (bench/store_bench.cc); a commit is
//          one fsync, a checkpoint (every limits::store_checkpoint_bytes of log) holds the writer for about a second at
//          100 000 events/s (AYBIZA_BENCH_TRACE=1 bench/ingest_bench 100000 60 4).
// Threads  see store.h.
// Source   dependencies.md 1; reliability.md 1.12, 3.1 rules 6, 7; storage.md 1.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "store/store.h"

namespace aybiza {

struct DuckdbOptions {
  std::string directory;      // created if it is missing
  std::string node = "local";  // whose offsets these are
  const Clock* clock = nullptr;
  std::string archive = {};    // where retention puts Parquet files; empty: <directory>/archive
  std::size_t memory_bytes = limits::store_memory_bytes;
  std::size_t checkpoint_bytes = limits::store_checkpoint_bytes;
  int threads = 1;
};

// REQUIRES: options.clock outlives the store.
Result<std::unique_ptr<Store>> open_duckdb_store(const DuckdbOptions& options);

}  // namespace aybiza
