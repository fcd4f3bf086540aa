// Opening the embedded store's file: settings, repair of its log, and the lock that keeps a second store out.
//
// Errors   conflict: another process or store has the file. A log that does not replay is moved aside and said so.
// Threads  the opening thread's; a FileLock is held for the store's life.
// Source   reliability.md 1.12.
#pragma once

#include <string>

#include "store/duck.h"

namespace aybiza {

struct DuckOpening {
  std::string scratch;  // where it may spill
  std::size_t memory_bytes = 0;
  int threads = 1;
};

// Opens the file; a log that does not replay is moved aside, and the file opens at its last checkpoint.
Result<DuckDatabase> open_or_repair(const std::string& path, const DuckOpening& options, std::string& repaired);

// DuckDB's own lock keeps other processes out, but not a second store in this one.
class FileLock {
 public:
  FileLock() = default;
  FileLock(const FileLock&) = delete;  // one per store
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();
  Status take(const std::string& path);

 private:
  int file_ = -1;
};

}  // namespace aybiza
