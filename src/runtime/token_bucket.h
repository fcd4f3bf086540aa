// A token bucket as a function of time: `rate` tokens a second flow in, at most `burst` are kept.
//
// Shape    time is an argument and never runs backwards here: an earlier `now` than the last counts as the last.
// Units    tokens are whole; fractions are kept exactly in token-microseconds.
// Errors   a cost above `burst` can never be paid: take() says false and wait_for() Duration::max().
// Threads  none: owned by one thread, or under its owner's lock.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace aybiza {

class TokenBucket {
 public:
  struct Rate {
    std::int64_t per_second = 0;  // REQUIRES: 0 < per_second <= 10^9
    std::int64_t burst = 0;       // REQUIRES: 0 < burst <= 10^9
  };

  // Full at the start. `now` is Clock::elapsed().
  TokenBucket(Rate rate, Duration now);

  [[nodiscard]] bool take(std::int64_t tokens, Duration now);
  // How long until take(tokens) would succeed, if nobody else takes; zero = now. What Retry-After says.
  Duration wait_for(std::int64_t tokens, Duration now);
  std::int64_t available(Duration now);

 private:
  void refill(Duration now);

  Rate rate_;
  std::int64_t level_ = 0;  // tokens * 10^6
  Duration last_;
};

}  // namespace aybiza
