#include "live/adjusted.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'000'000'000);

class AdjustedTest : public testing::Test {
 protected:
  void calls(int count, std::string_view agent, std::string_view region, int well) {
    for (int i = 0; i < count; ++i) {
      CallRow call;
      call.call_id = uuid_v5(fmt::format("call {}", rows_.calls.size())), call.start = call.updated = now - 30min;
      call.dims[Field::agent_id] = agent, call.dims[Field::region] = region;
      call.state = CallState::ended, call.call_outcome = i < well ? "successful" : "failed";
      rows_.calls.push_back(std::move(call));
    }
  }
  AdjustedState state() {
    const Ask ask = [this](const Question& q) { return answer_from_rows(q, rows_, now, "store"); };
    LeagueSpec spec;
    spec.measures = {"calls", "success_rate"};
    return compute_adjusted(ask, {}, compute_league(ask, {}, spec, now), now);
  }
  RowSet rows_;
};

// Simpson's paradox: in each region `hard` does better, and over all it looks worse, because it takes the difficult calls.
TEST_F(AdjustedTest, TheMixIsTakenOut) {
  calls(80, "hard", "difficult", 48), calls(20, "hard", "simple", 19);
  calls(20, "easy", "difficult", 10), calls(80, "easy", "simple", 72);
  const AdjustedState s = state();
  ASSERT_EQ(s.error, "");
  EXPECT_DOUBLE_EQ(*s.standard, 149 / 200.0);
  const Adjusted &hard = s.agents.at("hard"), &easy = s.agents.at("easy");
  EXPECT_DOUBLE_EQ(hard.rate, (0.6 + 0.95) / 2);  // a hundred calls of each region
  EXPECT_DOUBLE_EQ(easy.rate, (0.5 + 0.9) / 2);
  EXPECT_GT(hard.rate, easy.rate);
  EXPECT_LT((48 + 19) / 100.0, (10 + 72) / 100.0);
  const double variance = 0.25 * (49.0 * 33 / (82.0 * 82) / 80 + 20.0 * 2 / (22.0 * 22) / 20);
  EXPECT_NEAR(hard.high - hard.rate, 1.959964 * std::sqrt(variance), 1e-9);
  EXPECT_EQ(hard.covered, 1);
  EXPECT_TRUE(hard.comparable());
}

TEST_F(AdjustedTest, WhatAnAgentNeverTookIsNotGuessed) {
  calls(70, "all", "difficult", 40), calls(30, "all", "simple", 20);
  calls(30, "half", "simple", 30);
  calls(5, "new", "simple", 5);
  const AdjustedState s = state();
  EXPECT_NEAR(s.agents.at("half").covered, 65 / 135.0, 1e-12);
  EXPECT_FALSE(s.agents.at("half").comparable());
  EXPECT_LT(s.agents.at("half").low, 1);  // thirty of thirty are not certainty
  EXPECT_FALSE(s.agents.at("new").comparable());
  EXPECT_TRUE(s.agents.at("all").comparable());
}

TEST(Adjusted, OfNothingIsNothing) {
  EXPECT_EQ(adjusted({}, {}).covered, 0);
  EXPECT_FALSE(adjusted({{{"x"}, {10, 5}}}, {{{"y"}, {10, 5}}}).comparable());
}

}  // namespace
}  // namespace aybiza
