#include "aggregate/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "aggregate/pane.h"
#include "aggregate/random_facts.h"
#include "aggregate/tally_sketches.h"
#include "assemble/bytes.h"

namespace aybiza {
namespace {

using testing::Facts;
using testing::random_facts;

TEST(Tally, bytes_do_not_depend_on_the_order_or_on_the_way_it_was_merged) {
  std::mt19937 random(1);
  std::vector<Facts> facts;
  for (int i = 0; i < 400; ++i) facts.push_back(random_facts(random));
  Tally whole;
  for (const Facts& f : facts) add(whole, f);
  std::shuffle(facts.begin(), facts.end(), random);
  Tally parts[3], merged;
  for (std::size_t i = 0; i < facts.size(); ++i) add(parts[i % 3], facts[i]);
  for (const int i : {2, 0, 1}) merged.merge(parts[i]);
  EXPECT_EQ(serialise(whole), serialise(merged));
}

// Whatever form a pane is in: what is asked for is all there, and of the sketches nothing else.
TEST(Tally, parts_are_those_of_the_whole) {
  std::mt19937 random(11);
  for (int n = 0; n < 300; ++n) {
    Pane raw, hot;
    Tally whole;
    for (int i = 0; i <= n % 6; ++i) {
      const Facts f = random_facts(random);
      add(hot.warm(), f), add(whole, f);
      std::string entry;
      append_entry(entry, f.turn), append_entry(entry, f.usage), append_entry(entry, f.call, false);
      raw.add(entry, [&](Tally& into) { add(into, f); });
    }
    Pane packed;
    std::string bytes;
    hot.append_packed(bytes);
    ASSERT_TRUE(packed.set_packed(bytes));
    TallyParts parts{random() % 2 != 0, random() % 2 != 0, random() % 2 != 0, std::uint8_t(random() % 128)};
    Tally wanted;
    wanted.merge(whole, {parts.calls, parts.turns, parts.usage});
    const auto without = [&](Quantity quantity, Stat& stat) { if (!parts.has(quantity)) stat.sketch = {}; };
    if (wanted.calls) {
      without(Quantity::duration_ms, wanted.calls->duration), without(Quantity::voice_latency_ms, wanted.calls->voice_latency);
      without(Quantity::cost_usd, wanted.calls->cost);
    }
    if (wanted.turns) {
      without(Quantity::response_time_ms, wanted.turns->response), without(Quantity::stt_latency_ms, wanted.turns->stt);
      without(Quantity::llm_latency_ms, wanted.turns->llm), without(Quantity::tts_latency_ms, wanted.turns->tts);
    }
    for (const Pane* pane : {&raw, &hot, &packed}) {
      Tally got;
      pane->merge_into(got, parts);
      EXPECT_EQ(serialise(got), serialise(wanted)) << n;
    }
  }
}

TEST(Tally, serialised_and_parsed_is_the_same) {
  std::mt19937 random(2);
  Tally tally;
  EXPECT_EQ(serialise(*parse_tally(serialise(tally))), serialise(tally));
  for (int i = 0; i < 50; ++i) {
    add(tally, random_facts(random));
    const std::string bytes = serialise(tally);
    const auto back = parse_tally(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(serialise(*back), bytes);
    auto apart = parse_sums(serialise_sums(tally));
    ASSERT_TRUE(apart);
    ASSERT_TRUE(add_sketches(serialise_sketches(tally), *apart));
    EXPECT_EQ(serialise(*apart), bytes);
    for (std::uint8_t wanted = 1; wanted < TallyParts::all_sketches; wanted = std::uint8_t(wanted * 2)) {
      Tally some, all;
      auto part = parse_sums(serialise_sums(tally));
      ASSERT_TRUE(add_sketches(serialise_sketches(tally), *part, wanted));
      some.merge(*part, {.sketches = wanted}), all.merge(tally, {.sketches = wanted});
      EXPECT_EQ(serialise_sketches(some).substr(2), serialise_sketches(all).substr(2));
    }
    Tally more, merged, rival;
    for (int n = 0; n < 5; ++n) add(more, random_facts(random));
    for (const Tally* one : {&tally, &more}) {
      const auto sums = parse_sums(serialise_sums(*one));
      merged.merge(*sums, {.sketches = 0});
      ASSERT_TRUE(merge_sketches(serialise_sketches(*one), *sums, merged));
      rival.merge(*one);
    }
    EXPECT_EQ(serialise(merged), serialise(rival));
    EXPECT_FALSE(merge_sketches("\4", tally, merged));
    Tally of_turns;
    of_turns.merge(tally, {.calls = false});
    auto read = parse_sums(serialise_sums(of_turns));
    ASSERT_TRUE(add_sketches(serialise_sketches(of_turns), *read, TallyParts::sketch_of(Quantity::llm_latency_ms)));
    EXPECT_EQ(read->turns->llm.sketch, tally.turns->llm.sketch);  // whatever parts there are beside it
    EXPECT_FALSE(parse_sums(bytes));
    Tally other;
    add(other, random_facts(random));
    if (serialise_sums(other) != serialise_sums(tally)) {
      EXPECT_FALSE(add_sketches(serialise_sketches(tally), other));
    }
  }
}

// As rollups had them before they were packed.
TEST(Tally, sketches_of_older_rollups_are_read) {
  std::mt19937 random(5);
  Tally tally;
  for (int i = 0; i < 50; ++i) add(tally, random_facts(random));
  ASSERT_TRUE(tally.calls && tally.turns && tally.usage);
  std::string old{3, 7};
  bytes::Writer out(old);
  for (const Stat* stat : {&tally.calls->duration, &tally.calls->voice_latency, &tally.calls->cost, &tally.turns->response, &tally.turns->stt, &tally.turns->llm, &tally.turns->tts}) {
    std::string sketch;
    stat->sketch.serialise(sketch);
    if (stat->count > 0) out.text(sketch);
  }
  auto whole = parse_sums(serialise_sums(tally)), some = whole, torn = whole;
  ASSERT_TRUE(add_sketches(old, *whole));
  EXPECT_EQ(serialise(*whole), serialise(tally));
  EXPECT_LT(serialise_sketches(tally).size() * 2, old.size());
  ASSERT_TRUE(add_sketches(old, *some, TallyParts::sketch_of(Quantity::voice_latency_ms)));
  EXPECT_EQ(some->calls->voice_latency.sketch, tally.calls->voice_latency.sketch);
  EXPECT_TRUE(some->calls->duration.sketch.empty());
  Tally merged, twice;
  for (int i = 0; i < 2; ++i) {
    merged.merge(*torn, {.sketches = 0}), twice.merge(tally);
    ASSERT_TRUE(merge_sketches(old, *torn, merged));
  }
  EXPECT_EQ(serialise(merged), serialise(twice));
  EXPECT_FALSE(add_sketches(old.substr(0, old.size() - 1), *torn));
}

TEST(Tally, what_is_taken_back_leaves_no_trace) {
  std::mt19937 random(3);
  std::vector<Facts> facts;
  for (int i = 0; i < 60; ++i) facts.push_back(random_facts(random));
  Tally tally;
  for (const Facts& f : facts) add(tally, f);
  for (const Facts& f : facts) retract(tally, f);
  EXPECT_TRUE(tally.empty());
}

TEST(Tally, amending_equals_taking_back_and_adding_but_spares_the_extremes) {
  Tally tally;
  CallFacts old{.duration_us = 5'000'000}, fresh = old;
  fresh.satisfaction_e4 = 40'000;
  tally.add(old);
  tally.amend(old, fresh);
  EXPECT_TRUE(tally.calls->duration.extremes_exact);
  EXPECT_EQ(tally.calls->satisfaction.count, 1);
  Tally other;
  other.add(fresh);
  EXPECT_EQ(serialise(tally), serialise(other));
}

TEST(Tally, a_lost_extreme_is_answered_by_the_sketch) {
  Tally tally;
  const CallFacts shortest{.duration_us = 1'000'000}, longest{.duration_us = 9'000'000};
  tally.add(shortest), tally.add(longest);
  tally.retract(longest);
  const auto measure = *parse_measure("max_duration_ms");
  EXPECT_NEAR(*value_of(measure, tally), 1000, 5);
  EXPECT_EQ(relative_error_of(measure, tally), 0.005);
}

TEST(Tally, refuses_what_it_did_not_write) {
  std::mt19937 random(4);
  Tally tally;
  for (int i = 0; i < 20; ++i) add(tally, random_facts(random));
  const std::string bytes = serialise(tally);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(parse_tally(std::string_view(bytes).substr(0, cut))) << cut;
  EXPECT_FALSE(parse_tally(bytes + "x"));
  for (int i = 0; i < 2'000; ++i) {  // any answer will do, as long as there is one
    std::string broken = bytes;
    broken[random() % broken.size()] = char(random());
    if (const auto parsed = parse_tally(broken)) (void)serialise(*parsed);
  }
}

TEST(Tally, packed_it_is_the_same_in_less) {
  std::mt19937 random(5);
  std::size_t packed_bytes = 0, written_bytes = 0;
  for (int n = 0; n < 400; ++n) {
    Tally tally, other;
    std::vector<Facts> facts;
    for (int i = 0; i < n; ++i) facts.push_back(random_facts(random));
    for (const Facts& f : facts) add(tally, f);
    for (int i = 0; i < n / 3; ++i) retract(tally, facts[std::size_t(i)]);  // extremes are lost
    add(other, random_facts(random));
    std::string bytes, backwards;
    pack(tally, bytes);
    Tally read;
    ASSERT_TRUE(merge_packed(bytes, read)) << n;
    EXPECT_EQ(serialise(read), serialise(tally)) << n;
    pack(read, backwards);
    EXPECT_EQ(backwards, bytes);
    Tally both = other;
    both.merge(tally, {.calls = false});
    ASSERT_TRUE(merge_packed(bytes, other, {.calls = false}));
    EXPECT_EQ(serialise(other), serialise(both));
    Tally usage, calls;
    ASSERT_TRUE(merge_packed(bytes, usage, {.calls = false, .turns = false}) && merge_packed(bytes, calls, {.turns = false, .usage = false}));
    EXPECT_TRUE(!usage.calls && !usage.turns && !calls.turns && !calls.usage);
    packed_bytes += bytes.size();
    written_bytes += serialise(tally).size();
  }
  EXPECT_LT(packed_bytes * 2, written_bytes);
}

TEST(Tally, refuses_what_it_did_not_pack) {
  std::mt19937 random(6);
  Tally tally;
  for (int i = 0; i < 20; ++i) add(tally, random_facts(random));
  std::string bytes;
  pack(tally, bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    Tally into;
    EXPECT_FALSE(merge_packed(std::string_view(bytes).substr(0, cut), into)) << cut;
  }
  Tally into;
  EXPECT_FALSE(merge_packed(bytes + "x", into));
  for (int i = 0; i < 5'000; ++i) {  // any answer will do, as long as there is one
    std::string broken = bytes;
    for (unsigned n = random() % 3; n <= 2; ++n) broken[random() % broken.size()] = char(random());
    Tally read;
    if (!merge_packed(broken, read)) continue;
    std::string again;
    pack(read, again);
    Tally twice;
    EXPECT_TRUE(merge_packed(again, twice));
    EXPECT_EQ(serialise(twice), serialise(read));
  }
}

void check(const char* measure, const Tally& tally, std::optional<double> expected) {
  EXPECT_EQ(value_of(*parse_measure(measure), tally), expected) << measure;
}

TEST(ValueOf, unknown_is_never_zero_and_counts_are_never_unknown) {
  const Tally nothing;
  check("calls", nothing, 0);
  check("interruptions", nothing, 0);
  check("success_rate", nothing, std::nullopt);
  check("avg_sentiment", nothing, std::nullopt);
  check("cost_usd", nothing, std::nullopt);
  check("tokens", nothing, std::nullopt);
  check("p95_duration_ms", nothing, std::nullopt);
  Tally some;
  some.add(CallFacts{.known_outcome = true, .errors = 2, .cost_nano = 500'000'000});
  some.add(CallFacts{.known_outcome = true, .successful = true});
  check("calls", some, 2);
  check("success_rate", some, 0.5);
  check("resolution_rate", some, std::nullopt);
  check("error_rate", some, 0.5);
  check("cost_per_call", some, 0.5);
  check("cost_usd", some, std::nullopt);
}

// Found by the fuzzer: a sampled part in which nothing stands was read, and lost by the next merge.
TEST(TallyBytes, NoneOfNoSampledCalls) {
  static constexpr char input[] = "\x01\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x59\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x01\x0c\x0c\x0c\x0c\x0c\x01\x02\x02\x00\x02\x80\xff\xff\xff\x09\x00\x00\x00\x00\x00\x00\x00\x02\xe2\x1d\x02\x84\xf5\xe8\x95\x02\x84\xf5\xe8\x6b\xfd\xff\xf1\x01\x00\x01\x89\x0c\x01\x00\x00\x00\x00\x50\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
  const auto read = parse_tally({input, sizeof input - 1});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Code::corrupt);
}

}  // namespace
}  // namespace aybiza
