// The hub behind a thread: anybody may subscribe, unsubscribe and say that data has changed.
//
// Shape    a mailbox of functions in front of a Hub. data_changed() is cheap and may come for every batch: the thread
//          looks at most every 10 ms. once() computes for one reader who cannot wait for a rhythm, from the newest state
//          when there is one.
// Errors   a full mailbox: subscribe answers 0, once() answers false; the caller says "unavailable".
// Threads  every function from any thread but the destructor; compute and notify run on the live thread. After
//          unsubscribe() returns a last notify may still come.
#pragma once

#include <atomic>
#include <functional>

#include "base/clock.h"
#include "live/hub.h"
#include "runtime/mailbox.h"
#include "runtime/thread.h"

namespace aybiza {

class LiveThread {
 public:
  using SubscriberId = std::uint64_t;
  explicit LiveThread(const Clock& clock);
  ~LiveThread() { stop(); }
  LiveThread(const LiveThread&) = delete;  // one per program; share a reference
  LiveThread& operator=(const LiveThread&) = delete;

  SubscriberId subscribe(TopicPlan plan, Hub::Notify notify);
  void unsubscribe(SubscriberId subscriber);
  void data_changed();
  // Runs `job` on the live thread with the state of the plan: what the topic holds, else computed now.
  bool once(TopicPlan plan, std::function<void(const StatePtr&)> job);
  // Runs `job` on the live thread; it may ask for several states.
  using Compute = std::function<StatePtr(const TopicPlan&)>;
  bool run(std::function<void(const Compute&)> job);

  const Clock& clock() const { return clock_; }
  void stop();  // returns when the thread has ended; what waits is dropped

 private:
  void loop(std::stop_token stop);
  StatePtr state_of(const TopicPlan& plan) const;

  const Clock& clock_;
  std::atomic<SubscriberId> next_{1};
  std::atomic<bool> changed_{false};
  Mailbox<std::function<void()>> mailbox_;
  Hub hub_;                                       // the live thread's alone, like the next
  std::map<SubscriberId, Hub::SubscriberId> subscribers_;
  Thread thread_;                                 // last: the members above outlive it
};

}  // namespace aybiza
