// The hub: one state per topic, computed once however many look at it, handed to every subscriber.
//
// Shape    a topic is a key (page, customer scope, filters, range), a function that computes its state, and a rhythm.
//          A state is immutable and shared. step() computes what is due; nothing is computed for a topic without
//          subscribers, and never more often than its rhythm allows: the newest state replaces, there is no queue.
// Cost     per step: one compute per topic that is due, the one that waits longest first, until a turn's time is over
//          (live_turn): what else the thread has to do is not held up by more than one of them. A topic that is expensive comes less often: never more than
//          half of the thread's time goes to one topic, most of which it waits for shards, nor to all heavy topics together: those keep the store busy, and the processors. One that many look at too: what it takes to hand a state out
//          grows with them, so that 50 subscribers get one state where ten get five.
// Threads  none: owned by one lane (live_thread.h posts to it). Notify runs on that thread and must not block.
// Source   decisions.md 32; architecture.md 2 (live/).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"

namespace aybiza {

using StatePtr = std::shared_ptr<const void>;

inline constexpr Duration topic_rhythm = std::chrono::milliseconds(25);
inline constexpr Duration live_turn = std::chrono::milliseconds(10);  // of computing; then who else waits for the thread is looked after

struct TopicPlan {
  std::string key;
  std::function<StatePtr(Instant now)> compute;
  Duration busy = topic_rhythm;  // at most this often while data flows
  Duration idle{std::chrono::seconds(1)};        // at least this often, so that ages and windows move
  bool heavy = false;  // takes more than some milliseconds, or asks the store: computed beside the quick ones (live_thread.h)
  bool later = false;  // a first page is not held up for it: the socket that follows brings it
  bool slow = false;   // takes tenths of a second, seldom: computed beside both, so that no first page waits behind it; needs `later`
};

class Hub {
 public:
  using Notify = std::function<void(const StatePtr& state)>;
  using SubscriberId = std::uint64_t;

  // The newest state is handed over at once when there is one; a new topic is computed at the next step.
  SubscriberId subscribe(const TopicPlan& plan, Notify notify);
  void unsubscribe(SubscriberId subscriber);

  // The newest state of a topic that somebody looks at; null when there is none.
  StatePtr newest(const std::string& key) const;

  // Data has changed since the last step: topics are due after `busy` instead of `idle`.
  void data_changed() { ++version_; }

  // Computes and hands out what is due. Answers how long the owner may sleep if nothing changes meanwhile; not at all if more is due
  // than a turn had time for. With a clock the cost of each compute is measured; without one it counts as nothing.
  Duration step(Instant now, Duration elapsed, const Clock* clock = nullptr);

  // How long until a topic is due, given that data has changed.
  Duration until_due(Duration elapsed) const;

  std::size_t topics() const { return topics_.size(); }
  std::size_t subscribers() const { return topic_of_.size(); }

 private:
  struct Topic {
    TopicPlan plan;
    StatePtr state;
    Duration computed{Duration::min()};
    Duration cost{0};  // of the last compute
    std::uint64_t version = 0;
    std::map<SubscriberId, Notify> subscribers;
  };
  Duration rhythm_of(const Topic& topic) const;
  Duration due_in(const Topic& topic, Duration elapsed) const;
  Topic* longest_due(Duration elapsed);

  std::map<std::string, Topic> topics_;
  std::map<SubscriberId, std::string> topic_of_;
  SubscriberId next_ = 1;
  std::uint64_t version_ = 1;
  Duration heavy_cost_{0};  // of all heavy topics, each as it was last
};

}  // namespace aybiza
