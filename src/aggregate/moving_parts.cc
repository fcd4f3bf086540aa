#include "aggregate/moving_parts.h"

#include <algorithm>

namespace aybiza {
namespace {

template <typename Part>
void in_order_of_time(std::vector<Part>& parts) {
  const auto earlier = [](const Part& a, const Part& b) { return a.time < b.time; };
  if (!std::is_sorted(parts.begin(), parts.end(), earlier)) std::stable_sort(parts.begin(), parts.end(), earlier);
}

}  // namespace

void MovingParts::gather(const CallRecord& record, bool reports_cost) {
  moments_.clear();
  uses_.clear();
  minutes_.clear();
  entries_.clear();
  sampled_ = record.sampled(record.call.weight(), reports_cost);
  for (const LiveTurn& turn : record.turns) {
    const TurnFacts facts = turn.state.facts();
    moments_.push_back({.time = turn.state.time(), .turn = &turn, .facts = facts, .slots = slots_of(facts)});
  }
  for (const LiveUsage& usage : record.usage) uses_.push_back({.time = usage.time, .model = usage.model, .facts = usage.facts(reports_cost)});
  in_order_of_time(moments_);
  in_order_of_time(uses_);

  const auto write = [&](auto& part) {
    part.entry = entries_.size();
    append_entry(entries_, part.facts);
    part.end = entries_.size();
  };
  for (std::size_t m = 0, u = 0; m < moments_.size() || u < uses_.size();) {
    const Instant next = std::min(m < moments_.size() ? moments_[m].time : Instant::max(), u < uses_.size() ? uses_[u].time : Instant::max());
    Minute minute;
    minute.begin = floor_to(next, std::chrono::minutes(1));
    const Instant end = minute.begin + std::chrono::minutes(1);
    minute.first_moment = m, minute.first_use = u;
    minute.entries = entries_.size();
    for (; m < moments_.size() && moments_[m].time < end; ++m) write(moments_[m]);
    minute.use_entries = entries_.size();
    for (; u < uses_.size() && uses_[u].time < end; ++u) write(uses_[u]);
    minute.end_moment = m, minute.end_use = u;
    minute.end = entries_.size();
    minutes_.push_back(std::move(minute));
  }
}

const Tally& MovingParts::sum(Minute& minute) const {
  if (minute.summed) return minute.sum;
  minute.summed = true;
  for (std::size_t i = minute.first_moment; i < minute.end_moment; ++i) minute.sum.add(moments_[i].facts, moments_[i].slots);
  for (std::size_t i = minute.first_use; i < minute.end_use; ++i) minute.sum.add(uses_[i].facts);
  return minute.sum;
}

void MovingParts::move(Pane& into, const Moment& moment, int sign) const {
  if (sampled_) return sign < 0 ? into.warm().retract(moment.facts, *sampled_) : into.warm().add(moment.facts, *sampled_);
  if (sign < 0) return into.warm().retract(moment.facts);
  into.add(bytes(moment.entry, moment.end), [&](Tally& tally) { tally.add(moment.facts, moment.slots); });
}

void MovingParts::move(Pane& into, const Use& use, int sign) const {
  if (sampled_) return sign < 0 ? into.warm().retract(use.facts, *sampled_) : into.warm().add(use.facts, *sampled_);
  if (sign < 0) return into.warm().retract(use.facts);
  into.add(bytes(use.entry, use.end), [&](Tally& tally) { tally.add(use.facts); });
}

void MovingParts::move(Pane& into, Minute& minute, int sign, bool with_usage) const {
  if (sign > 0 && !sampled_)
    return into.add(bytes(minute.entries, with_usage ? minute.end : minute.use_entries),
                    [&](Tally& tally) { tally.merge(sum(minute), {.calls = false, .usage = with_usage}); });
  for (std::size_t i = minute.first_moment; i < minute.end_moment; ++i) move(into, moments_[i], sign);
  for (std::size_t i = minute.first_use; i < minute.end_use && with_usage; ++i) move(into, uses_[i], sign);
}

}  // namespace aybiza
