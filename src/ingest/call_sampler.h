// Head sampling of calls at the way in: of the calls a rule names one in n is kept, whole, and stands for n.
//
// Shape    sample() leaves out the events of calls that are not kept and gives those that are their weight
//          (Field::sample_weight). Which stay is decided by a hash of the call's id, as joined: every format, source and restart
//          decides alike, and what a stricter rule keeps a laxer one keeps too. When rules change, calls in flight go on as they
//          began: for limits::call_idle_timeout only what begins with call.started goes by the new rules at once, and what was
//          decided is remembered until the call falls silent.
// Errors   none. Beyond limits::sampling_calls_remembered calls in flight a change may cut calls; so may a restart soon after it.
// Cost     nothing without rules; else a hash for each call of a batch, under one lock.
// Threads  any.
// Source   docs/sampling.md; Horvitz and Thompson 1952.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "codec/event_batch.h"
#include "ingest/sampling_rules.h"

namespace aybiza {

class CallSampler {
 public:
  explicit CallSampler(SamplingRules& rules);
  CallSampler(const CallSampler&) = delete;  // everybody shares the one
  CallSampler& operator=(const CallSampler&) = delete;

  // The number of events that were left out. REQUIRES: the events' ids and calls are final.
  std::uint64_t sample(EventBatch& batch, Instant now);
  std::uint64_t left_out() const { return left_out_.load(); }  // since the start, everywhere

  // How many calls `call` stands for where one in `one_in` is kept: 0 where it is not.
  static std::int64_t weight(const Id& call, int one_in);

 private:
  using Weights = std::unordered_map<Id, std::int64_t, IdHash>;
  void notice(const SamplingTable& rules, Instant now);
  std::int64_t decide(const Event& event);
  std::int64_t* remembered(const Id& call);

  SamplingRules& rules_;
  std::atomic<bool> active_{false};  // there are rules, or calls that go on as they began: a look without the lock
  std::atomic<std::uint64_t> left_out_{0};
  std::mutex mutex_;                 // guards what follows
  CallShares current_, before_;      // and the rules before the last change
  Instant changed_ = Instant::min(), turned_ = Instant::min();
  bool changing_ = false;            // less than limits::call_idle_timeout ago
  Weights young_, old_;              // what was decided; heard of since turned_, and before
};

}  // namespace aybiza
