// Calls that stand for several: their figures, their bytes, and the error they are told with.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "aggregate/random_facts.h"

namespace aybiza {
namespace {

using testing::Facts;
using testing::random_facts;

// A call of weight ten, with a turn and a usage that are all it has.
SampledCall whole_of(const Facts& f, std::int64_t weight) {
  SampledCall call{.weight = weight};
  call.add(f.turn);
  call.add(f.usage);
  return call;
}
void add_sampled(Tally& tally, Facts f, std::int64_t weight) {
  f.call.weight = std::uint16_t(weight);
  tally.add(f.call);
  if (f.call.reported_cost_nano) tally.add_reported_cost(*f.call.reported_cost_nano, weight);
  tally.add(f.turn, whole_of(f, weight)), tally.add(f.usage, whole_of(f, weight));
}
void retract_sampled(Tally& tally, Facts f, std::int64_t weight) {
  f.call.weight = std::uint16_t(weight);
  tally.retract(f.call);
  if (f.call.reported_cost_nano) tally.retract_reported_cost(*f.call.reported_cost_nano, weight);
  tally.retract(f.turn, whole_of(f, weight)), tally.retract(f.usage, whole_of(f, weight));
}

TEST(SampledTally, figures_are_those_of_as_many_calls_as_it_stands_for) {
  std::mt19937 random(11);
  Tally sampled, repeated;
  for (int i = 0; i < 60; ++i) {
    const Facts f = random_facts(random);
    add_sampled(sampled, f, 7);
    for (int k = 0; k < 7; ++k) {
      add(repeated, f);
      if (f.call.reported_cost_nano) repeated.add_reported_cost(*f.call.reported_cost_nano);
    }
  }
  ASSERT_TRUE(sampled.sampled);
  EXPECT_FALSE(repeated.sampled);
  for (const std::string& word : all_measures()) {
    const auto measure = parse_measure(word);
    if (!measure) continue;
    EXPECT_EQ(value_of(*measure, sampled), value_of(*measure, repeated)) << word;
    EXPECT_FALSE(is_estimate(*measure, repeated)) << word;
  }
  sampled.sampled.reset();
  EXPECT_EQ(serialise(sampled), serialise(repeated));
}

TEST(SampledTally, bytes_tell_it_and_taking_back_leaves_nothing) {
  std::mt19937 random(12);
  Tally tally;
  std::vector<Facts> plain, weighed;
  for (int i = 0; i < 40; ++i) add(tally, plain.emplace_back(random_facts(random)));
  const std::string before = serialise(tally);
  for (int i = 0; i < 40; ++i) add_sampled(tally, weighed.emplace_back(random_facts(random)), i % 2 ? 10 : 1000);
  const std::string bytes = serialise(tally);
  EXPECT_EQ(serialise(*parse_tally(bytes)), bytes);
  auto sums = parse_sums(serialise_sums(tally));
  ASSERT_TRUE(sums);
  ASSERT_TRUE(add_sketches(serialise_sketches(tally), *sums));
  EXPECT_EQ(serialise(*sums), bytes);
  std::string packed;
  pack(tally, packed);
  Tally opened, turns;
  ASSERT_TRUE(merge_packed(packed, opened));
  EXPECT_EQ(serialise(opened), bytes);
  ASSERT_TRUE(merge_packed(packed, turns, {.calls = false, .usage = false}));
  EXPECT_EQ(standard_error_of(*parse_measure("turns"), turns), standard_error_of(*parse_measure("turns"), tally));
  for (int i = 0; i < 40; ++i) {
    const auto at = std::size_t(i);
    if (i % 2 == 0) {  // it stood for more than it does
      Facts less = weighed[at];
      CallFacts old = less.call;
      old.weight = 1000, less.call.weight = 10;
      tally.amend(old, less.call), tally.amend(less.call, old);
    }
    retract_sampled(tally, weighed[at], i % 2 ? 10 : 1000);
  }
  EXPECT_FALSE(tally.sampled);
  // But for extremes that were taken back: which only bound then.
  for (const Facts& f : plain) retract(tally, f);
  EXPECT_TRUE(tally.empty());
  Tally again;
  for (const Facts& f : plain) add(again, f);
  EXPECT_EQ(serialise(again), before);
}

TEST(SampledTally, the_error_is_that_of_drawing_whole_calls) {
  Tally tally;
  SampledCall call{.weight = 5};
  TurnFacts turn;
  turn.response_us = 1'000'000;
  for (int i = 0; i < 4; ++i) call.add(turn);
  CallFacts facts;
  facts.weight = 5, facts.errors = 3;
  tally.add(facts);
  for (int i = 0; i < 3; ++i) tally.add(turn, call);  // one of its four turns lies elsewhere
  const auto check = [&](const char* word, std::optional<double> variance) {
    const auto error = standard_error_of(*parse_measure(word), tally);
    ASSERT_EQ(error.has_value(), variance.has_value()) << word;
    if (variance) {
      EXPECT_DOUBLE_EQ(*error, std::sqrt(*variance)) << word;
    }
  };
  check("calls", 5 * 4);
  check("errors", 5 * 4 * 9);
  check("turns", 5 * 4 * 3 * 4);        // what is here times what the call has
  check("avg_response_time_ms", 0);     // all are alike
  check("p50_response_time_ms", std::nullopt);
  EXPECT_TRUE(is_estimate(*parse_measure("p50_response_time_ms"), tally));
  check("error_rate", 0);
  check("tokens", std::nullopt);        // no usage, no estimate
  EXPECT_FALSE(is_estimate(*parse_measure("tokens"), tally));
  tally.add(CallFacts{});
  check("error_rate", 5.0 * 4 * (1 - 5.0 / 6) * (1 - 5.0 / 6) / 36);
}

}  // namespace
}  // namespace aybiza
