// What the spool counts about itself.
//
// Units    bytes, events, microseconds as the names say.
// Threads  written by the committer and the housekeeper, read by any; each number is exact, together they are not a cut.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aybiza::spool {

// Latencies in buckets of a quarter of a power of two: a quantile is right to within 25 %.
class LatencyHistogram {
 public:
  void add(std::chrono::microseconds latency) {
    buckets_[bucket_of(latency.count() < 0 ? 0 : std::uint64_t(latency.count()))].fetch_add(1);
  }
  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const auto& bucket : buckets_) sum += bucket.load();
    return sum;
  }
  // The upper edge of the bucket that holds quantile q; 0 when nothing was added.
  std::uint64_t quantile_us(double q) const {
    const std::uint64_t all = count();
    if (all == 0) return 0;
    auto rank = std::uint64_t(q * double(all - 1));
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const std::uint64_t here = buckets_[i].load();
      if (rank < here) return upper_edge_us(i);
      rank -= here;
    }
    return upper_edge_us(buckets_.size() - 1);
  }
  static constexpr std::size_t buckets = 128;
  std::uint64_t bucket_count(std::size_t index) const { return buckets_[index].load(); }
  static std::uint64_t upper_edge_us(std::size_t index) {
    if (index < 4) return index;
    const std::size_t shift = index / 4 - 1;
    return ((std::uint64_t(4 + index % 4) + 1) << shift) - 1;
  }

 private:
  static std::size_t bucket_of(std::uint64_t us) {
    if (us < 4) return std::size_t(us);
    const auto shift = std::size_t(std::bit_width(us)) - 3;
    const std::size_t index = 4 * (shift + 1) + std::size_t((us >> shift) & 3);
    return index < buckets ? index : buckets - 1;
  }
  std::array<std::atomic<std::uint64_t>, buckets> buckets_{};
};

struct Stats {
  using Counter = std::atomic<std::uint64_t>;
  Counter accepted_events{0}, duplicate_events{0}, conflict_events{0}, failed_events{0};  // of finished requests
  Counter requests{0}, records{0}, commits{0}, written_bytes{0};
  Counter failed_commits{0}, dead_segments{0}, stalls{0};
  LatencyHistogram fsync_latency;
  Counter queued_requests{0}, queued_bytes{0};
  Counter refused_overload{0}, refused_reserve{0}, refused_full{0}, refused_read_only{0}, refused_malformed{0};  // requests
  Counter segments{0}, segment_bytes{0}, spares{0};
  Counter visible_offset{0}, durable_offset{0}, released_offset{0}, dedup_saved_offset{0};
  Counter dedup_ids{0}, dedup_batches{0};
  Counter dedup_horizon_seconds{0};       // how far back event ids are remembered
  std::atomic<bool> dedup_forgot{false};  // false: every id since the first one is still remembered
  std::atomic<bool> dedup_log_failed{false};
  Counter quarantined_events{0}, damaged_regions{0}, torn_events{0};
  std::atomic<bool> read_only{false}, disk_reserve{false}, spool_full{false};
  Counter free_bytes{0};
};

}  // namespace aybiza::spool
