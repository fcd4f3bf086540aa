// Reads the log by offset, behind a running spool or beside one from another process.
//
// Shape    next() gives the records in order, whole. Inside the server it sees what is durable (or, for records of
//          durability os, written); on a directory it sees every valid record it finds. Damage is stepped over and counted;
//          Offsets then jump.
// Errors   next: io; not_found when the place was released meanwhile.
// Cost     one pread of 256 KiB per so many bytes of log (the page cache has them), one CRC pass, no copy.
// Threads  a Reader belongs to one thread; many readers do not disturb each other or the committer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "spool/fs.h"
#include "spool/record.h"

namespace aybiza::spool {

class Reader {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~Reader() = default;

  // The next record, waiting for it until the deadline; nullopt when there was none, or the spool is closed and at its
  // end. The view is valid until the next call.
  virtual Result<std::optional<RecordView>> next(Deadline deadline) = 0;
  Result<std::optional<RecordView>> next() { return next(Deadline::min()); }  // what is there now

  virtual Offset position() const = 0;            // the event the next record starts with, if nothing is damaged
  virtual std::uint64_t lost_events() const = 0;  // acknowledged events this reader could not read
  virtual bool closed() const = 0;                // next() will never have more
};

// Reads beside a running server, and after it: touches nothing. On a directory nobody announces new records: next()
// answers at once, whatever the deadline; poll it. `from` as in Spool::read_from.
Result<std::unique_ptr<Reader>> read_directory(Fs& fs, const std::string& directory, Offset from);

}  // namespace aybiza::spool
