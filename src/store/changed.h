// Which minutes, hours and days hold other rows than their rollups were made of.
//
// Shape    changed_minutes() says what a batch touches: where its rows are, where they were, and wherever the parts of its
//          calls lie, which have the calls' dimensions. ChangedBuckets is what the store remembers of it: every mark counts a
//          generation up, so that a repair that read before the mark is told from one that read after it. What lies before
//          the floor has lost its rows to retention and is never made anew.
// Cost     a few ns a row; one entry a bucket that waits.
// Threads  ChangedBuckets: any, by a lock of its own.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "model/rows.h"

namespace aybiza {

struct DirtyBucket {
  Duration step{};
  Instant bucket{};
  std::uint64_t generation = 0;
  Duration first{}, last{};  // elapsed() when it was marked, first and last
};
using RollupBucket = std::pair<Duration, Instant>;

std::vector<Instant> changed_minutes(const RowBatch& batch);           // ascending, each once
std::vector<RollupBucket> buckets_of(std::span<const Instant> minutes);  // the minutes, their hours and days; each once

class ChangedBuckets {
 public:
  ChangedBuckets() = default;
  ChangedBuckets(const ChangedBuckets&) = delete;  // one per store
  ChangedBuckets& operator=(const ChangedBuckets&) = delete;

  std::vector<RollupBucket> unmarked(std::span<const RollupBucket> buckets) const;  // those that are not marked and not before the floor
  void mark(std::span<const RollupBucket> buckets, Duration elapsed);
  void unmark(std::span<const DirtyBucket> buckets);
  std::vector<DirtyBucket> held(std::span<const DirtyBucket> claims) const;  // those that are marked and have not changed since
  std::vector<DirtyBucket> all() const;  // minutes first, ascending
  std::size_t size() const;
  Instant floor() const;
  void raise_floor(Instant floor);       // forgets the marks before it
  // These are marked and nothing else, in one step: nobody sees a moment without marks.
  void replace(std::span<const RollupBucket> buckets, Instant floor, Duration elapsed);

 private:
  void mark_locked(std::span<const RollupBucket> buckets, Duration elapsed);

  struct Mark {
    std::uint64_t generation = 0;
    Duration first{}, last{};
  };
  mutable std::mutex mutex_;
  std::map<RollupBucket, Mark> marks_;
  std::uint64_t generation_ = 0;
  Instant floor_ = Instant::min();
};

}  // namespace aybiza
