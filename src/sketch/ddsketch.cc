#include "sketch/ddsketch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "sketch/bytes.h"
#include "sketch/ddsketch_buckets.h"

namespace aybiza {

namespace {

using namespace ddsketch;

constexpr unsigned count_bits = 20;
constexpr std::uint32_t count_mask = (1u << count_bits) - 1;
constexpr std::uint32_t sparse_max = 32;  // 128 bytes; above, a dense window is larger and much faster, and cold panes are bytes anyway
constexpr std::uint64_t count_max = std::uint64_t(1) << 62;
constexpr std::uint64_t wire_count_max = std::uint64_t(1) << 48;  // so that no sum of sketches from outside overflows
constexpr std::uint8_t format_version = 1;
static_assert(bucket_count <= (1u << (32 - count_bits)));

}  // namespace

DdSketch::DdSketch(const DdSketch& other)
    : count_(other.count_), zeros_(other.zeros_), first_(other.first_), size_(other.size_), capacity_(other.size_),
      is_dense_(other.is_dense_) {
  if (size_ == 0) return;
  if (is_dense_) {
    dense_ = new std::uint64_t[size_];
    std::copy_n(other.dense_, size_, dense_);
  } else {
    sparse_ = new std::uint32_t[size_];
    std::copy_n(other.sparse_, size_, sparse_);
  }
}

void DdSketch::swap(DdSketch& other) noexcept {
  std::swap(count_, other.count_);
  std::swap(zeros_, other.zeros_);
  // The union holds one pointer, whichever its type; move it as bytes.
  char held[sizeof sparse_];
  std::memcpy(held, &sparse_, sizeof held);
  std::memcpy(&sparse_, &other.sparse_, sizeof held);
  std::memcpy(&other.sparse_, held, sizeof held);
  std::swap(first_, other.first_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(is_dense_, other.is_dense_);
}

void DdSketch::release() {
  if (is_dense_) delete[] dense_;
  else delete[] sparse_;
  sparse_ = nullptr;
  first_ = size_ = capacity_ = 0;
  is_dense_ = false;
}

bool DdSketch::next(std::uint32_t& at, Entry& entry) const {
  if (!is_dense_) {
    if (at >= size_) return false;
    entry = {sparse_[at] >> count_bits, sparse_[at] & count_mask};
    ++at;
    return true;
  }
  while (at < size_ && dense_[at] == 0) ++at;
  if (at >= size_) return false;
  entry = {first_ + at, dense_[at]};
  ++at;
  return true;
}

// The first entry whose bucket is not below `bucket`.
std::uint32_t DdSketch::sparse_find(std::uint32_t bucket) const {
  // Without branches: which half it is cannot be predicted.
  const std::uint32_t wanted = bucket << count_bits;
  const std::uint32_t* from = sparse_;
  std::uint32_t left = size_;
  for (; left > 1; left -= left / 2) from += from[left / 2 - 1] < wanted ? left / 2 : 0;
  return std::uint32_t(from - sparse_) + (left == 1 && *from < wanted ? 1 : 0);
}

std::uint64_t DdSketch::count_of(std::uint32_t bucket) const {
  if (is_dense_) return bucket >= first_ && bucket < first_ + std::uint32_t(size_) ? dense_[bucket - first_] : 0;
  const std::uint32_t at = sparse_find(bucket);
  return at < size_ && sparse_[at] >> count_bits == bucket ? sparse_[at] & count_mask : 0;
}

// False: it does not fit a sparse entry or the array is full.
bool DdSketch::raise_sparse(std::uint32_t bucket, std::uint64_t times) {
  const std::uint32_t at = sparse_find(bucket);
  if (times > count_mask) return false;
  if (at < size_ && sparse_[at] >> count_bits == bucket) {
    if ((sparse_[at] & count_mask) + times > count_mask) return false;
    sparse_[at] += std::uint32_t(times);
    return true;
  }
  if (size_ == sparse_max) return false;
  if (size_ == capacity_) {
    const auto larger = std::uint16_t(std::min(sparse_max, capacity_ < 4 ? 4u : capacity_ * 2u));
    auto* grown = new std::uint32_t[larger];
    if (size_ > 0) std::copy_n(sparse_, size_, grown);
    delete[] sparse_;
    sparse_ = grown;
    capacity_ = larger;
  }
  std::copy_backward(sparse_ + at, sparse_ + size_, sparse_ + size_ + 1);
  sparse_[at] = bucket << count_bits | std::uint32_t(times);
  ++size_;
  return true;
}

// A window over what is there and `bucket`.
void DdSketch::become_dense(std::uint32_t bucket) {
  DdSketch old;
  old.swap(*this);
  std::swap(count_, old.count_);
  std::swap(zeros_, old.zeros_);
  const std::uint32_t low = old.size_ > 0 ? std::min(bucket, old.sparse_[0] >> count_bits) : bucket;
  const std::uint32_t high = old.size_ > 0 ? std::max(bucket, old.sparse_[old.size_ - 1] >> count_bits) : bucket;
  is_dense_ = true;
  dense_ = nullptr;
  cover(low, high);
  Entry entry;
  for (std::uint32_t at = 0; old.next(at, entry);) dense_[entry.bucket - first_] = entry.count;
}

// Widens the window to hold first .. last, in steps of 64 so that it seldom moves.
void DdSketch::cover(std::uint32_t first, std::uint32_t last) {
  if (size_ > 0 && first >= first_ && last < first_ + std::uint32_t(size_)) return;
  std::uint32_t low = first & ~63u, high = std::min(last | 63u, bucket_count - 1);
  if (size_ > 0) {
    low = std::min<std::uint32_t>(low, first_);
    high = std::max<std::uint32_t>(high, first_ + size_ - 1u);
  }
  auto* wider = new std::uint64_t[high - low + 1]();
  if (size_ > 0) std::copy_n(dense_, size_, wider + (first_ - low));
  delete[] dense_;
  dense_ = wider;
  first_ = std::uint16_t(low);
  size_ = capacity_ = std::uint16_t(high - low + 1);
}

void DdSketch::raise(std::uint32_t bucket, std::uint64_t times) {
  if (!is_dense_) {
    if (raise_sparse(bucket, times)) return;
    become_dense(bucket);
  }
  cover(bucket, bucket);
  dense_[bucket - first_] += times;
}

// REQUIRES: count_of(bucket) >= times.
void DdSketch::lower(std::uint32_t bucket, std::uint64_t times) {
  if (is_dense_) {
    dense_[bucket - first_] -= times;
    return;
  }
  const std::uint32_t at = sparse_find(bucket);
  sparse_[at] -= std::uint32_t(times);
  if ((sparse_[at] & count_mask) != 0) return;
  std::copy(sparse_ + at + 1, sparse_ + size_, sparse_ + at);
  --size_;
}

bool DdSketch::add(std::int64_t value, std::uint64_t times) {
  if (value < 0 || times > count_max - count_) return false;
  if (times == 0) return true;
  count_ += times;
  if (value == 0) zeros_ += times;
  else raise(bucket_of(value), times);
  return true;
}

std::uint32_t DdSketch::slot_of(std::int64_t value) {
  CHECK(value >= 0);
  return value == 0 ? 0 : bucket_of(value) + 1;
}

bool DdSketch::remove(std::int64_t value, std::uint64_t times) {
  if (value < 0) return false;
  if (times == 0) return true;
  const std::uint32_t bucket = value == 0 ? 0 : bucket_of(value);
  if ((value == 0 ? zeros_ : count_of(bucket)) < times) return false;
  count_ -= times;
  if (value == 0) zeros_ -= times;
  else lower(bucket, times);
  if (count_ == zeros_) release();
  return true;
}

void DdSketch::merge(const DdSketch& other) {
  CHECK(other.count_ <= count_max - count_);
  if (this == &other) return merge(DdSketch(other));
  count_ += other.count_;
  zeros_ += other.zeros_;
  if (other.is_dense_ && !is_dense_) become_dense(other.first_);
  if (other.is_dense_) {
    cover(other.first_, other.first_ + other.size_ - 1u);
    std::uint64_t* mine = dense_ + (other.first_ - first_);
    for (std::uint32_t at = 0; at < other.size_; ++at) mine[at] += other.dense_[at];
    return;
  }
  Entry entry;
  for (std::uint32_t at = 0; other.next(at, entry);) raise(entry.bucket, entry.count);
}

bool DdSketch::subtract(const DdSketch& other) {
  if (other.zeros_ > zeros_) return false;
  Entry entry;
  for (std::uint32_t at = 0; other.next(at, entry);)
    if (count_of(entry.bucket) < entry.count) return false;
  if (this == &other) {
    *this = DdSketch();
    return true;
  }
  for (std::uint32_t at = 0; other.next(at, entry);) lower(entry.bucket, entry.count);
  count_ -= other.count_;
  zeros_ -= other.zeros_;
  if (count_ == zeros_) release();
  return true;
}

std::optional<double> DdSketch::quantile(double q) const {
  CHECK(q >= 0 && q <= 1);
  if (count_ == 0) return std::nullopt;
  const double rank = q * double(count_ - 1);
  const double floor = std::floor(rank), fraction = rank - floor;
  const auto low_rank = std::min(std::uint64_t(floor), count_ - 1);
  const std::uint64_t high_rank = fraction > 0 ? std::min(low_rank + 1, count_ - 1) : low_rank;
  if (high_rank < zeros_) return 0.0;
  double low = 0;  // right already if the lower rank is a zero
  bool low_known = low_rank < zeros_;
  std::uint64_t below = zeros_;
  Entry entry;
  for (std::uint32_t at = 0; next(at, entry);) {
    below += entry.count;
    if (!low_known && low_rank < below) {
      low = middle_of(entry.bucket);
      low_known = true;
    }
    if (high_rank < below) return low + (middle_of(entry.bucket) - low) * fraction;
  }
  CHECK(false);  // the counts add up to count_
}

void DdSketch::each(const std::function<void(const Bucket&)>& visit) const {
  if (zeros_ > 0) visit({.lower = 0, .upper = 0, .count = zeros_});
  Entry entry;
  for (std::uint32_t at = 0; next(at, entry);)
    visit({.lower = lower_of(entry.bucket), .upper = upper_of_bucket(entry.bucket), .count = entry.count});
}

std::size_t DdSketch::heap_bytes() const { return capacity_ * (is_dense_ ? sizeof *dense_ : sizeof *sparse_); }

bool operator==(const DdSketch& a, const DdSketch& b) {
  if (a.count_ != b.count_ || a.zeros_ != b.zeros_) return false;
  DdSketch::Entry left, right;
  for (std::uint32_t i = 0, j = 0;;) {
    const bool more = a.next(i, left);
    if (more != b.next(j, right)) return false;
    if (!more) return true;
    if (left.bucket != right.bucket || left.count != right.count) return false;
  }
}

// version, zeros, number of buckets, then per bucket its distance from the one before and its count; all varints.
void DdSketch::serialise(std::string& out) const {
  using sketch_bytes::put_varint;
  out.push_back(char(format_version));
  put_varint(out, zeros_);
  std::uint32_t buckets = 0, at = 0, before = 0;
  Entry entry;
  while (next(at, entry)) ++buckets;
  put_varint(out, buckets);
  for (at = 0; next(at, entry); before = entry.bucket) {
    put_varint(out, entry.bucket - before);
    put_varint(out, entry.count);
  }
}

Result<DdSketch> DdSketch::deserialise(std::string_view bytes) {
  sketch_bytes::Reader in(bytes);
  if (in.byte() != format_version || in.bad()) return fail(Code::unsupported, "quantile sketch: unknown version");
  DdSketch sketch;
  const auto corrupt = [] { return fail(Code::corrupt, "quantile sketch: bytes are not what was written"); };
  sketch.count_ = sketch.zeros_ = in.varint();
  const std::uint64_t buckets = in.varint();
  if (in.bad() || sketch.count_ > wire_count_max || buckets > bucket_count || buckets * 2 > in.left()) return corrupt();
  std::uint64_t bucket = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    const std::uint64_t distance = in.varint(), count = in.varint();
    if (in.bad() || count == 0 || (i > 0 && distance == 0) || distance >= bucket_count) return corrupt();
    bucket += distance;
    if (bucket >= bucket_count || count > wire_count_max - sketch.count_) return corrupt();
    sketch.count_ += count;
    sketch.raise(std::uint32_t(bucket), count);
  }
  if (!in.done()) return corrupt();
  return sketch;
}

}  // namespace aybiza
