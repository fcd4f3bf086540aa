// The form of a sketch for memory: buckets as Rice codes of their distances and counts.
#include <algorithm>

#include "base/check.h"
#include "sketch/bits.h"
#include "sketch/ddsketch.h"
#include "sketch/ddsketch_buckets.h"

namespace aybiza {
namespace {

using namespace ddsketch;

constexpr unsigned bucket_bits = 12, gap_bits = 4, count_bits = 6;
static_assert(bucket_count <= (1u << bucket_bits));
constexpr std::uint32_t few = 32;  // buckets; of more it is told where they end, so that room for all is made once

// The k that suits numbers whose mean is sum / n: 2^k is about 0.7 of it.
unsigned rice_k(std::uint64_t sum, std::uint64_t n) { return unsigned(std::bit_width(sum / 16 * 11 / n + sum % 16 * 11 / 16 / n)); }

}  // namespace

// zeros, and if there is more: the first bucket, how many there are, what the codes' k are; then per bucket its distance
// from the one before, less one, and its count, less one.
void DdSketch::pack(bits::Writer& out) const {
  out.small(zeros_);
  if (zeros_ == count_) return;
  std::uint32_t at = 0, buckets = 0, first = 0, last = 0;
  for (Entry entry; next(at, entry); ++buckets) {
    if (buckets == 0) first = entry.bucket;
    last = entry.bucket;
  }
  const unsigned gap_k = buckets < 2 ? 0 : std::min(rice_k(last - first - (buckets - 1), buckets - 1), (1u << gap_bits) - 1);
  const unsigned count_k = rice_k(count_ - zeros_ - buckets, buckets);
  out.put(first, bucket_bits);
  out.small(buckets - 1);
  if (buckets > few) out.put(last, bucket_bits);
  out.put(gap_k, gap_bits);
  out.put(count_k, count_bits);
  at = 0;
  std::uint32_t before = first;
  for (Entry entry; next(at, entry); before = entry.bucket) {
    if (entry.bucket != first) out.rice(entry.bucket - before - 1, gap_k);
    out.rice(entry.count - 1, count_k);
  }
}

DdSketch::Reach DdSketch::reach() const {
  CHECK(count_ > 0);
  Reach reach{.whole = true, .lowest = {}, .highest = {}};
  std::uint32_t at = 0;
  bool any = zeros_ > 0;
  for (Entry entry; next(at, entry); any = true) {
    reach.highest = {.lower = lower_of(entry.bucket), .upper = upper_of_bucket(entry.bucket)};
    if (!any) reach.lowest = reach.highest;
  }
  return reach;
}

// Tells how many zeros and which buckets there are to prepare(zeros, first, buckets, last or 0), then each to take(bucket, count).
template <typename Prepare, typename Take>
DdSketch::Reach DdSketch::each_packed(bits::Reader& in, std::uint64_t count, Prepare&& prepare, Take&& take) {
  const std::uint64_t zeros = in.small();
  if (in.bad() || zeros > count || count == 0 || count > packed_count_max) return {};
  std::uint64_t left = count - zeros;
  if (left == 0) {
    prepare(zeros, 0, 0, 0);
    return {.whole = true, .lowest = {}, .highest = {}};
  }
  const auto first = std::uint32_t(in.take(bucket_bits));
  const std::uint64_t buckets = in.small() + 1;
  const std::uint32_t last = buckets > few ? std::uint32_t(in.take(bucket_bits)) : 0;
  const auto gap_k = unsigned(in.take(gap_bits)), count_k = unsigned(in.take(count_bits));
  if (in.bad() || first >= bucket_count || last >= bucket_count || buckets > bucket_count || (buckets > few && last <= first)) return {};
  prepare(zeros, first, std::uint32_t(buckets), last);
  std::uint64_t bucket = first;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    if (i > 0) bucket += in.rice(gap_k) + 1;
    const std::uint64_t times = in.rice(count_k) + 1;
    if (in.bad() || bucket >= bucket_count || (last != 0 && bucket > last) || times > left) return {};
    left -= times;
    take(std::uint32_t(bucket), times);
  }
  const auto bounds = [](std::uint64_t of) { return Bucket{.lower = lower_of(std::uint32_t(of)), .upper = upper_of_bucket(std::uint32_t(of))}; };
  return {.whole = left == 0 && (last == 0 || bucket == last), .lowest = zeros > 0 ? Bucket{} : bounds(first), .highest = bounds(bucket)};
}

DdSketch::Reach DdSketch::merge_packed(bits::Reader& in, std::uint64_t count) {
  if (count_ > packed_count_max) return {};
  return each_packed(
      in, count,
      [&](std::uint64_t zeros, std::uint32_t first, std::uint32_t buckets, std::uint32_t last) {
        zeros_ += zeros;
        count_ += zeros;
        if (buckets > few) {
          if (!is_dense_) become_dense(first);
          cover(first, last);
        } else if (!is_dense_ && size_ == 0 && capacity_ == 0 && buckets > 0) {
          sparse_ = new std::uint32_t[buckets];
          capacity_ = std::uint16_t(buckets);
        }
      },
      [&](std::uint32_t bucket, std::uint64_t times) {
        raise(bucket, times);
        count_ += times;
      });
}

DdSketch::Reach DdSketch::skip_packed(bits::Reader& in, std::uint64_t count) {
  return each_packed(in, count, [](auto...) {}, [](auto...) {});
}

}  // namespace aybiza
