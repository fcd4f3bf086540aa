#include "live/costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const Instant now = from_micros(1'800'000'000'000'000);

// Answers like a fleet of two regions; the hour before cost half.
Answered<Answer> fleet(const Question& q) {
  Answer answer;
  if (!q.by.empty()) {
    answer.rows = {{std::string("eu"), std::string("sales"), std::string("haiku"), 1.0, 10.0, 0.5},
                   {std::string("us"), std::string("support"), Figure{}, 5.0, 20.0, Figure{}},
                   {std::string("us"), std::string("sales"), std::string("opus"), Figure{}, 3.0, 0.9}};
  } else if (q.step > Duration(0)) {
    answer.rows = {{std::string("2027-01-15T06:59:00Z"), 1.0, 0.1, 0.0, 0.0, 0.0, 20.0}, {std::string("2027-01-15T07:00:00Z"), 2.0, 0.1, 4.0, 30.0, 10.0, 20.0}, {std::string("2027-01-15T07:01:00Z"), 4.0, 0.2, 0.0, 0.0, 0.0, 20.0}};
  } else {
    const double part = q.to == now ? 1 : 0.5;
    answer.rows = {{6 * part, 0.15, 4.0, 30.0, 10.0, 40.0}};
  }
  return answer;
}

TEST(Costs, TilesSeriesAndParts) {
  const CostsState state = compute_costs(fleet, {}, now);
  EXPECT_EQ(state.tiles[spend_tile].value, 6.0);
  EXPECT_EQ(state.tiles[spend_tile].previous, 3.0);
  EXPECT_EQ(state.tiles[per_resolved_tile].value, 1.5);
  EXPECT_EQ(state.tiles[per_resolved_tile].n, 4.0);
  EXPECT_EQ(state.tiles[cache_share_tile].value, 0.75);
  EXPECT_THAT(state.spend.values[0], ElementsAre(1.0, 2.0, 4.0));
  EXPECT_THAT(state.tiles[spend_tile].spark, ElementsAre(1.0, 2.0));  // without the interval that is still filling
  EXPECT_THAT(state.tiles[per_resolved_tile].spark, ElementsAre(std::nullopt, std::optional(0.5)));  // nothing resolved: no price of it, not zero
  EXPECT_THAT(state.tiles[cache_share_tile].spark, ElementsAre(std::nullopt, std::optional(0.75)));
  ASSERT_EQ(state.parts.size(), 2u);                                                              // what has no known cost has no size
  EXPECT_EQ(state.parts[0].region, "us");
  EXPECT_EQ(state.parts[0].model, "");
  EXPECT_EQ(state.parts[1].efficiency, 0.5);
}

TEST(Costs, ARefusedQuestionIsSaidWhereItsFiguresWouldBe) {
  const CostsState state = compute_costs([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now);
  EXPECT_EQ(state.tiles[spend_tile].error, "away");
  EXPECT_EQ(state.spend.error, "away");
  EXPECT_EQ(state.parts_error, "away");
}

}  // namespace
}  // namespace aybiza
