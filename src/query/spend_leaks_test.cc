// What long and silent calls cost: by SQL, and by walking over the same rows.
#include "query/spend_leaks.h"

#include <gtest/gtest.h>

#include <random>

#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'795'004'800'000'000);

CallRow call_of(std::uint64_t number, Duration length, std::string_view outcome, std::int64_t cents) {
  CallRow call;
  call.call_id = {7, number}, call.start = call.updated = now - 30min;
  call.dims[Field::agent_type] = "support", call.dims[Field::customer_id] = "acme", call.dims[Field::region] = "eu";
  call.state = CallState::ended, call.call_outcome = outcome, call.duration_us = length.count(), call.cost_nano = cents * 10'000'000, call.cost_source = CostSource::reported;
  return call;
}

TurnRow turn_of(const CallRow& call, std::int64_t number, Duration length) {
  TurnRow turn;
  turn.call_id = call.call_id, turn.turn_number = number, turn.time = turn.updated = call.start + 1s * number;
  turn.started = turn.time, turn.ended = turn.time + length;
  return turn;
}

TEST(SpendLeaks, WhatIsBeyondTheSuccessfulOnesAndWhatIsSilent) {
  RowSet rows;
  for (std::uint64_t i = 0; i < 21; ++i) rows.calls.push_back(call_of(i, 1s * (100 + std::int64_t(i)), "successful", 10));  // 95 % are no longer than 119 s
  rows.calls.push_back(call_of(100, 238s, "failed", 40));    // twice as long
  rows.calls.push_back(call_of(101, 119s, "failed", 40));    // no longer
  rows.calls.push_back(call_of(102, 500s, "successful", 40));
  rows.calls.pop_back();
  rows.calls[0].state = CallState::active;                    // goes on: not counted
  rows.turns = {turn_of(rows.calls[21], 1, 60s), turn_of(rows.calls[21], 2, 59s), turn_of(rows.calls[22], 1, 200s), turn_of(rows.calls[1], 1, 5s)};
  rows.turns.back().ended.reset();                            // does not tell when it ended
  const auto leaks = spend_leaks_from_rows({now - 1h, now, {}, "", ""}, rows);
  ASSERT_EQ(leaks.size(), 1u);
  const SpendLeak& leak = leaks[0];
  EXPECT_EQ(leak.calls, 22);
  EXPECT_EQ(leak.successful, 20);
  EXPECT_DOUBLE_EQ(*leak.long_ms, 119'050);                   // 101 … 120 s
  EXPECT_EQ(leak.long_calls, 1);
  EXPECT_NEAR(leak.long_usd, 0.4 * (1 - 119.05 / 238), 1e-12);
  EXPECT_EQ(leak.told_calls, 2);
  EXPECT_DOUBLE_EQ(leak.silent_ms, 119'000);                  // of the other, more is told to have been spoken than it lasted
  EXPECT_DOUBLE_EQ(leak.silent_usd, 0.2);
  EXPECT_DOUBLE_EQ(leak.told_usd, 0.8);
  EXPECT_TRUE(spend_leaks_from_rows({now - 1h, now, {"globex"}, "", ""}, rows).empty());
}

class SpendLeaksTest : public OnStore {
 protected:
  void SetUp() override {
    OnStore::SetUp();
    if (IsSkipped()) return;
    std::mt19937_64 random(5);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    constexpr std::string_view kinds[] = {"", "support", "sales"}, outcomes[] = {"successful", "failed", "unknown", ""};
    for (std::uint64_t i = 0; i < 300; ++i) {
      CallRow call = call_of(i + 1, Duration(1'000 * (1 + below(400'000))), outcomes[below(4)], std::int64_t(below(90)));
      call.start = call.updated = now - Duration(below(7'200'000'000));
      call.dims[Field::agent_type] = kinds[below(3)], call.dims[Field::customer_id] = below(3) == 0 ? "acme" : "globex", call.dims[Field::region] = below(2) == 0 ? "eu" : "us";
      if (below(5) == 0) call.duration_us.reset();
      if (below(5) == 0) call.cost_nano.reset();
      if (below(6) == 0) call.state = CallState::active;
      const auto turns = below(5);
      for (std::uint64_t n = 1; n <= turns; ++n) {
        rows_.turns.push_back(turn_of(call, std::int64_t(n), Duration(1'000 * below(90'000))));
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
INSTANTIATE_TEST_SUITE_P(Engines, SpendLeaksTest, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& one) { return one.param; });

TEST_P(SpendLeaksTest, SqlSaysWhatTheRowsSay) {
  const auto check = [&](const FleetQuestion& q, std::size_t kinds) {
    const auto sql = spend_leaks_from_store(q, *store_, no_deadline);
    ASSERT_TRUE(sql) << sql.error().message;
    const auto rival = spend_leaks_from_rows(q, rows_);
    ASSERT_EQ(rival.size(), kinds);
    ASSERT_EQ(sql->size(), kinds);
    for (std::size_t i = 0; i < kinds; ++i) {
      const SpendLeak &a = (*sql)[i], &b = rival[i];
      EXPECT_EQ(a.agent_type, b.agent_type);
      EXPECT_EQ(a.calls, b.calls);
      EXPECT_EQ(a.successful, b.successful);
      EXPECT_EQ(a.long_calls, b.long_calls);
      EXPECT_EQ(a.told_calls, b.told_calls);
      ASSERT_EQ(a.long_ms.has_value(), b.long_ms.has_value());
      EXPECT_NEAR(a.long_ms.value_or(0), b.long_ms.value_or(0), 1e-6);
      for (const auto member : {&SpendLeak::long_usd, &SpendLeak::told_ms, &SpendLeak::silent_ms, &SpendLeak::told_usd, &SpendLeak::silent_usd}) EXPECT_NEAR(a.*member, b.*member, 1e-6 + 1e-9 * std::abs(b.*member));
    }
  };
  check({now - 2h, now, {}, "", ""}, 3);
  check({now - 1h, now - 10min, {"acme"}, "", "eu"}, 3);
  check({now - 2h, now, {}, "nobody", ""}, 0);
}

}  // namespace
}  // namespace aybiza
