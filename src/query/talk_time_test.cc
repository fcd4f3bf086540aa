// Talk and silence: by SQL, and by walking over the same rows.
#include "query/talk_time.h"

#include <gtest/gtest.h>

#include <random>

#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'795'004'800'000'000);

CallRow call_of(std::uint64_t number, Duration length) {
  CallRow call;
  call.call_id = {9, number}, call.start = call.updated = now - 30min;
  call.dims[Field::customer_id] = "acme", call.dims[Field::region] = "eu";
  call.state = CallState::ended, call.duration_us = length.count();
  return call;
}

TurnRow turn_of(const CallRow& call, std::int64_t number, bool agent, Duration length) {
  TurnRow turn;
  turn.call_id = call.call_id, turn.turn_number = number, turn.agent_speaks = agent, turn.time = turn.updated = call.start + 1s * number;
  turn.started = turn.time, turn.ended = turn.time + length;
  return turn;
}

TEST(TalkTime, OfCallsWhoseTurnsAllTell) {
  RowSet rows;
  rows.calls = {call_of(1, 100s), call_of(2, 50s), call_of(3, 70s), call_of(4, 30s)};
  rows.calls[3].state = CallState::active;  // goes on
  rows.turns = {turn_of(rows.calls[0], 1, false, 20s), turn_of(rows.calls[0], 2, true, 50s), turn_of(rows.calls[1], 1, true, 40s), turn_of(rows.calls[1], 2, false, 30s),
                turn_of(rows.calls[2], 1, true, 10s), turn_of(rows.calls[3], 1, true, 10s)};
  rows.turns[4].ended.reset();              // does not tell when it ended: nothing of its call counts
  const TalkTime talk = talk_time_from_rows({now - 1h, now, {}, "", ""}, rows);
  EXPECT_EQ(talk.calls, 2);
  EXPECT_DOUBLE_EQ(talk.told_ms, 150'000);
  EXPECT_DOUBLE_EQ(talk.agent_ms, 90'000);
  EXPECT_DOUBLE_EQ(talk.caller_ms, 50'000);
  EXPECT_DOUBLE_EQ(talk.silent_ms, 30'000);  // of the second, more is told to have been spoken than it lasted
  EXPECT_EQ(talk_time_from_rows({now - 1h, now, {"globex"}, "", ""}, rows).calls, 0);
}

class TalkTimeTest : public OnStore {
 protected:
  void SetUp() override {
    OnStore::SetUp();
    if (IsSkipped()) return;
    std::mt19937_64 random(11);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    for (std::uint64_t i = 0; i < 300; ++i) {
      CallRow call = call_of(i + 1, Duration(1'000 * (1 + below(400'000))));
      call.start = call.updated = now - Duration(below(7'200'000'000));
      call.dims[Field::customer_id] = below(3) == 0 ? "acme" : "globex", call.dims[Field::region] = below(2) == 0 ? "eu" : "us";
      if (below(5) == 0) call.duration_us.reset();
      if (below(4) == 0) call.sample_weight = 10;
      if (below(6) == 0) call.state = CallState::active;
      const auto turns = below(5);
      for (std::uint64_t n = 1; n <= turns; ++n) {
        rows_.turns.push_back(turn_of(call, std::int64_t(n), below(2) == 0, Duration(1'000 * below(90'000))));
        if (below(9) == 0) rows_.turns.back().ended.reset();
      }
      call.turns = std::int64_t(turns);
      rows_.calls.push_back(call);
    }
    RowBatch batch;
    batch.to = 1, batch.calls = rows_.calls, batch.turns = rows_.turns;
    put(batch);
  }
  RowSet rows_;
};
INSTANTIATE_TEST_SUITE_P(Engines, TalkTimeTest, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& one) { return one.param; });

TEST_P(TalkTimeTest, SqlSaysWhatTheRowsSay) {
  const auto check = [&](const FleetQuestion& q, bool some) {
    const auto sql = talk_time_from_store(q, *store_, no_deadline);
    ASSERT_TRUE(sql.has_value()) << sql.error().message;
    const TalkTime rival = talk_time_from_rows(q, rows_);
    EXPECT_EQ(sql->calls, rival.calls);
    EXPECT_EQ(sql->estimate, rival.estimate);
    EXPECT_EQ(rival.calls > 0, some);
    for (const auto member : {&TalkTime::told_ms, &TalkTime::agent_ms, &TalkTime::caller_ms, &TalkTime::silent_ms}) EXPECT_NEAR((*sql).*member, rival.*member, 1e-6 * (1 + rival.*member));
  };
  check({now - 2h, now, {}, "", ""}, true);
  check({now - 30min, now, {"acme"}, "", "eu"}, true);
  check({now - 2h, now, {}, "globex", ""}, true);
  check({now - 2h, now, {"acme"}, "globex", ""}, false);
  check({now - 2h, now - 90min, {}, "", "us"}, true);
}

}  // namespace
}  // namespace aybiza
