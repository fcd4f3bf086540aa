// Quantiles of non-negative integers with a relative error of at most 0.5 %, mergeable and reversible.
//
// Shape    Buckets [lower, upper] of int64 with upper/lower <= (1 + alpha)/(1 - alpha), alpha = 0.005; below 100 every
//          integer has its own. 3963 of them reach 2^63 - 1, so nothing ever collapses and the content depends only on
//          the multiset of values: add and remove are exact inverses, merge is associative and commutative bit for bit.
//          Few buckets are a sorted array of 4-byte entries; more become a dense window of counts.
// Units    the caller's: microseconds or nano-USD. Zero has a count of its own.
// Errors   add() answers false for a negative value, remove() and subtract() for what is not there; all leave the
//          sketch as it was. deserialise() refuses anything serialise() cannot have written.
// Cost     32 bytes and no heap until the first value above zero; add O(1) dense, O(log n) sparse.
// Threads  none: owned by one shard. Send copies.
// Source   Masson, Rim, Lee, "DDSketch", PVLDB 12(12), 2019; the bucket bounds here are integers (ddsketch_buckets.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace aybiza {
namespace bits {
class Reader;
class Writer;
}  // namespace bits

class DdSketch {
 public:
  struct Bucket {
    std::int64_t lower = 0, upper = 0;  // both inclusive
    std::uint64_t count = 0;
  };

  DdSketch() = default;
  DdSketch(const DdSketch& other);
  DdSketch(DdSketch&& other) noexcept { swap(other); }
  DdSketch& operator=(DdSketch other) noexcept {
    swap(other);
    return *this;
  }
  ~DdSketch() { release(); }
  void swap(DdSketch& other) noexcept;

  [[nodiscard]] bool add(std::int64_t value, std::uint64_t times = 1);
  [[nodiscard]] bool remove(std::int64_t value, std::uint64_t times = 1);
  // For a value that goes into many sketches: add(value) == add_slot(slot_of(value)). REQUIRES: value >= 0.
  static std::uint32_t slot_of(std::int64_t value);
  void add_slot(std::uint32_t slot) {
    ++count_;
    if (slot == 0) ++zeros_;
    else if (is_dense_ && slot - 1 - first_ < size_) ++dense_[slot - 1 - first_];
    else raise(slot - 1, 1);
  }
  void merge(const DdSketch& other);
  [[nodiscard]] bool subtract(const DdSketch& other);  // the inverse of merge

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  // percentile_cont: interpolates between the two ranks next to q * (count - 1); within 0.5 % of the exact answer for
  // every count and q. Empty sketch: nullopt. REQUIRES: 0 <= q <= 1.
  std::optional<double> quantile(double q) const;

  // Every non-empty bucket in ascending order.
  void each(const std::function<void(const Bucket&)>& visit) const;

  void serialise(std::string& out) const;  // appends; equal content gives equal bytes
  static Result<DdSketch> deserialise(std::string_view bytes);

  // The same for memory: some three bits a bucket where values crowd, instead of two bytes. How many values it holds is told
  // beside it, as `count`. Both answer what was packed reaches over; false: pack() did not write it for that count, and what
  // was merged is worthless. REQUIRES: count > 0.
  struct Reach {
    bool whole = false;
    Bucket lowest, highest;  // their bounds; counts are not told
    explicit operator bool() const { return whole; }
  };
  Reach reach() const;                 // REQUIRES: not empty
  void pack(bits::Writer& out) const;  // equal content gives equal bits
  [[nodiscard]] Reach merge_packed(bits::Reader& in, std::uint64_t count);
  [[nodiscard]] static Reach skip_packed(bits::Reader& in, std::uint64_t count);

  std::size_t heap_bytes() const;
  friend bool operator==(const DdSketch& a, const DdSketch& b);

 private:
  // The next non-empty bucket at or after slot `at`; slot counts entries (sparse) or places in the window (dense).
  struct Entry {
    std::uint32_t bucket = 0;
    std::uint64_t count = 0;
  };
  bool next(std::uint32_t& at, Entry& entry) const;
  std::uint64_t count_of(std::uint32_t bucket) const;
  std::uint32_t sparse_find(std::uint32_t bucket) const;
  void raise(std::uint32_t bucket, std::uint64_t times);
  void lower(std::uint32_t bucket, std::uint64_t times);
  bool raise_sparse(std::uint32_t bucket, std::uint64_t times);
  void become_dense(std::uint32_t bucket);
  void cover(std::uint32_t first, std::uint32_t last);
  void release();
  template <typename Prepare, typename Take>
  static Reach each_packed(bits::Reader& in, std::uint64_t count, Prepare&& prepare, Take&& take);
  static constexpr std::uint64_t packed_count_max = std::uint64_t(1) << 61;  // so that no sum of two overflows

  std::uint64_t count_ = 0, zeros_ = 0;
  union {
    std::uint32_t* sparse_ = nullptr;  // bucket << 20 | count, ascending
    std::uint64_t* dense_;             // counts of buckets first_ .. first_ + size_ - 1
  };
  std::uint16_t first_ = 0, size_ = 0, capacity_ = 0;
  bool is_dense_ = false;
};
static_assert(sizeof(DdSketch) <= 32);

}  // namespace aybiza
