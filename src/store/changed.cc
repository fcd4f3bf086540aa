#include "store/changed.h"

#include <algorithm>
#include <set>
#include <unordered_set>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

class Minutes {
 public:
  void add(Instant t) { add_minute(floor_to(t, 1min)); }
  void add(Instant first, Instant last) {
    for (Instant minute = floor_to(first, 1min); minute <= last; minute += 1min) add_minute(minute);
  }
  std::vector<Instant> sorted() const {
    std::vector<Instant> out;
    out.reserve(seen_.size());
    for (const std::int64_t minute : seen_) out.push_back(from_micros(minute));
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  void add_minute(Instant minute) {
    if (minute == last_) return;  // neighbours mostly
    last_ = minute;
    seen_.insert(to_micros(minute));
  }
  Instant last_ = Instant::min();
  std::unordered_set<std::int64_t> seen_;
};

}  // namespace

std::vector<Instant> changed_minutes(const RowBatch& batch) {
  Minutes minutes;
  for (const CallRow& row : batch.calls) {
    minutes.add(row.start);
    if (row.stored_start) minutes.add(*row.stored_start);
    if (row.parts_first <= row.parts_last) minutes.add(row.parts_first, row.parts_last);
  }
  for (const TurnRow& row : batch.turns) {
    minutes.add(row.time);
    if (row.stored_time) minutes.add(*row.stored_time);
  }
  for (const UsageRow& row : batch.usage) minutes.add(row.time);
  return minutes.sorted();
}

std::vector<RollupBucket> buckets_of(std::span<const Instant> minutes) {
  std::vector<RollupBucket> out;
  for (const Duration step : {Duration(1min), Duration(1h), Duration(24h)})
    for (const Instant minute : minutes) {
      const RollupBucket bucket(step, floor_to(minute, step));
      if (out.empty() || out.back() != bucket) out.push_back(bucket);
    }
  return out;
}

std::vector<RollupBucket> ChangedBuckets::unmarked(std::span<const RollupBucket> buckets) const {
  std::vector<RollupBucket> out;
  const std::lock_guard lock(mutex_);
  for (const RollupBucket& bucket : buckets)
    if (bucket.second >= floor_ && !marks_.contains(bucket)) out.push_back(bucket);
  return out;
}

void ChangedBuckets::mark(std::span<const RollupBucket> buckets, Duration elapsed) {
  const std::lock_guard lock(mutex_);
  mark_locked(buckets, elapsed);
}

void ChangedBuckets::mark_locked(std::span<const RollupBucket> buckets, Duration elapsed) {
  for (const RollupBucket& bucket : buckets) {
    if (bucket.second < floor_) continue;
    const auto [at, fresh] = marks_.try_emplace(bucket);
    if (fresh) at->second.first = elapsed;
    at->second.last = elapsed;
    at->second.generation = ++generation_;
  }
}

void ChangedBuckets::unmark(std::span<const DirtyBucket> buckets) {
  const std::lock_guard lock(mutex_);
  for (const DirtyBucket& bucket : buckets) marks_.erase({bucket.step, bucket.bucket});
}

std::vector<DirtyBucket> ChangedBuckets::held(std::span<const DirtyBucket> claims) const {
  std::vector<DirtyBucket> out;
  std::set<Instant> hours;
  for (const DirtyBucket& claim : claims)
    if (claim.step == 1h) hours.insert(claim.bucket);
  const std::lock_guard lock(mutex_);
  for (const DirtyBucket& claim : claims) {
    if (claim.step == 1min && hours.contains(floor_to(claim.bucket, 1h))) continue;
    const auto at = marks_.find({claim.step, claim.bucket});
    if (at == marks_.end() || at->second.generation != claim.generation) continue;
    out.push_back(claim);
    if (claim.step != 1h) continue;
    for (Instant minute = claim.bucket; minute < claim.bucket + 1h; minute += 1min) out.push_back({1min, minute, 0, {}, {}});
  }
  return out;
}

std::vector<DirtyBucket> ChangedBuckets::all() const {
  std::vector<DirtyBucket> out;
  const std::lock_guard lock(mutex_);
  out.reserve(marks_.size());
  for (const auto& [bucket, mark] : marks_) out.push_back({bucket.first, bucket.second, mark.generation, mark.first, mark.last});
  return out;
}

std::size_t ChangedBuckets::size() const {
  const std::lock_guard lock(mutex_);
  return marks_.size();
}

Instant ChangedBuckets::floor() const {
  const std::lock_guard lock(mutex_);
  return floor_;
}

void ChangedBuckets::raise_floor(Instant floor) {
  const std::lock_guard lock(mutex_);
  floor_ = std::max(floor_, floor);
  std::erase_if(marks_, [&](const auto& one) { return one.first.second < floor_; });
}

void ChangedBuckets::replace(std::span<const RollupBucket> buckets, Instant floor, Duration elapsed) {
  const std::lock_guard lock(mutex_);
  marks_.clear();
  floor_ = floor;
  mark_locked(buckets, elapsed);
}

}  // namespace aybiza
