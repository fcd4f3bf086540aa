#include "runtime/token_bucket.h"

#include <algorithm>

#include "base/check.h"

namespace aybiza {
namespace {
constexpr std::int64_t scale = 1'000'000;  // token-microseconds: rate * microseconds needs no division
}

TokenBucket::TokenBucket(Rate rate, Duration now) : rate_(rate), level_(rate.burst * scale), last_(now) {
  CHECK(rate.per_second > 0 && rate.per_second <= 1'000'000'000);
  CHECK(rate.burst > 0 && rate.burst <= 1'000'000'000);
}

void TokenBucket::refill(Duration now) {
  if (now <= last_) return;
  const std::int64_t missing = rate_.burst * scale - level_;
  const std::int64_t passed = (now - last_).count();
  last_ = now;
  // missing <= 10^15, so the comparison decides before rate * passed could overflow.
  if (passed > missing / rate_.per_second) {
    level_ = rate_.burst * scale;
  } else {
    level_ += passed * rate_.per_second;
  }
}

bool TokenBucket::take(std::int64_t tokens, Duration now) {
  CHECK(tokens >= 0);
  refill(now);
  if (tokens > rate_.burst || tokens * scale > level_) return false;
  level_ -= tokens * scale;
  return true;
}

Duration TokenBucket::wait_for(std::int64_t tokens, Duration now) {
  CHECK(tokens >= 0);
  refill(now);
  if (tokens > rate_.burst) return Duration::max();
  const std::int64_t short_by = tokens * scale - level_;
  if (short_by <= 0) return Duration::zero();
  return Duration((short_by + rate_.per_second - 1) / rate_.per_second);
}

std::int64_t TokenBucket::available(Duration now) {
  refill(now);
  return level_ / scale;
}

}  // namespace aybiza
