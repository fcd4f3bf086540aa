// A thread that calls a function at a fixed rhythm until it is stopped.
//
// Shape    the first call comes one period after the start. A call that takes longer than the period delays the next
//          ones; missed beats are skipped, never made up for in a burst.
// Errors   the function must not throw.
// Threads  construct, nudge, stop from any thread; the function runs on its own. stop() returns after the last call.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "base/units.h"
#include "runtime/thread.h"

namespace aybiza {

class Periodic {
 public:
  Periodic(std::string name, Duration period, std::function<void()> beat);
  ~Periodic() { stop(); }
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  void nudge();  // the next beat comes now, the rhythm starts again from there
  void stop();

 private:
  void run(std::stop_token stop);

  const Duration period_;
  const std::function<void()> beat_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool nudged_ = false;
  Thread thread_;  // last: the members above outlive it
};

}  // namespace aybiza
