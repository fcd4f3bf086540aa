// What the calls in flight come to, all together: a question about the whole fleet then looks at those that changed since
// the last one, and not at ten thousand calls.
//
// Shape    a place per call in flight, in the order of the shard's list; a cell per minute in which calls began, with one
//          Tally of what they give: facts of calls, number and sentiment of turns, cost of usage. Equal shares give equal
//          figures, in whatever order they came and went; extremes alone are bounds once something was taken back.
//          A call that stands for several (weight > 1) is in no cell: its parts need their own errors.
// Cost     set: two or three sketch updates when the share is new or changed; leave: the same; 350 bytes a place.
// Threads  none: owned by one shard.
// Source   docs/metrics.md "Measures"; decisions.md 20-22.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "aggregate/at_work.h"
#include "aggregate/series.h"
#include "aggregate/tally.h"
#include "assemble/assembled_call.h"
#include "base/ids.h"

namespace aybiza {

class FlightTotals {
 public:
  struct Cell {
    Tally tally;
    std::int64_t calls = 0;
    Instant high = Instant::min();  // nothing of its calls lies behind it
  };

  struct Call {
    Id id{}, agent{};
    Instant start{}, low{}, high{};  // everything of it lies in [low, high]
    std::int64_t weight = 1;
    std::array<Label, call_axes> labels{};  // unmet_label: an outcome without one
  };

  void enter() { shares_.emplace_back(), at_work_.enter(); }  // at place size(); gives nothing until set()
  void leave(std::size_t place);                       // the last place's call moves here
  std::size_t size() const { return shares_.size(); }

  // What the call at `place` is and gives now.
  void set(std::size_t place, const Call& call, const CallFacts& facts, const CallSums& sums, bool reports_cost);
  const Call& call(std::size_t place) const { return shares_[place].call; }

  // By the first instant of their minute; its calls have nothing before it.
  const std::map<Instant, Cell>& cells() const { return cells_; }
  bool gives(std::size_t place, const TallyParts& parts) const;  // anything at all. REQUIRES: not aside
  // What the call at `place` gives, as one would add it by itself. REQUIRES: not aside.
  void add(std::size_t place, const TallyParts& parts, Tally& into) const;
  void take_out(std::size_t place, Tally& tally) const;  // of the call at `place`. REQUIRES: a copy of its cell's, with it in
  bool aside(std::size_t place) const { return shares_[place].state == State::aside; }  // in no cell
  std::size_t aside() const { return aside_; }
  std::int64_t calls() const { return calls_; }        // with what each stands for
  const AtWork& at_work() const { return at_work_; }
  Instant minute(std::size_t place) const { return shares_[place].minute; }  // of its cell

  std::size_t heap_bytes() const;

 private:
  struct Sums {  // of turns and usage
    std::int64_t turns = 0, sentiment_n = 0, sentiment_e4 = 0, usages = 0, unknown_costs = 0, cost_n = 0, cost_nano = 0;
    friend bool operator==(const Sums&, const Sums&) = default;
  };
  enum class State : std::uint8_t { nothing, counted, aside };
  struct Share {
    Call call;
    State state = State::nothing;
    Instant minute{};
    CallFacts facts;
    Sums sums;
  };
  static void move(Tally& tally, const Sums& sums, std::int64_t sign);
  void take_back(Share& share);

  std::vector<Share> shares_;
  AtWork at_work_;
  std::map<Instant, Cell> cells_;
  std::size_t aside_ = 0;
  std::int64_t calls_ = 0;
};

}  // namespace aybiza
