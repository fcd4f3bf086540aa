// Totals of calls in flight are what adding them up anew says, however calls came, changed, moved and went.
#include "aggregate/flight_totals.h"

#include <gtest/gtest.h>

#include <random>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

struct Given {
  CallFacts facts;
  CallSums sums;
  bool reports = false;
  Instant low{}, high{};
};

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  std::int64_t number(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution(low, high)(random_); }
  Number maybe(std::int64_t high) { return number(0, 2) == 0 ? Number{} : Number(number(0, high)); }

  Given given() {
    Given out;
    out.facts = {.known_outcome = number(0, 1) == 1, .successful = number(0, 1) == 1, .known_resolution = false, .resolved = false, .escalated = false,
                 .intervened = false, .weight = std::uint16_t(number(0, 9) == 0 ? 10 : 1), .errors = number(0, 3), .satisfaction_e4 = maybe(50'000),
                 .quality_e4 = maybe(10'000), .efficiency_e4 = maybe(10'000), .duration_us = {}, .voice_latency_us = maybe(3'000'000), .cost_nano = maybe(900'000'000),
                 .reported_cost_nano = {}};
    if (number(0, 3) == 0) out.facts.reported_cost_nano = number(0, 500'000'000), out.reports = true;
    out.sums.turns = number(0, 6);
    if (out.sums.turns > 0) out.sums.sentiment_n = number(0, out.sums.turns), out.sums.sentiment_e4 = out.sums.sentiment_n * number(-10'000, 10'000);
    out.sums.usages = number(0, 4);
    if (out.sums.usages > 0) out.sums.unknown_costs = number(0, out.sums.usages), out.sums.cost_nano = (out.sums.usages - out.sums.unknown_costs) * number(0, 99'999);
    out.low = from_micros(1'763'712'000'000'000) + Duration(number(0, 600) * 1'000'000);
    out.high = out.low + Duration(number(0, 400) * 1'000'000);
    return out;
  }

 private:
  std::mt19937_64 random_;
};

// Everything but extremes.
std::string figures(const Tally& tally) {
  std::string out;
  for (const std::string_view word : {"calls", "successful_calls", "errors", "rated_calls", "avg_satisfaction", "quality_score", "efficiency_score", "turns", "avg_sentiment",
                                      "cost_usd", "p95_voice_latency_ms", "avg_voice_latency_ms", "p50_cost_usd"}) {
    const auto value = value_of(*parse_measure(word), tally);
    out += std::string(word) + (value ? " " + std::to_string(*value) : " -") + "\n";
  }
  return out;
}

// One call after the other, as one would without totals.
void check(const FlightTotals& totals, const std::vector<std::optional<Given>>& calls, const std::string& where) {
  std::map<Instant, FlightTotals> anew;  // by minute, each with its calls alone
  std::size_t aside = 0;
  std::map<Instant, std::pair<std::int64_t, Instant>> bounds;
  for (const auto& call : calls) {
    if (!call) continue;
    if (call->facts.weight != 1) {
      ++aside;
      continue;
    }
    const Instant minute = floor_to(call->low, 1min);
    FlightTotals& one = anew[minute];
    one.enter();
    one.set(one.size() - 1, {.low = call->low, .high = call->high}, call->facts, call->sums, call->reports);
    auto& [count, high] = bounds.try_emplace(minute, 0, Instant::min()).first->second;
    ++count;
    high = std::max(high, call->high);
  }
  ASSERT_EQ(totals.aside(), aside) << where;
  ASSERT_EQ(totals.cells().size(), anew.size()) << where;
  for (const auto& [minute, cell] : totals.cells()) {
    ASSERT_TRUE(anew.contains(minute)) << where;
    EXPECT_EQ(cell.calls, bounds.at(minute).first) << where;
    EXPECT_GE(cell.high, bounds.at(minute).second) << where;
    EXPECT_EQ(figures(cell.tally), figures(anew.at(minute).cells().at(minute).tally)) << where;
  }
}

TEST(FlightTotals, are_their_calls_however_they_came_changed_and_went) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    Random random(seed);
    FlightTotals totals;
    std::vector<std::optional<Given>> calls;  // by place; empty: not told yet
    for (int step = 0; step < 3000; ++step) {
      const auto what = random.number(0, 9);
      if (calls.empty() || (what < 3 && calls.size() < 60)) {
        totals.enter();
        calls.emplace_back();
      } else if (what < 8) {
        const auto place = std::size_t(random.number(0, std::int64_t(calls.size()) - 1));
        Given fresh = random.given();
        if (calls[place] && random.number(0, 1) == 1) fresh.low = calls[place]->low;  // as it mostly is
        totals.set(place, {.low = fresh.low, .high = fresh.high, .weight = fresh.facts.weight}, fresh.facts, fresh.sums, fresh.reports);
        calls[place] = fresh;
      } else {
        const auto place = std::size_t(random.number(0, std::int64_t(calls.size()) - 1));
        totals.leave(place);
        calls[place] = calls.back();
        calls.pop_back();
      }
      if (step % 50 == 0) check(totals, calls, "seed " + std::to_string(seed) + " step " + std::to_string(step));
    }
    while (!calls.empty()) {
      totals.leave(0);
      calls[0] = calls.back();
      calls.pop_back();
    }
    EXPECT_TRUE(totals.cells().empty());
    EXPECT_EQ(totals.aside(), 0u);
  }
}

// The rival above adds with the same code; this one by hand.
TEST(FlightTotals, a_call_gives_its_facts_its_turns_and_its_cost_once) {
  FlightTotals totals;
  totals.enter();
  const Instant low = from_micros(1'763'712'000'000'000) + 61s;
  CallSums sums;
  sums.turns = 3, sums.sentiment_n = 2, sums.sentiment_e4 = 5000, sums.usages = 4, sums.cost_nano = 30'000'000;
  totals.set(0, {.start = low, .low = low, .high = low + 5s}, {.voice_latency_us = 800'000}, sums, false);
  sums.turns = 4;
  totals.set(0, {.start = low, .low = low, .high = low + 9s}, {.voice_latency_us = 900'000}, sums, false);
  ASSERT_EQ(totals.cells().size(), 1u);
  const auto& [minute, cell] = *totals.cells().begin();
  EXPECT_EQ(minute, low - 1s);
  EXPECT_EQ(cell.high, low + 9s);
  const auto value = [&](std::string_view word) { return value_of(*parse_measure(word), cell.tally).value_or(-1); };
  EXPECT_EQ(value("calls"), 1);
  EXPECT_EQ(value("turns"), 4);
  EXPECT_EQ(value("avg_sentiment"), 0.25);
  EXPECT_DOUBLE_EQ(value("cost_usd"), 0.03);
  EXPECT_NEAR(value("p95_voice_latency_ms"), 900, 4.5);
  // A reported cost counts instead of that of its usage.
  totals.set(0, {.start = low, .low = low, .high = low + 9s}, {.voice_latency_us = 900'000, .reported_cost_nano = 70'000'000}, sums, true);
  EXPECT_DOUBLE_EQ(value("cost_usd"), 0.07);
}

}  // namespace
}  // namespace aybiza
