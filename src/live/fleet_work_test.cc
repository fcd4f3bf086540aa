#include "live/fleet_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const Instant now = from_micros(1'800'000'000'000'000);

Answered<Answer> fleet(const Question& q) {
  Answer answer;
  if (q.by.empty()) {
    EXPECT_EQ(q.step, 1min);
    answer.rows = {{std::string("2027-01-15T07:00:00Z"), 8.0, 61'000.0, 0.75, 0.25, 2.0}, {std::string("2027-01-15T07:01:00Z"), 0.0, Figure{}, Figure{}, Figure{}, 0.0}};
  } else {
    EXPECT_EQ(q.to - q.from, 1s);
    EXPECT_EQ(q.to, now);
    answer.rows = {{std::string("eu"), 2.0, 3.0}, {Figure{}, 1.0, 1.0}, {std::string("us"), 5.0, 5.0}, {std::string("ap"), 0.0, 0.0}, {std::string("af"), 2.0, 3.0}};
  }
  return answer;
}

TEST(FleetWork, SharesAreOfTheCallsOfTheirBucketAndUnknownWithoutAny) {
  const FleetWork work = compute_fleet_work(fleet, {}, now);
  EXPECT_THAT(work.volume.values[0], ElementsAre(8.0, 0.0));
  EXPECT_THAT(work.volume.values[1], ElementsAre(61'000.0, std::nullopt));
  EXPECT_THAT(work.rates.values[0], ElementsAre(0.75, std::nullopt));
  EXPECT_THAT(work.rates.values[2], ElementsAre(0.25, std::nullopt));  // none of no calls is not 0 %
  EXPECT_EQ(work.rates.times.size(), 2u);
}

TEST(FleetWork, SharesOfABucketThatFillsAreNotToldYet) {
  const auto filling = [](const Question& q) {
    auto answer = fleet(q);
    if (q.by.empty()) answer->rows.push_back({std::string("2027-01-15T07:59:30Z"), 3.0, 5'000.0, 0.0, 1.0, 1.0});
    return answer;
  };
  const FleetWork work = compute_fleet_work(filling, {}, now);
  EXPECT_EQ(work.volume.values[0].back(), 3.0);
  EXPECT_EQ(work.volume.values[1].back(), std::nullopt);
  for (const auto& rate : work.rates.values) EXPECT_EQ(rate.back(), std::nullopt);
}

TEST(FleetWork, RegionsAtWorkMostFirst) {
  std::vector<std::string> names;
  for (const RegionAtWork& one : compute_fleet_work(fleet, {}, now).regions) names.push_back(one.region);
  EXPECT_THAT(names, ElementsAre("us", "af", "eu", ""));  // where nobody works there is no bar
}

TEST(FleetWork, ARefusedQuestionIsSaidInItsPart) {
  const FleetWork work = compute_fleet_work([](const Question& q) -> Answered<Answer> { return q.by.empty() ? fleet(q) : std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now);
  EXPECT_EQ(work.regions_error, "away");
  EXPECT_EQ(work.volume.error, "");
  EXPECT_EQ(compute_fleet_work([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now).rates.error, "away");
}

}  // namespace
}  // namespace aybiza
