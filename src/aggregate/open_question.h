// A question to a shard while it is being answered: panes and the totals of calls in flight at once, single calls some at a
// time, so that events and short questions do not wait for one that looks at a hundred thousand calls.
//
// Shape    what is left to single calls is a list of slots. Each is looked at when its turn comes, or, when its call is about to
//          change or to go before that, just then: so the answer is of the moment the question came, as if the shard had stood still.
// Cost     beginning: panes, 20 ns for each call in flight, and the list; a call one looks at, 1 to 5 us.
// Threads  the shard's own.
// Source   decisions.md 20-22.
#pragma once

#include "aggregate/call_scan.h"

namespace aybiza {

class OpenQuestion {
 public:
  OpenQuestion(const Shard::State& state, LiveQuestion question, Instant now);
  OpenQuestion(const OpenQuestion&) = delete;  // its parts refer to one another

  // Looks at so many calls of those that are left; false: that was the last.
  bool step(std::size_t calls);
  // Before the shard changes or lets go of one.
  void before_call(Slot slot) {
    if (slot < waits_.size() && waits_[slot]) look_at(slot);
  }
  bool done() const { return next_ == list_.size(); }
  LivePartial take() { return std::move(out_); }  // REQUIRES: done()

 private:
  void ask_panes();
  void ask_flight();
  void list_calls();
  void list(Slot slot);
  void look_at(Slot slot);
  void visit(const CallRecord& record, bool flying, bool near);
  template <typename Group>
  void interval(const Id& call, const Id& agent, Instant start, std::optional<Instant> over, std::int64_t weight, Group&& group);

  const Shard::State& state_;
  const LiveQuestion question_;
  const Instant now_;
  const bool any_parts_, intervals_;
  const PaneCut parts_;
  LivePartial out_;
  CallScan scan_;                        // refers to the three before
  bool each_in_flight_ = false;          // those in flight are on the list
  std::vector<Extents::Range> wanted_;   // where the ended calls on the list lie; the first `rests_` of them: what panes could not answer
  std::size_t rests_ = 0;
  std::vector<Slot> list_;
  std::vector<bool> waits_;              // by slot: listed, and not looked at
  std::size_t next_ = 0;
  std::optional<CallRecord> room_;
};

}  // namespace aybiza
