// The hub behind threads: anybody may subscribe, unsubscribe and say that data has changed.
//
// Shape    three lanes, each a mailbox of functions in front of a Hub on a thread of its own: one for topics that are
//          computed in some milliseconds, one for heavy ones and for first pages, one for slow ones, so that a chart, or a
//          stranger's question to the store, never holds up the figures that move, and no table of months a first page. data_changed() is cheap and may come for every
//          batch: a lane looks at most every 10 ms. once() computes for one reader who cannot wait for a rhythm, from the
//          newest state when there is one.
// Errors   a full mailbox: subscribe answers 0, once() and run() answer false; the caller says "unavailable".
// Threads  every function from any thread but the destructor; compute and notify run on a lane's thread, never two at
//          once for one topic. After unsubscribe() returns a last notify may still come.
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
  // Runs `job` with the state of the plan: what the topic holds, else computed now.
  bool once(TopicPlan plan, std::function<void(const StatePtr&)> job);
  // Runs `job` on the heavy lane; it may ask for several states, also for one only if it is known: null otherwise.
  struct States {
    std::function<StatePtr(const TopicPlan&)> computed;
    std::function<StatePtr(const TopicPlan&)> known;
  };
  bool run(std::function<void(const States&)> job);

  const Clock& clock() const { return clock_; }
  void stop();  // returns when the threads have ended; what waits is dropped

 private:
  struct Lane {
    Lane(const Clock& clock, const char* name);
    void loop(std::stop_token stop);
    void data_changed();
    void stop();
    StatePtr state_of(const TopicPlan& plan) const;

    const Clock& clock;
    std::atomic<bool> changed{false};
    Mailbox<std::function<void()>> mailbox;
    Hub hub;                                       // the lane's thread's alone, like the next
    std::map<SubscriberId, Hub::SubscriberId> subscribers;
    Thread thread;                                 // last: the members above outlive it
  };
  static constexpr SubscriberId lanes = 3;
  static SubscriberId number_of(const TopicPlan& plan) { return plan.slow ? 2 : plan.heavy ? 1 : 0; }
  Lane& lane(SubscriberId number) { return number == 2 ? slow_ : number == 1 ? heavy_ : quick_; }

  const Clock& clock_;
  std::atomic<SubscriberId> next_{1};              // an identifier is that, times the lanes, plus its lane's number
  Lane quick_, heavy_, slow_;
};

}  // namespace aybiza
