// The spool: the append-only log that everything else is a fold over. What it has acknowledged is on disk, once.
//
// Shape    producers -> append() -> bounded queue -> one committer thread: deduplicate in order, write records, one
//          fdatasync for all that waited meanwhile, then done(). Readers (reader.h) follow by Offset. A housekeeping
//          thread keeps spare segments, watches the disk, writes the dedup log and removes released segments.
//          Directory: format | lock | <number>.seg | spare-<n> | dedup/ | quarantine/.
// Units    bytes; Offsets count events.
// Errors   open: conflict when another server holds the directory, unsupported for a newer format (nothing touched),
//          io. append answers an Admission; a request that was taken gets exactly one done(), with unavailable when its
//          commit failed. A failed fdatasync makes its file dead: one new segment is tried, then the spool is read-only.
// Cost     one copy and one CRC pass per payload byte; one set probe per slice and event id.
// Threads  append, read_from, release, stats, visible: any. done() runs on the committer: hand over, do not work there.
//          close and the destructor: one owner. With Options::threads == false nothing runs by itself: pump() and
//          maintain() are the committer and the housekeeper (tests, simulation).
// Source   reliability.md 3.1 rules 2-5 and 8.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/status.h"
#include "spool/fs.h"
#include "spool/reader.h"
#include "spool/record.h"
#include "spool/stats.h"

namespace aybiza::spool {

struct AppendResult {
  Status status;
  Offset last;  // of the request's last event; of a pure duplicate: an offset at which its original is durable
  std::uint32_t accepted = 0, duplicates = 0;
  std::vector<bool> duplicate;  // one per item; empty when none is
  bool conflict = false;        // the same batch key with another body: nothing was taken
};

struct AppendRequest {
  std::string customer;         // at most limits::id_bytes
  std::uint8_t source = 0;
  Id batch_key;                 // Idempotency-Key or body hash; empty = none. Scoped by customer here
  std::uint64_t body_hash = 0;  // tells two bodies under one Idempotency-Key apart; 0 = cannot conflict
  Instant received;
  Durability durability = Durability::fsync;
  std::vector<Item> items;      // ids are scoped by customer here
  std::string bytes;            // the encoded events, one behind the other
  std::function<void(const AppendResult&)> done;
};

enum class Admission : std::uint8_t {
  taken,         // done() will be called
  overloaded,    // the queue is full: slow down
  disk_reserve,  // the disk is down to its reserve; resumes by itself
  spool_full,    // limits::spool_disk_bytes of unreleased log; resumes when the store catches up
  read_only,     // two segments in a row could not be written; needs an operator and a restart
  closed,
  malformed,     // sizes do not add up, or above a limit
};
std::string_view reason(Admission admission);  // "disk reserve", for Code::unavailable and for metrics

struct Options {
  std::string directory;
  Fs* fs = nullptr;              // null: posix_fs()
  const Clock* clock = nullptr;  // null: a SystemClock
  std::size_t segment_bytes = limits::spool_segment_bytes;
  std::size_t commit_bytes = limits::spool_commit_bytes;
  std::size_t queue_bytes = limits::spool_queue_bytes;
  std::size_t queue_requests = limits::spool_queue_requests;
  std::size_t snapshot_every_bytes = limits::spool_snapshot_every_bytes;
  std::size_t disk_bytes = limits::spool_disk_bytes;
  std::size_t reserve_bytes = limits::disk_reserve_bytes;
  std::size_t dedup_event_bytes = limits::dedup_event_bytes;
  std::size_t dedup_batches = limits::dedup_batches;
  bool threads = true;
  std::function<void(std::string_view)> notice;  // a line for the operator; null: stderr
};

// What open() found.
struct Recovery {
  Offset last;                        // the last event of the log
  std::uint64_t records = 0;          // read to rebuild the dedup sets
  std::uint64_t torn_bytes = 0;       // cut off the end: never acknowledged
  std::uint64_t torn_events = 0;      // holes that were never acknowledged
  std::uint64_t lost_events = 0;      // acknowledged and damaged; the bytes are in quarantine/
  std::uint64_t damaged_regions = 0;
};

// The log's files as of one moment: each so far as it was written then.
struct LogParts {
  struct Part {
    std::string name;  // in the spool's directory
    std::uint64_t bytes = 0;
  };
  std::vector<Part> segments;
  Offset first, last;  // the oldest event in them and the newest
};

class Spool {
 public:
  static Result<std::unique_ptr<Spool>> open(Options options);
  ~Spool();
  Spool(const Spool&) = delete;  // one per directory; share it by reference
  Spool& operator=(const Spool&) = delete;

  [[nodiscard]] Admission append(AppendRequest request);

  // A reader whose first event is `from` (0 or 1: the oldest kept). not_found when `from` was released already.
  Result<std::unique_ptr<Reader>> read_from(Offset from);

  // Events below `below` are applied and snapshotted: their segments may go once the dedup log covers them.
  void release(Offset below);

  // For a copy of the directory beside its use. While a Hold lives no segment is removed; it breaks (*hold is false) when the
  // log has grown over half of its bound, because events are worth more than a copy.
  using Hold = std::shared_ptr<const std::atomic<bool>>;
  Hold hold();
  Status at_rest(const std::function<Status()>& work);  // meanwhile the dedup log does not change; keep it short
  Result<LogParts> parts() const;                       // REQUIRES: a Hold that lives, else files may vanish

  // Commits what was taken, writes the dedup log, ends the threads. Readers end when they have seen everything.
  void close();

  Offset visible() const;  // the last event readers may see
  const Stats& stats() const;
  const Recovery& recovery() const;
  Id node() const;  // of this directory, for life

  bool pump();      // one commit on this thread; false when nothing waited. REQUIRES: !options.threads
  void maintain();  // one round of housekeeping on this thread

 private:
  class Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aybiza::spool
