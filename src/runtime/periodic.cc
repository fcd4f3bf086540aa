#include "runtime/periodic.h"

#include <chrono>
#include <utility>

#include "base/check.h"

namespace aybiza {

Periodic::Periodic(std::string name, Duration period, std::function<void()> beat)
    : period_(period), beat_(std::move(beat)) {
  CHECK(period > Duration::zero());
  thread_ = Thread(std::move(name), [this](std::stop_token stop) { run(std::move(stop)); });
}

void Periodic::run(std::stop_token stop) {
  using SteadyClock = std::chrono::steady_clock;
  auto next = SteadyClock::now() + period_;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const bool nudged = changed_.wait_until(lock, stop, next, [&] { return nudged_; });
    if (stop.stop_requested()) return;
    nudged_ = false;
    lock.unlock();
    beat_();
    lock.lock();
    const auto now = SteadyClock::now();
    if (nudged) next = now;
    next += period_;
    if (next < now) next = now + period_;  // skipped beats are not made up for
  }
}

void Periodic::nudge() {
  {
    std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

void Periodic::stop() {
  thread_.request_stop();
  thread_.join();
}

}  // namespace aybiza
