#include "live/league.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const Instant now = from_micros(1'800'000'000'000'000);

Ask answering(std::vector<std::vector<Figure>> rows, bool truncated = false) {
  return [rows = std::move(rows), truncated](const Question& q) -> Answered<Answer> {
    EXPECT_EQ(q.to - q.from, 1h);
    EXPECT_EQ(q.by.size(), 1u);
    Answer answer;
    answer.rows = rows;
    EXPECT_EQ(q.source, Source::store);
    answer.as_of = q.to;
    answer.relative_error = {std::nullopt, std::nullopt, 0.005};
    answer.truncated = truncated;
    return answer;
  };
}

std::vector<std::string> names(const League& league) {
  std::vector<std::string> out;
  for (const LeagueRow& row : league.rows) out.push_back(row.name);
  return out;
}

const std::vector<std::vector<Figure>> four = {
    {std::string("b"), 4.0, 0.5}, {std::string("A"), 4.0, Figure{}}, {std::string("Ab"), 7.0, 0.9}, {Figure{}, 1.0, 0.1}};
LeagueSpec by(std::size_t column, bool descending) {
  LeagueSpec spec;
  spec.measures = {"calls", "success_rate"};
  spec.sorted_by = column, spec.descending = descending;
  return spec;
}

TEST(League, SortsWithUnknownLastAndEqualOnesByName) {
  EXPECT_THAT(names(compute_league(answering(four), {}, by(0, true), now)), ElementsAre("Ab", "A", "b", ""));
  EXPECT_THAT(names(compute_league(answering(four), {}, by(1, true), now)), ElementsAre("Ab", "b", "", "A"));
  EXPECT_THAT(names(compute_league(answering(four), {}, by(1, false), now)), ElementsAre("", "b", "Ab", "A"));
}

TEST(League, SearchesAndCuts) {
  LeagueSpec spec = by(0, true);
  spec.search = "B";
  EXPECT_THAT(names(compute_league(answering(four), {}, spec, now)), ElementsAre("Ab", "b"));
  spec.search.clear();
  spec.rows = 2;
  const League cut = compute_league(answering(four, true), {}, spec, now);
  EXPECT_THAT(names(cut), ElementsAre("Ab", "A"));
  EXPECT_EQ(cut.found, 4u);
  EXPECT_FALSE(cut.complete);
  EXPECT_THAT(cut.relative_error, ElementsAre(std::nullopt, std::optional(0.005)));
}

TEST(League, ARefusalIsSaid) {
  const League league = compute_league([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, by(0, true), now);
  EXPECT_EQ(league.error, "away");
  EXPECT_TRUE(league.rows.empty());
}

}  // namespace
}  // namespace aybiza
