// The shard threads: each owns one Shard and a mailbox; everything that touches a shard travels through it.
//
// Shape    feed() hands events on in log order, run() a function that reads or collects. A mailbox is first in, first
//          out, so a function sees every event fed before it.
// Errors   feed waits while a mailbox is full (the log keeps what waits). ask answers not_covered or unavailable.
// Cost     a question costs one message and one answer per shard.
// Threads  feed from the router only; ask and run from any thread but the shards' own.
// Source   architecture.md 2; reliability.md 3.1 rule 1.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "aggregate/shard.h"
#include "query/live_answer.h"
#include "runtime/mailbox.h"
#include "runtime/thread.h"
#include "server/joined_calls.h"

namespace aybiza {

// Events of one shard, as bytes of the log: the shard decodes them itself.
struct EventChunk {
  struct Item {
    std::uint64_t offset = 0;
    std::uint32_t begin = 0, size = 0;
    Instant received{};
    Id call{};  // empty: of none
    std::uint32_t join = 0;  // in `joins`, counted from 1; 0: none
  };
  // What a call that is part of another has to do with an item: its event is the whole's, or, without an event, what was told of
  // the part leaves this shard or arrives.
  struct Join {
    enum class What : std::uint8_t { renames, gives, takes } what{};
    JoinedCall call;
    std::shared_ptr<Handover> handover;
    std::size_t giver = 0;  // the shard that gives
  };
  std::vector<Join> joins;
  std::string bytes;
  std::vector<Item> items;
  std::uint64_t to = 0;  // everything up to here has been fed
  Instant received{};    // of the newest record: what advance() is told
};

class LiveShards {
 public:
  using Work = std::function<void(Shard&)>;

  explicit LiveShards(std::vector<Shard> shards);
  ~LiveShards();
  LiveShards(const LiveShards&) = delete;

  std::size_t count() const { return lanes_.size(); }
  void feed(std::size_t shard, EventChunk chunk);
  // False: the shard's mailbox is closed.
  bool post(std::size_t shard, Work work);
  // Long work of a shard, a step of about a millisecond at a time, between what it is told: a fifth of its time, so that neither
  // questions nor events wait for more than one of them. False: that was the last. What is left when the shards stop is
  // not done. REQUIRES: on the shard's thread, where no other is under way.
  using Step = std::function<bool(Shard&)>;
  void meanwhile(std::size_t shard, Step step);
  // Likewise of what somebody waits for: in turns with the questions under way. What is left when the shards stop is done.
  void in_turns(std::size_t shard, Step step) { lanes_[shard]->answering.push_back(std::move(step)); }
  // Runs `work` on every shard and waits; false when a shard has closed.
  bool run_all(const std::function<void(std::size_t, Shard&)>& work);

  // Each shard answers all questions of the same moment. One that looks at many calls is answered in steps of some half a
  // millisecond between other messages, at most half of a busy shard's time: neither events nor other questions wait for it.
  Answered<LivePartial> ask(const LiveQuestion& question, Instant now);
  std::vector<Answered<LivePartial>> ask(std::span<const LiveQuestion> questions, Instant now);
  Answered<MetricPartial> ask(const MetricQuestion& question);
  Answered<LearningPartial> ask(const LearningQuestion& question);

  struct Queue {  // of one shard
    std::size_t depth = 0;     // messages that wait
    std::uint64_t bytes = 0;   // of events among them
    std::uint64_t folded = 0;  // the last offset it has folded
  };
  std::vector<Queue> queues() const;
  std::uint64_t folded() const;  // every event up to here is in live state
  bool wait_folded(std::uint64_t offset, Duration patience);
  // Called on a shard's thread after it folded events; must be quick.
  void on_change(std::function<void()> changed);
  std::uint64_t undecodable() const { return undecodable_.load(); }
  void stop();

 private:
  using Message = std::variant<EventChunk, Work>;
  using Steady = std::chrono::steady_clock;
  struct Lane {
    explicit Lane(Shard&& s);
    Shard shard;
    Mailbox<Message> mailbox;
    Step meanwhile;                            // this and the next three: the thread's own
    Steady::time_point next_step{};
    std::deque<Step> answering;                // questions and collections under way, each a step in turn
    Steady::time_point next_answer{};
    std::atomic<std::uint64_t> folded{0};
    std::atomic<std::size_t> queued_bytes{0};  // of chunks in the mailbox: a bound, whose order does not matter
    Thread thread;
  };
  void serve(Lane& lane);
  static Duration until_next_step(const Lane& lane);
  void step(Lane& lane);  // if it is time for one
  static void answer(Lane& lane, bool idle);  // likewise; when idle it always is
  void fold(Lane& lane, const EventChunk& chunk);
  void fold_join(Lane& lane, const EventChunk::Join& join);

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::mutex mutex_;  // guards changed_ and what progressed_ waits for
  std::shared_ptr<const std::function<void()>> changed_;
  std::condition_variable progressed_;
  std::atomic<std::uint64_t> undecodable_{0};
};

}  // namespace aybiza
