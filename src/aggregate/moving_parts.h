// The turns and usage of one call on their way into panes, or out of them: in order of time, cut into minutes.
//
// Shape    A minute's turns and usage go to the same pane on most axes: as the bytes of all of them while that pane is a
//          list, as one sum made once when it is a Tally. What goes to panes of its own goes one by one.
// Cost     its memory serves again with the next call.
// Threads  none: owned by one shard.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregate/call_record.h"
#include "aggregate/pane.h"

namespace aybiza {

class MovingParts {
 public:
  struct Moment {  // one turn
    Instant time;
    const LiveTurn* turn;
    TurnFacts facts;
    TurnSlots slots;
    std::size_t entry = 0, end = 0;  // its bytes
  };
  struct Use {
    Instant time;
    Label model;
    UsageFacts facts;
    std::size_t entry = 0, end = 0;
  };
  struct Minute {
    Instant begin{};
    std::size_t first_moment = 0, end_moment = 0, first_use = 0, end_use = 0;
    std::size_t entries = 0, use_entries = 0, end = 0;  // of the turns, then of the usage
    Tally sum;
    bool summed = false;
  };

  // Takes them all. Views the call's turns until the next call.
  void gather(const CallRecord& record, bool reports_cost);

  std::vector<Minute>& minutes() { return minutes_; }
  const std::vector<Moment>& moments() const { return moments_; }
  const std::vector<Use>& uses() const { return uses_; }

  // Adds (sign 1) to a pane, or takes back (-1). A call that stands for several: as often, without the list of a pane.
  void move(Pane& into, const Moment& moment, int sign) const;
  void move(Pane& into, const Use& use, int sign) const;
  void move(Pane& into, Minute& minute, int sign, bool with_usage = true) const;  // all of its minute's
  std::string& scratch() { return entries_; }

 private:
  std::string_view bytes(std::size_t begin, std::size_t end) const { return std::string_view(entries_).substr(begin, end - begin); }
  const Tally& sum(Minute& minute) const;

  std::vector<Moment> moments_;
  std::vector<Use> uses_;
  std::vector<Minute> minutes_;
  std::string entries_;  // minute by minute
  std::optional<SampledCall> sampled_;
};

}  // namespace aybiza
