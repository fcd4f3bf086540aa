#include "aggregate/flight_totals.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace aybiza {

void FlightTotals::leave(std::size_t place) {
  CHECK(place < shares_.size());
  take_back(shares_[place]);
  if (place + 1 < shares_.size()) shares_[place] = shares_.back();
  shares_.pop_back();
  at_work_.leave(place);
}

void FlightTotals::set(std::size_t place, const Call& call, const CallFacts& facts, const CallSums& sums, bool reports_cost) {
  Share& share = shares_[place];
  at_work_.set(place, call.agent, call.start, call.weight);
  if (call.weight != 1) {
    take_back(share);
    calls_ += call.weight;
    share.call = call;
    share.state = State::aside;
    ++aside_;
    return;
  }
  Sums fresh{.turns = sums.turns, .sentiment_n = sums.sentiment_n, .sentiment_e4 = sums.sentiment_e4, .usages = sums.usages};
  if (!reports_cost) {
    fresh.unknown_costs = sums.unknown_costs;
    fresh.cost_n = sums.usages - sums.unknown_costs;
    fresh.cost_nano = sums.cost_nano;
  }
  if (facts.reported_cost_nano) fresh.cost_n += 1, fresh.cost_nano += *facts.reported_cost_nano;
  const Instant minute = floor_to(call.low, std::chrono::minutes(1));
  if (share.state != State::counted || share.minute != minute) {
    take_back(share);
    Cell& cell = cells_[minute];
    ++calls_;
    ++cell.calls;
    cell.tally.add(facts);
    move(cell.tally, fresh, 1);
    cell.high = std::max(cell.high, call.high);
    share = {call, State::counted, minute, facts, fresh};
    return;
  }
  Cell& cell = cells_.at(minute);
  cell.high = std::max(cell.high, call.high);
  if (facts != share.facts) cell.tally.amend(share.facts, facts);
  if (fresh != share.sums) {
    move(cell.tally, share.sums, -1);
    move(cell.tally, fresh, 1);
  }
  share.call = call;
  share.facts = facts;
  share.sums = fresh;
}

void FlightTotals::take_back(Share& share) {
  if (share.state != State::nothing) calls_ -= share.call.weight;
  if (share.state == State::aside) --aside_;
  if (share.state == State::counted) {
    const auto at = cells_.find(share.minute);
    CHECK(at != cells_.end());
    if (--at->second.calls == 0) {
      cells_.erase(at);
    } else {
      take_out(std::size_t(&share - shares_.data()), at->second.tally);
    }
  }
  share.state = State::nothing;
}

bool FlightTotals::gives(std::size_t place, const TallyParts& parts) const {
  const Sums& sums = shares_[place].sums;
  return parts.calls || (parts.turns && sums.turns != 0) || (parts.usage && (sums.usages != 0 || sums.cost_n != 0));
}

void FlightTotals::add(std::size_t place, const TallyParts& parts, Tally& into) const {
  const Share& share = shares_[place];
  if (parts.calls) into.add(share.facts, parts);
  Sums sums = share.sums;
  if (!parts.turns) sums.turns = 0;
  if (!parts.usage) sums.usages = sums.cost_n = 0;
  move(into, sums, 1);
}

void FlightTotals::take_out(std::size_t place, Tally& tally) const {
  tally.retract(shares_[place].facts);
  move(tally, shares_[place].sums, -1);
}

void FlightTotals::move(Tally& tally, const Sums& sums, std::int64_t sign) {
  if (sums.turns != 0) {
    if (!tally.turns) tally.turns = std::make_unique<TurnTally>();
    tally.turns->turns += sign * sums.turns;
    tally.turns->sentiment.count += sign * sums.sentiment_n;
    tally.turns->sentiment.sum += sign * sums.sentiment_e4;
    if (tally.turns->turns == 0) tally.turns.reset();
  }
  if (sums.usages != 0 || sums.cost_n != 0) {
    if (!tally.usage) tally.usage = std::make_unique<UsageTally>();
    tally.usage->usages += sign * sums.usages;
    tally.usage->unknown_costs += sign * sums.unknown_costs;
    tally.usage->cost.count += sign * sums.cost_n;
    tally.usage->cost.sum += sign * sums.cost_nano;
    if (tally.usage->usages == 0 && tally.usage->cost.count == 0) tally.usage.reset();
  }
}

std::size_t FlightTotals::heap_bytes() const {
  std::size_t bytes = shares_.capacity() * sizeof(Share) + at_work_.heap_bytes();
  for (const auto& [minute, cell] : cells_) bytes += sizeof(Cell) + cell.tally.heap_bytes() + 48;
  return bytes;
}

}  // namespace aybiza
