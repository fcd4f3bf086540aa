// Who is at work now, so that a page may ask many times a second how many calls and agents there are: sixteen bytes a call,
// and each agent by a small number instead of an id.
//
// Shape    a place per call in flight, as FlightTotals has them; an agent's number is free again when its last call has gone.
// Cost     through: two reads in sequence for each call, a copy of 16 bytes for each agent. set, leave: one look-up.
// Threads  none: owned by one shard (through() writes who was met).
// Source   decisions.md 5.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "aggregate/flat_index.h"
#include "aggregate/live_question.h"
#include "base/ids.h"

namespace aybiza {

class AtWork {
 public:
  void enter() { calls_.emplace_back(); }  // at place size(); nobody's until set()
  void set(std::size_t place, const Id& agent, Instant start, std::int64_t weight) {
    Call& call = calls_[place];
    if (call.agent == nobody || agents_[call.agent].id != agent) {
      const std::uint32_t number = enrol(agent);
      dismiss(std::exchange(call.agent, number));
    }
    call.start = start;
    call.weight = std::uint32_t(weight);
  }
  void leave(std::size_t place) {  // the last place's call moves here
    dismiss(calls_[place].agent);
    calls_[place] = calls_.back();
    calls_.pop_back();
  }

  // Those that began at or before `from`, but not more than at_work_at_most; beyond(place) for every one that began later.
  template <typename Beyond>
  void through(Instant from, CallsThrough& into, Beyond&& beyond) const {
    ++look_;
    for (std::size_t place = 0; place < calls_.size(); ++place) {
      const Call& call = calls_[place];
      if (call.agent == nobody) continue;
      if (call.start > from) {
        beyond(place);
        continue;
      }
      if (call.start < from - at_work_at_most) continue;
      into.calls += call.weight;
      into.estimate |= call.weight > 1;
      Agent& agent = agents_[call.agent];
      if (std::exchange(agent.met, look_) != look_) into.agents.push_back(agent.id);
    }
  }

  std::size_t agents() const { return index_.size(); }
  std::size_t heap_bytes() const { return calls_.capacity() * sizeof(Call) + agents_.capacity() * sizeof(Agent) + free_.capacity() * sizeof(std::uint32_t) + index_.heap_bytes(); }

 private:
  static constexpr std::uint32_t nobody = UINT32_MAX;
  struct Call {
    Instant start{};
    std::uint32_t agent = nobody, weight = 1;
  };
  struct Agent {
    Id id{};
    std::uint64_t met = 0;  // the last look that did
    std::uint32_t calls = 0;
  };

  std::uint32_t enrol(const Id& id) {
    const std::uint64_t hash = IdHash{}(id);
    auto known = index_.find(hash, [&](std::uint32_t i) { return agents_[i].id == id; });
    if (!known) {
      if (free_.empty()) free_.push_back(std::uint32_t(agents_.size())), agents_.emplace_back();
      known = free_.back();
      free_.pop_back();
      agents_[*known] = {.id = id};
      index_.insert(hash, *known);
    }
    ++agents_[*known].calls;
    return *known;
  }
  void dismiss(std::uint32_t number) {
    if (number == nobody || --agents_[number].calls > 0) return;
    index_.erase(IdHash{}(agents_[number].id), number);
    free_.push_back(number);
  }

  std::vector<Call> calls_;
  mutable std::vector<Agent> agents_;
  std::vector<std::uint32_t> free_;
  FlatIndex index_;
  mutable std::uint64_t look_ = 0;
};

}  // namespace aybiza
