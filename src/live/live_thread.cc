#include "live/live_thread.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

LiveThread::LiveThread(const Clock& clock)
    : clock_(clock), mailbox_(limits::live_requests), thread_("live", [this](std::stop_token stop) { loop(stop); }) {}

void LiveThread::stop() {
  mailbox_.close();
  thread_.request_stop();
  mailbox_.wake();
  if (thread_.joinable()) thread_.join();
}

LiveThread::SubscriberId LiveThread::subscribe(TopicPlan plan, Hub::Notify notify) {
  const SubscriberId id = next_.fetch_add(1);
  const bool taken = mailbox_.post([this, id, plan = std::move(plan), notify = std::move(notify)] {
    subscribers_.emplace(id, hub_.subscribe(plan, notify));
  });
  return taken ? id : 0;
}

void LiveThread::unsubscribe(SubscriberId subscriber) {
  if (subscriber == 0) return;
  // A full mailbox would leave a topic without readers running; it is emptied every 10 ms, so it is full only when the
  // thread is stopping or stuck.
  (void)mailbox_.post([this, subscriber] {
    const auto at = subscribers_.find(subscriber);
    if (at == subscribers_.end()) return;
    hub_.unsubscribe(at->second);
    subscribers_.erase(at);
  });
}

// acq_rel, paired with the load in loop(): what was written before data_changed() is seen by the compute that follows.
// loop() clears the flag before it computes, so a change that comes meanwhile is looked at again.
void LiveThread::data_changed() {
  if (!changed_.exchange(true, std::memory_order_acq_rel)) mailbox_.wake();
}

StatePtr LiveThread::state_of(const TopicPlan& plan) const {
  const StatePtr held = hub_.newest(plan.key);
  return held ? held : plan.compute(clock_.now());
}

bool LiveThread::once(TopicPlan plan, std::function<void(const StatePtr&)> job) {
  return mailbox_.post([this, plan = std::move(plan), job = std::move(job)] { job(state_of(plan)); });
}

bool LiveThread::run(std::function<void(const Compute&)> job) {
  return mailbox_.post([this, job = std::move(job)] { job([this](const TopicPlan& plan) { return state_of(plan); }); });
}

void LiveThread::loop(std::stop_token stop) {
  constexpr Duration rhythm = limits::live_rhythm, idle = limits::live_idle;
  Duration sleep = idle, looked = clock_.elapsed() - rhythm;
  while (!stop.stop_requested()) {
    const bool changed = changed_.load(std::memory_order_acquire);
    const Duration rest = std::max(Duration(0), looked + rhythm - clock_.elapsed());
    mailbox_.drain_wait(changed ? rest : sleep, [&](std::function<void()>&& job) {
      if (!stop.stop_requested()) job();
    });
    if (stop.stop_requested()) return;
    const Duration elapsed = clock_.elapsed();
    if (changed_.load(std::memory_order_acquire)) {
      if (elapsed < looked + rhythm) continue;
      changed_.exchange(false, std::memory_order_acq_rel);
      hub_.data_changed();
    }
    looked = elapsed;
    sleep = std::clamp(hub_.step(clock_.now(), elapsed, &clock_), Duration(std::chrono::milliseconds(1)), idle);
  }
}

}  // namespace aybiza
