// What a call, a turn and a usage of it tell, at random: for tests of tallies.
#pragma once

#include <random>

#include "aggregate/tally.h"

namespace aybiza::testing {

struct Facts {
  CallFacts call;
  TurnFacts turn;
  UsageFacts usage;
};

inline Facts random_facts(std::mt19937& random) {
  const auto number = [&](std::int64_t high) { return std::uniform_int_distribution<std::int64_t>(0, high)(random); };
  const auto maybe = [&](std::int64_t high) { return number(2) == 0 ? Number{} : Number(number(high)); };
  Facts f;
  f.call = {number(1) != 0, number(1) != 0, number(1) != 0, number(1) != 0, number(1) != 0, number(1) != 0, 1, number(3),
            maybe(50'000), maybe(10'000), maybe(10'000), maybe(900'000'000), maybe(5'000'000), maybe(2'000'000'000), maybe(1'000)};
  f.turn = {number(1) != 0, number(2) == 0 ? Number{} : Number(number(20'000) - 10'000), maybe(10'000), maybe(4'000'000), maybe(0), maybe(3'000'000), maybe(100)};
  for (Number& kind : f.usage.tokens) kind = maybe(5'000);
  f.usage.cost_nano = maybe(1'000'000);
  f.usage.cost_unknown = !f.usage.cost_nano;
  return f;
}

inline void add(Tally& tally, const Facts& f) { tally.add(f.call), tally.add(f.turn), tally.add(f.usage); }
inline void retract(Tally& tally, const Facts& f) { tally.retract(f.call), tally.retract(f.turn), tally.retract(f.usage); }

}  // namespace aybiza::testing
