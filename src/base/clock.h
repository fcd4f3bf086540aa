// The clock seam: the one interface through which wall and monotonic time enter.
//
// Shape    now() labels (event time's epoch); elapsed() drives timers and never steps back.
// Threads  SystemClock from any thread; ManualClock is atomic, so a test may turn it while threads read.
#pragma once

#include <atomic>
#include <chrono>

#include "base/units.h"

namespace aybiza {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual Duration elapsed() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override {
    using namespace std::chrono;
    return Instant(duration_cast<Duration>(system_clock::now().time_since_epoch()));
  }
  Duration elapsed() const override {
    using namespace std::chrono;
    return duration_cast<Duration>(steady_clock::now().time_since_epoch());
  }
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_(to_micros(start)) {}
  Instant now() const override { return from_micros(now_.load()); }
  Duration elapsed() const override { return Duration(elapsed_.load()); }
  void advance(Duration by) {
    now_ += by.count();
    elapsed_ += by.count();
  }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> elapsed_{0};
};

}  // namespace aybiza
