// What the money went to: by stage of a call, a minute of it, what reading from the cache saved, and what could not be priced.
//
// Shape    usage at its own time, of calls without a cost of their own, as cost_usd counts it. Usage of one stage alone is that stage's; of several stages
//          it is split as the price list in force would; where that cannot be told (its sender told one sum, the list lacks a price, a call reports its own
//          whole cost) it is `apart`. So stages and `apart` add up to cost_usd. A minute: ended calls that started in the range, whose length and cost are known.
//          A sampled call counts as often as it stands for.
// Units    USD, ms, tokens.
// Errors   Refusal unavailable when the store fails or the deadline passes. What has no price adds nothing and is counted.
// Cost     two statements over usage and calls of the range; one group a day, customer, model and set of providers.
// Threads  pure, but for the store, of which each call takes a connection of its own.
// Source   docs/metrics.md "Where a call's money goes".
#pragma once

#include <array>

#include "assemble/price_book.h"
#include "query/fleet_signals.h"

namespace aybiza {

inline constexpr std::size_t cost_stages = 4;  // tokens of a model, speech to text, text to speech, telephony

struct SpendParts {
  std::array<double, cost_stages> stage_usd{};
  double apart_usd = 0;
  double usage = 0, unpriced = 0;                  // pieces of usage; of these, of calls without a cost of their own, those whose cost is unknown
  double cached_tokens = 0, unpriced_cached = 0;   // read from the cache; of these, without a price to read, or to read from the cache
  double saved_usd = 0;
  double timed_calls = 0, timed_ms = 0, timed_usd = 0;  // ended, with a known length and cost
  bool costs_known = false;                        // any cost is known
  bool estimate = false;                           // some calls stand for several (docs/sampling.md)
};

Answered<SpendParts> spend_parts_from_store(const FleetQuestion& question, Store& store, const PriceBook& prices, Duration deadline);
// The same by walking over rows, one usage after the other: the rival, and what tests' pages show.
SpendParts spend_parts_from_rows(const FleetQuestion& question, const RowSet& rows, const PriceBook& prices);

}  // namespace aybiza
