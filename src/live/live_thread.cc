#include "live/live_thread.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

LiveThread::Lane::Lane(const Clock& c, const char* name)
    : clock(c), mailbox(limits::live_requests), thread(name, [this](std::stop_token stop) { loop(stop); }) {}

LiveThread::LiveThread(const Clock& clock) : clock_(clock), quick_(clock, "live"), heavy_(clock, "live-heavy"), slow_(clock, "live-slow") {}

void LiveThread::Lane::stop() {
  mailbox.close();
  thread.request_stop();
  mailbox.wake();
  if (thread.joinable()) thread.join();
}

void LiveThread::stop() {
  for (SubscriberId i = 0; i < lanes; ++i) lane(i).stop();
}

LiveThread::SubscriberId LiveThread::subscribe(TopicPlan plan, Hub::Notify notify) {
  const SubscriberId number = number_of(plan), id = next_.fetch_add(1) * lanes + number;
  Lane& at = lane(number);
  const bool taken = at.mailbox.post([&lane = at, id, plan = std::move(plan), notify = std::move(notify)] {
    lane.subscribers.emplace(id, lane.hub.subscribe(plan, notify));
  });
  return taken ? id : 0;
}

void LiveThread::unsubscribe(SubscriberId subscriber) {
  if (subscriber == 0) return;
  Lane& at = lane(subscriber % lanes);
  // A full mailbox would leave a topic without readers running; it is emptied every 10 ms, so it is full only when the
  // thread is stopping or stuck.
  (void)at.mailbox.post([&lane = at, subscriber] {
    const auto found = lane.subscribers.find(subscriber);
    if (found == lane.subscribers.end()) return;
    lane.hub.unsubscribe(found->second);
    lane.subscribers.erase(found);
  });
}

// acq_rel, paired with the load in loop(): what was written before data_changed() is seen by the compute that follows.
// loop() clears the flag before it computes, so a change that comes meanwhile is looked at again.
void LiveThread::Lane::data_changed() {
  if (!changed.exchange(true, std::memory_order_acq_rel)) mailbox.wake();
}

void LiveThread::data_changed() {
  for (SubscriberId i = 0; i < lanes; ++i) lane(i).data_changed();
}

StatePtr LiveThread::Lane::state_of(const TopicPlan& plan) const {
  const StatePtr held = hub.newest(plan.key);
  return held ? held : plan.compute(clock.now());
}

bool LiveThread::once(TopicPlan plan, std::function<void(const StatePtr&)> job) {
  Lane& at = lane(number_of(plan));
  return at.mailbox.post([&lane = at, plan = std::move(plan), job = std::move(job)] { job(lane.state_of(plan)); });
}

bool LiveThread::run(std::function<void(const States&)> job) {
  return heavy_.mailbox.post([this, job = std::move(job)] {
    job({[this](const TopicPlan& plan) { return heavy_.state_of(plan); }, [this](const TopicPlan& plan) { return heavy_.hub.newest(plan.key); }});
  });
}

void LiveThread::Lane::loop(std::stop_token stop) {
  constexpr Duration rhythm = limits::live_rhythm, idle = limits::live_idle;
  Duration sleep = idle, looked = clock.elapsed() - rhythm;
  while (!stop.stop_requested()) {
    const bool told = changed.load(std::memory_order_acquire);
    const Duration rest = std::max(Duration(0), looked + rhythm - clock.elapsed());
    mailbox.drain_wait(told ? rest : sleep, [&](std::function<void()>&& job) {
      if (!stop.stop_requested()) job();
    });
    if (stop.stop_requested()) return;
    const Duration elapsed = clock.elapsed();
    if (changed.load(std::memory_order_acquire)) {
      if (elapsed < looked + rhythm) continue;
      changed.exchange(false, std::memory_order_acq_rel);
      hub.data_changed();
    }
    looked = elapsed;
    sleep = std::clamp(hub.step(clock.now(), elapsed, &clock), Duration(std::chrono::milliseconds(1)), idle);
  }
}

}  // namespace aybiza
