// Flow of conversations and signals of agents: by SQL, and by walking over the same rows.
#include <gtest/gtest.h>

#include <random>

#include "query/fleet_signals.h"
#include "query/state_flow.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'795'004'800'000'000);

struct Made {
  RowSet rows;
  RowBatch batch;
};

// Calls of the last twenty minutes, some going on, of turns with and without each figure.
Made make(unsigned seed, int calls) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  constexpr std::string_view states[] = {"", "greeting", "information", "resolution", "farewell"}, texts[] = {"", "One moment", "Sorry?", "Done"};
  Made made;
  for (int i = 0; i < calls; ++i) {
    CallRow call;
    call.call_id = {7, std::uint64_t(i) + 1};
    call.start = call.updated = now - Duration(below(1'200'000'000));
    call.dims[Field::agent_id] = fmt::format("agent-{}", below(7));
    call.agent_id = uuid_v5(call.dims[Field::agent_id]);
    call.dims[Field::customer_id] = below(3) == 0 ? "acme" : "globex";
    call.dims[Field::region] = below(2) == 0 ? "eu" : "us";
    call.state = below(3) == 0 ? CallState::active : CallState::ended;
    if (below(4) > 0) call.error_count = std::int64_t(below(3));
    if (below(5) == 0) call.sample_weight = 10;
    const auto turns = below(9);
    call.turns = std::int64_t(turns);
    for (std::uint64_t n = 0; n < turns; ++n) {
      TurnRow turn;
      turn.call_id = call.call_id;
      turn.turn_number = std::int64_t(n);
      turn.time = turn.updated = call.start + Duration(below(100'000'000));
      turn.agent_speaks = n % 2 == 0;
      turn.state = states[below(5)];
      turn.text_content = texts[below(4)];
      if (below(3) > 0) turn.response_time_us = std::int64_t(below(4'000'000));
      if (below(3) > 0) turn.confidence_e4 = std::int64_t(below(10'001));
      if (below(3) > 0) turn.sentiment_e4 = std::int64_t(below(20'001)) - 10'000;
      made.rows.turns.push_back(turn);
    }
    made.rows.calls.push_back(call);
  }
  made.batch.to = 1, made.batch.calls = made.rows.calls, made.batch.turns = made.rows.turns;
  return made;
}

class FleetFlowTest : public OnStore {
 protected:
  void SetUp() override {
    OnStore::SetUp();
    if (IsSkipped()) return;
    const auto made = make(3, 400);
    rows_ = made.rows;
    put(made.batch);
  }
  RowSet rows_;
};
INSTANTIATE_TEST_SUITE_P(Engines, FleetFlowTest, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& one) { return one.param; });

TEST_P(FleetFlowTest, FlowIsThatOfTheRows) {
  const auto check = [&](const FlowQuestion& q, bool any) {
    const auto sql = flow_from_store(q, *store_, no_deadline);
    ASSERT_TRUE(sql) << sql.error().message;
    const Flow rival = flow_from_rows(q, rows_);
    EXPECT_EQ(sql->steps, rival.steps);
    EXPECT_EQ(sql->calls, rival.calls);
    EXPECT_EQ(sql->estimate, rival.estimate);
    EXPECT_EQ(rival.calls > 0, any);
  };
  check({now - 1h, now, {}, "", "", ""}, true);
  check({now - 5min, now, {}, "", "", ""}, true);
  check({now - 1h, now, {"acme", "nobody"}, "", "eu", ""}, true);
  check({now - 1h, now, {}, "globex", "", "agent-3"}, true);
  check({now - 1h, now, {"acme"}, "globex", "", ""}, false);
}

TEST_P(FleetFlowTest, SignalsAreThoseOfTheRows) {
  const auto check = [&](const FleetQuestion& q, std::size_t agents) {
    const auto sql = fleet_signals_from_store(q, *store_, no_deadline);
    ASSERT_TRUE(sql) << sql.error().message;
    const auto rival = fleet_signals_from_rows(q, rows_);
    ASSERT_EQ(rival.size(), agents);
    ASSERT_EQ(sql->size(), agents);
    for (std::size_t i = 0; i < agents; ++i) {
      const AgentSignals &a = (*sql)[i], &b = rival[i];
      EXPECT_EQ(a.agent, b.agent);
      EXPECT_EQ(a.calls, b.calls) << a.agent;
      EXPECT_EQ(a.active, b.active) << a.agent;
      EXPECT_EQ(a.estimate, b.estimate) << a.agent;
      for (const auto member : {&AgentSignals::response_ms, &AgentSignals::silence_s, &AgentSignals::repeated, &AgentSignals::slope, &AgentSignals::failing, &AgentSignals::unsure}) {
        ASSERT_EQ((a.*member).has_value(), (b.*member).has_value()) << a.agent;
        if (a.*member) {
          EXPECT_NEAR(*(a.*member), *(b.*member), 1e-9 + 1e-6 * std::abs(*(b.*member))) << a.agent;
        }
      }
    }
  };
  check({now - 5min, now, {}, "", ""}, 7);
  check({now - 20min, now, {"acme"}, "", "eu"}, 7);
  check({now - 1s, now, {}, "", ""}, 7);  // nobody speaks: all are idle
  check({now - 5min, now, {}, "nobody", ""}, 0);
}

TEST(StateFlow, AStateThatGoesOnIsOneAndAnEndIsTold) {
  RowSet rows;
  CallRow call;
  call.call_id = {1, 1}, call.start = now - 1min, call.state = CallState::ended;
  rows.calls.push_back(call);
  int number = 0;
  for (const std::string_view state : {"greeting", "greeting", "", "information", "greeting"}) {
    TurnRow turn;
    turn.call_id = call.call_id, turn.turn_number = ++number, turn.time = now - 50s, turn.state = state;
    rows.turns.push_back(turn);
  }
  const Flow flow = flow_from_rows({now - 1h, now, {}, "", "", ""}, rows);
  EXPECT_EQ(flow.calls, 1);
  EXPECT_EQ(flow.steps, (std::vector<FlowStep>{{1, "greeting", "information", 1}, {2, "information", "greeting", 1}, {3, "greeting", "", 1}}));
  EXPECT_FALSE(flow.estimate);
  rows.calls[0].sample_weight = 10;
  const Flow sampled = flow_from_rows({now - 1h, now, {}, "", "", ""}, rows);
  EXPECT_EQ(sampled.calls, 10);
  EXPECT_EQ(sampled.steps[0], (FlowStep{1, "greeting", "information", 10}));
  EXPECT_TRUE(sampled.estimate);
}

}  // namespace
}  // namespace aybiza
