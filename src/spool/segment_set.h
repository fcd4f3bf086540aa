// The live segments of a running spool, the spares, and the end that readers may see.
//
// Shape    SegmentSet is the list, oldest first, never empty once the spool is open. Tail is how far readers may go and how
//          they wait for more. Log is what the committer, the housekeeper and every reader share.
// Threads  any; one mutex each, held for a look-up. Tail::visible is released by the committer after the bytes and the
//          segment list are in place, and acquired by readers: whoever sees the offset sees the segment that holds it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "spool/fs.h"
#include "spool/segment.h"
#include "spool/stats.h"

namespace aybiza::spool {

class SegmentSet {
 public:
  void add(SegmentPtr segment);
  SegmentPtr after(std::uint64_t number) const;  // null: none
  Offset oldest() const;                         // the first event still here
  // The segment to begin with for `from`; null: released.
  SegmentPtr holding(Offset from) const;
  // Takes the segments out of the list that end at or below `below`; the last one always stays. `pinned` tells which of
  // them a reader still holds.
  struct Released {
    SegmentPtr segment;
    bool pinned = false;
  };
  std::vector<Released> take_released(Offset below);
  std::size_t count() const;
  std::uint64_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::vector<SegmentPtr> segments_;
};

struct Spare {
  std::string path;
  bool recycled = false;
};

class Spares {
 public:
  void add(Spare spare) {
    const std::lock_guard lock(mutex_);
    spares_.push_back(std::move(spare));
  }
  std::optional<Spare> take() {
    const std::lock_guard lock(mutex_);
    if (spares_.empty()) return std::nullopt;
    Spare spare = std::move(spares_.back());
    spares_.pop_back();
    return spare;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return spares_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Spare> spares_;
};

struct Tail {
  std::atomic<std::uint64_t> visible{0};
  std::atomic<std::uint64_t> waiting{0};
  std::mutex mutex;
  std::condition_variable grown;
  std::uint64_t segment = 0, position = 0;  // where the visible part ends; under the mutex
  bool closed = false;                      // under the mutex

  void publish(std::uint64_t last, std::uint64_t in_segment, std::uint64_t at) {
    {
      const std::lock_guard lock(mutex);
      segment = in_segment;
      position = at;
      visible.store(last);
    }
    grown.notify_all();
  }
};

struct Log {
  Fs& fs;
  std::string directory;
  Id node;
  std::function<void(std::string_view)> notice;
  SegmentSet segments;
  Spares spares;
  Tail tail;
  Stats stats;
  std::mutex quarantine_mutex;
};

// Copies what is damaged to quarantine/ and counts it, once per place however often it is met. Torn gaps only count.
void report_gap(Log& log, const Gap& gap);
// The events that files in quarantine/ stand for.
Result<std::uint64_t> quarantined_events(Fs& fs, const std::string& directory);

}  // namespace aybiza::spool
