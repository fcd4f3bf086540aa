// Health as a sum, and the hours of the week, against figures worked out by hand.
#include "live/fleet_health.h"

#include <gtest/gtest.h>

#include "live/heat.h"
#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = *parse_rfc3339("2026-11-18T12:30:00Z");  // a Wednesday

TEST(FleetHealth, IsHundredLessNamedPoints) {
  const auto check = [](AgentSignals signals, double health, char letter, std::vector<std::string_view> names) {
    signals.calls = 1;
    const AgentHealth got = health_of(signals);
    EXPECT_NEAR(got.health, health, 1e-9);
    EXPECT_EQ(got.letter, letter);
    std::vector<std::string_view> found;
    double taken = 0;
    for (const Cost& cost : got.costs) found.push_back(health_signals[cost.signal].name), taken += cost.points;
    EXPECT_EQ(found, names);
    EXPECT_NEAR(taken, 100 - health, 1e-9);  // the reasons add up
  };
  check({}, 100, 'g', {});                                                             // nothing told: nothing against it
  check({.response_ms = 1'200}, 100, 'g', {});
  check({.response_ms = 2'100}, 87.5, 'g', {"slow answers"});                          // half way
  check({.response_ms = 9'000, .failing = 0.25}, 65, 'w', {"slow answers", "errors"});
  check({.response_ms = 3'000, .silence_s = 60, .slope = -0.5}, 45, 'b', {"slow answers", "silence", "mood falls"});
  check({.repeated = 0.4, .unsure = 0.3}, 87.5, 'g', {"repeats itself", "hears badly"});
  check({.slope = 0.3}, 100, 'g', {});                                                 // a mood that rises
}

TEST(FleetHealth, WorstFirstAndEqualOnesByName) {
  std::vector<AgentSignals> signals{{.agent = "c", .calls = 1}, {.agent = "b", .calls = 1}, {.agent = "idle"}, {.agent = "slow", .calls = 2, .response_ms = 3'000},
                                    {.agent = "bad", .calls = 2, .response_ms = 3'000, .failing = 1}};
  const FleetState state = fleet_state(signals, now);
  std::vector<std::string> names;
  for (const AgentHealth& agent : state.agents) names.push_back(agent.agent);
  EXPECT_EQ(names, (std::vector<std::string>{"bad", "slow", "b", "c", "idle"}));
  EXPECT_EQ(field_runs(state), "b1w1g2i1");
  EXPECT_EQ(fleet_state(std::unexpected(Refusal{"unavailable", "", "away"}), now).error, "away");
}

TEST(Heat, IsBusyTimeByHourOverTheAgentsThereWere) {
  RowSet rows;
  const auto call = [&](Instant start, Duration length, std::string_view agent) {
    CallRow row;
    row.call_id = {1, rows.calls.size() + 1}, row.start = row.updated = start, row.state = CallState::ended, row.duration_us = length.count(), row.ended = start + length;
    row.dims[Field::agent_id] = agent;
    rows.calls.push_back(row);
  };
  call(*parse_rfc3339("2026-11-17T10:10:00Z"), 30min, "a");  // Tuesday, the first call there is
  call(*parse_rfc3339("2026-11-18T12:05:00Z"), 15min, "a");  // now, an hour that has run for 30 minutes
  call(*parse_rfc3339("2026-11-18T12:10:00Z"), 15min, "b");
  ViewScope scope;
  const Heat heat = compute_heat([&](const Question& q) { return answer_from_rows(q, rows, now, "store"); }, scope, now);
  ASSERT_EQ(heat.error, "");
  EXPECT_EQ(heat.agents, 2);
  EXPECT_DOUBLE_EQ(*heat.share[1][10], 0.25);   // 30 of 2 x 60 minutes
  EXPECT_DOUBLE_EQ(*heat.share[2][12], 0.5);    // 30 of 2 x 30 minutes
  EXPECT_DOUBLE_EQ(*heat.share[1][11], 0);      // between: idle
  EXPECT_FALSE(heat.share[1][9]);               // before the first call
  EXPECT_FALSE(heat.share[4][12]);
  scope.zone = "Asia/Kolkata";                  // five and a half hours on
  const Heat there = compute_heat([&](const Question& q) { return answer_from_rows(q, rows, now, "store"); }, scope, now);
  EXPECT_DOUBLE_EQ(*there.share[1][15], 0.25);  // 10:10 is 15:40 there
  EXPECT_DOUBLE_EQ(*there.share[2][17], 0.25);  // 12:05 and 12:10 are 17:35 and 17:40 of an hour that has ended
  const Heat none = compute_heat([&](const Question& q) { return answer_from_rows(q, {}, now, "store"); }, scope, now);
  EXPECT_EQ(none.agents, 0);
}

}  // namespace
}  // namespace aybiza
