#include "live/conversations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const Instant now = from_micros(1'800'000'000'000'000);

Answered<Answer> fleet(const Question& q) {
  Answer answer;
  const std::string first = "2027-01-15T07:00:00Z", second = "2027-01-15T07:01:00Z";
  if (!q.by.empty() && q.by[0].dimension == Dimension::sentiment_class) {
    answer.rows = {{first, std::string("positive"), 3.0}, {first, std::string("negative"), 1.0}, {first, Figure{}, 9.0}, {second, std::string("neutral"), 2.0}};
  } else if (!q.by.empty() && q.by[0].dimension == Dimension::speaker) {
    if (q.step > Duration(0)) answer.rows = {{first, std::string("agent"), 1.0, 4.0}, {first, std::string("caller"), 0.0, 4.0}, {second, std::string("agent"), 0.0, 0.0}};
    else answer.rows = {{std::string("caller"), 2.0, 40.0}, {std::string("agent"), q.to == now ? 6.0 : 3.0, 20.0}};
  } else if (!q.by.empty()) {
    answer.rows = {{std::string("billing"), 4.0}, {std::string("account"), 4.0}, {Figure{}, 30.0}, {std::string("sales"), 7.0}, {std::string("other"), 0.0}};
  } else if (q.measures[0].text == "hist_duration_ms") {
    answer.rows = {{Histogram{{0, 1000, 3}, {1000, 2000, 5}}}};
  } else if (q.measures[0].text == "p50_stt_latency_ms") {
    answer.rows = {{100.0, 200.0, Figure{}, Figure{}, 150.0, 250.0, 900.0, 1500.0, 110.0, Figure{}, 170.0, 950.0}};
  } else if (q.step > Duration(0)) {
    answer.rows = {{first, 0.1, 0.5, Figure{}, 1.0, 4.0, 0.0, 2.0}, {second, 0.1, Figure{}, Figure{}, 0.0, 4.0, 0.0, 0.0}};
  } else {
    answer.rows = {{q.to == now ? 0.25 : 0.5, 0.8, 4.5, 3.0, 60.0, 2.0, 10.0}};
  }
  return answer;
}

TEST(Conversations, TilesMoodsAndBars) {
  const ConversationsState state = compute_conversations(fleet, {}, now);
  EXPECT_EQ(state.tiles[mood_tile].value, 0.25);
  EXPECT_EQ(state.tiles[mood_tile].previous, 0.5);
  EXPECT_EQ(state.tiles[satisfaction_tile].n, 2.0);       // those who rated
  EXPECT_EQ(state.answered, 0.2);
  EXPECT_EQ(state.tiles[intervention_tile].value, 0.3);
  EXPECT_THAT(state.tiles[intervention_tile].spark, ElementsAre(0.5, std::nullopt));
  EXPECT_THAT(state.tiles[satisfaction_tile].spark, ElementsAre(std::nullopt, std::nullopt));
  EXPECT_EQ(state.tiles[caller_cuts_tile].value, 0.3);    // of the agent's turns
  EXPECT_EQ(state.tiles[caller_cuts_tile].previous, 0.15);
  EXPECT_EQ(state.tiles[caller_cuts_tile].n, 20.0);
  EXPECT_THAT(state.tiles[caller_cuts_tile].spark, ElementsAre(0.25, std::nullopt));
  EXPECT_EQ(state.tiles[agent_cuts_tile].value, 0.05);
  EXPECT_THAT(state.moods.values[0], ElementsAre(0.75, 0.0));  // of those whose mood is known
  EXPECT_THAT(state.moods.values[2], ElementsAre(0.25, 0.0));
  ASSERT_EQ(state.topics.rows.size(), 3u);                // without those of no topic, and those nobody had
  EXPECT_EQ(state.topics.rows[0].name, "sales");
  EXPECT_EQ(state.topics.rows[1].name, "account");        // equal ones by name
  EXPECT_EQ(state.lengths.size(), 2u);
  EXPECT_EQ(state.stages[1].p50_ms, std::nullopt);
  EXPECT_EQ(state.stages[3].p95_ms, 1500.0);
  EXPECT_EQ(state.stages[0].mean_ms, 110.0);
  EXPECT_EQ(state.stages[1].mean_ms, std::nullopt);
  EXPECT_EQ(state.stages[3].mean_ms, 950.0);
}

TEST(Conversations, ARefusedQuestionIsSaidWhereItsFiguresWouldBe) {
  const ConversationsState state =
      compute_conversations([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now);
  for (const std::string& error : {state.tiles[0].error, state.tiles[caller_cuts_tile].error, state.moods.error, state.topics.error, state.emotions.error, state.lengths_error, state.stages_error})
    EXPECT_EQ(error, "away");
}

TEST(Conversations, SilenceAndTalkAreSharesOfWhatTheirCallsLasted) {
  const TalkTimes times = compute_talk_times([](const FleetQuestion& q) -> Answered<TalkTime> { return q.to == now ? TalkTime{4, 1000, 600, 250, 200, true} : TalkTime{}; }, {}, now);
  EXPECT_EQ(times.tiles[silence_tile].value, 0.2);
  EXPECT_EQ(times.tiles[silence_tile].previous, std::nullopt);  // nobody told of the period before
  EXPECT_EQ(times.tiles[talk_ratio_tile].value, 0.6);
  EXPECT_EQ(times.tiles[talk_ratio_tile].n, 4.0);
  EXPECT_TRUE(times.tiles[talk_ratio_tile].estimate);
  const TalkTimes away = compute_talk_times([](const FleetQuestion&) -> Answered<TalkTime> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now);
  EXPECT_EQ(away.tiles[silence_tile].error, "away");
}

}  // namespace
}  // namespace aybiza
