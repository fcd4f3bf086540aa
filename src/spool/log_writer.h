// Writes commits to the newest segment, and begins new ones.
//
// Shape    write() = find or begin a segment with room, pwrite, fdatasync. A segment whose write or flush failed is dead:
//          it ends where the failed commit would have begun, and one new segment is tried at once.
// Errors   write: unavailable, whatever the disk said; nothing of the commit is in the log then. Two new segments in a
//          row that cannot be begun for another reason than a full disk make the spool read-only.
// Threads  none: owned by the committer.
// Source   reliability.md 3.1 rule 5; Rebello et al., "Can applications recover from fsync failures?", ATC 2020.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "spool/segment_set.h"

namespace aybiza::spool {

class LogWriter {
 public:
  LogWriter(Log& log, const Clock& clock, std::size_t segment_bytes, std::uint64_t next_number)
      : log_(log), clock_(clock), segment_bytes_(segment_bytes), next_number_(next_number) {}

  Status begin(Offset first) { return begin_segment(first); }  // the first segment of this run

  // `commit` is records of `record_bytes`, padded to whole sectors. `first` is the offset of its first event.
  Status write(std::span<char> commit, std::size_t record_bytes, Offset first, bool sync);
  // Flushes what was written without; nothing to do is fine.
  Status sync(Offset next);

  bool unsynced() const { return unsynced_; }
  bool read_only() const { return read_only_; }
  std::uint64_t segment_number() const { return segment_ ? segment_->number : 0; }
  std::uint64_t position() const { return position_; }

 private:
  Status begin_segment(Offset first);
  Status try_segment(Offset first);
  Status timed_sync();
  std::unexpected<Error> bury(const Error& cause, Offset first);

  Log& log_;
  const Clock& clock_;
  std::size_t segment_bytes_;
  std::uint64_t next_number_;
  SegmentPtr segment_;
  std::unique_ptr<File> file_;
  std::uint64_t position_ = 0;
  bool unsynced_ = false, read_only_ = false;
};

}  // namespace aybiza::spool
