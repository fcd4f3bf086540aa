// The comparison with the period before, and what moved, against the same questions asked by hand.
#include "live/overview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "live/change_marks.h"
#include "live/movers.h"
#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'017'000'000);  // in the middle of a minute

class ComparedTest : public testing::Test {
 protected:
  // Calls of a region, one every `step` back from `latest`; every n-th fails.
  void calls(int count, std::string_view region, Instant latest, Duration step, int failing) {
    for (int i = 0; i < count; ++i) {
      CallRow call;
      call.call_id = uuid_v5(fmt::format("call {}", rows_.calls.size()));
      call.start = call.updated = latest - step * i;
      call.dims[Field::region] = region, call.dims[Field::customer_id] = "acme";
      call.state = CallState::ended, call.ended = call.start + 30s;
      call.call_outcome = i % failing == 0 ? "failed" : "successful";
      TurnRow turn;
      turn.call_id = call.call_id, turn.turn_number = 1, turn.agent_speaks = true, turn.time = turn.updated = call.start;
      turn.response_time_us = 500'000 + i * 1'000;
      rows_.calls.push_back(std::move(call));
      rows_.turns.push_back(std::move(turn));
    }
  }
  Ask ask() {
    return [this](const Question& q) { return answer_from_rows(q, rows_, now, "live"); };
  }
  // What /api/v1/query says.
  Answer asked(const Parameters& parameters) {
    const auto question = parse_question(parameters, now);
    EXPECT_TRUE(question) << question.error().message;
    return *ask()(*question);
  }
  RowSet rows_;
};

TEST_F(ComparedTest, ThePeriodBeforeIsTheQueryOverTheShiftedRange) {
  calls(150, "eu", now - 30s, 45s, 3);
  ViewScope scope;
  scope.range = "1h";
  EXPECT_EQ(compute_overview(ask(), scope, now).volume.names.size(), 1u);  // not asked, not shown
  scope.compare = true;
  const OverviewState state = compute_overview(ask(), scope, now);
  ASSERT_EQ(state.volume.names, (std::vector<std::string>{"calls", "Period before"}));
  ASSERT_EQ(state.latency.names.back(), "p95 before");
  const Instant from = state.volume.times.front() - 1h;
  const Answer before = asked({{"select", "calls,p95_response_time_ms"}, {"from", format_rfc3339(from)}, {"to", format_rfc3339(from + state.volume.times.size() * 1min)}, {"step", "1m"}});
  ASSERT_EQ(before.rows.size(), state.volume.times.size());
  double all = 0;
  for (std::size_t i = 0; i < before.rows.size(); ++i) {
    EXPECT_EQ(state.volume.values[1][i], std::get<double>(before.rows[i][1])) << i;
    const auto* p95 = std::get_if<double>(&before.rows[i][2]);
    EXPECT_EQ(state.latency.values.back()[i], p95 ? std::optional(*p95) : std::nullopt) << i;  // no turns: unknown, not zero
    all += *state.volume.values[1][i];
  }
  EXPECT_GT(all, 50);
  const Answer rate = asked({{"select", "success_rate"}, {"from", format_rfc3339(floor_to(now - 1h, 1min) - 1h)}, {"to", format_rfc3339(floor_to(now - 1h, 1min))}});
  EXPECT_EQ(state.tiles[success_rate_tile].previous, std::get<double>(rate.rows[0][0]));
}

TEST_F(ComparedTest, ACustomRangeIsComparedBucketByBucket) {
  calls(100, "eu", now - 30s, 60s, 3);
  ViewScope scope;
  scope.from = now - 50min, scope.to = now - 10min - 30s, scope.compare = true;  // no whole number of minutes
  const OverviewState state = compute_overview(ask(), scope, now);
  EXPECT_EQ(compared_shift({*scope.from, *scope.to, 1min}), 40min);
  const Instant last = state.volume.times[state.volume.times.size() - 2] - 40min;
  const Answer before = asked({{"select", "calls"}, {"from", format_rfc3339(last)}, {"to", format_rfc3339(last + 1min)}});
  EXPECT_EQ(state.volume.values[1][state.volume.times.size() - 2], std::get<double>(before.rows[0][0]));
}

TEST_F(ComparedTest, WhatMovedIsNamedWithItsSample) {
  calls(100, "eu", now - 1min, 30s, 2), calls(100, "us", now - 1min, 30s, 10);      // this hour
  calls(100, "eu", now - 61min, 30s, 10), calls(100, "us", now - 61min, 30s, 10);   // the hour before
  calls(20, "ap", now - 1min, 30s, 1), calls(20, "ap", now - 61min, 30s, 20);       // too few for a rate
  ViewScope scope;
  scope.range = "1h";
  const Movers movers = compute_movers(ask(), scope, now);
  ASSERT_EQ(movers.error, "");
  const auto found = std::ranges::find_if(movers.list, [](const Mover& m) { return m.dimension == Dimension::region; });
  ASSERT_NE(found, movers.list.end());
  EXPECT_EQ(found->member, "eu");
  EXPECT_EQ(found->figure, MovedFigure::success);
  EXPECT_DOUBLE_EQ(found->before, 0.9);
  EXPECT_DOUBLE_EQ(found->now, 0.5);
  EXPECT_EQ(found->calls_before, 100);
  EXPECT_EQ(found->calls_now, 100);
  EXPECT_NEAR(found->strength, 0.4 / std::sqrt(0.7 * 0.3 * 0.02), 1e-9);  // pooled: 140 of 200 went well
  for (const Mover& mover : movers.list) {
    EXPECT_NE(mover.member, "us");
    EXPECT_NE(mover.member, "ap");
  }
  EXPECT_EQ(movers.as_of, floor_to(now, 1min));
  scope.from = now - 90s;  // a range that was chosen is taken as it is
  EXPECT_EQ(movers_range(scope, now).from, now - 90s);
  const Answer now_asked = asked({{"select", "calls,success_rate"}, {"by", "region"}, {"from", format_rfc3339(now - 1h)}, {"to", format_rfc3339(now)}, {"where", "region:eu"}});
  EXPECT_EQ(found->now, std::get<double>(now_asked.rows[0][2]));
}

TEST_F(ComparedTest, NothingIsClaimedWhereNothingMoved) {
  calls(100, "eu", now - 1min, 30s, 5), calls(100, "eu", now - 61min, 30s, 5);
  ViewScope scope;
  scope.range = "1h";
  EXPECT_TRUE(compute_movers(ask(), scope, now).list.empty());
}

TEST_F(ComparedTest, WhatIsRefusedIsShownAsItWasKnownLast) {
  calls(150, "eu", now - 30s, 45s, 3);
  OverviewSlow slow;
  const OverviewState known = compute_charts(ask(), {}, now, slow);
  ASSERT_EQ(known.regions.size(), 1u);
  ASSERT_TRUE(known.tiles[success_rate_tile].previous && known.tiles[active_calls_tile].previous);
  const Ask away = [](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "source", "away"}); };
  const OverviewState later = compute_charts(away, {}, now + 10s, slow);
  EXPECT_EQ(later.share_error, "");
  ASSERT_EQ(later.regions.size(), 1u);
  EXPECT_EQ(later.regions[0].calls, known.regions[0].calls);
  EXPECT_EQ(later.slow_as_of, now);  // and says of when it is
  EXPECT_EQ(later.tiles[success_rate_tile].previous, known.tiles[success_rate_tile].previous);
  EXPECT_EQ(later.tiles[active_calls_tile].spark, known.tiles[active_calls_tile].spark);
  EXPECT_EQ(later.volume.error, "away");  // what moves each second is not told from before
  OverviewSlow none;
  EXPECT_EQ(compute_charts(away, {}, now, none).share_error, "away");
  const OverviewState back = compute_charts(ask(), {}, now + 20s, slow);
  EXPECT_EQ(back.slow_as_of, now + 20s);
}

// What is put together of ends is what one question about all of it would say; only what comes late waits for that question.
TEST_F(ComparedTest, OfCallsAtWorkOnlyTheEndIsAskedAnew) {
  calls(400, "eu", now - 5s, 7s, 3);
  Instant at = now;
  std::vector<Instant> asked_from;
  const Ask ask = [&](const Question& q) {
    if (q.step != 0s && std::ranges::any_of(q.measures, [](const Measure& m) { return m.what == What::active_calls; })) asked_from.push_back(q.from);
    return answer_from_rows(q, rows_, at, "live");
  };
  OverviewSlow slow;
  compute_charts(ask, {}, at, slow);
  ASSERT_EQ(asked_from, (std::vector{floor_to(now - 1h, 1min)}));
  const auto same = [&] {
    OverviewSlow whole;
    compute_charts(ask, {}, at, whole);
    asked_from.pop_back();
    return whole.active.times == slow.active.times && whole.active.values == slow.active.values;
  };
  EXPECT_TRUE(same());
  for (Duration later = 5s; later < 1min; later += 5s) {
    at = now + later;
    calls(1, "eu", at - 1s, 1s, 2);
    compute_charts(ask, {}, at, slow);
    ASSERT_GE(asked_from.back(), floor_to(at, 1min) - 4min);
    ASSERT_TRUE(same()) << later / 1s;
  }
  calls(50, "eu", at - 30min, 1s, 2);  // told late
  compute_charts(ask, {}, at += 5s, slow);
  EXPECT_EQ(at, now + 1min);
  EXPECT_EQ(asked_from.back(), floor_to(at - 1h, 1min));
  EXPECT_TRUE(same());
  calls(50, "eu", at - 20min, 1s, 2);
  compute_charts(ask, {}, at += 5s, slow);
  EXPECT_FALSE(same());
  EXPECT_EQ(slow.active.times.size(), 61u);
  compute_charts(ask, {}, at += 90min, slow);  // nobody looked for longer than what is shown
  EXPECT_TRUE(same());
}

TEST_F(ComparedTest, OutcomesAreOfWholeMinutesWhereTheStoreIsBehind) {
  calls(60, "eu", now - 5s, 30s, 3);  // the first of them in the running minute
  const Ask live = [this](const Question& q) -> Answered<Answer> {
    const bool of_outcomes = !q.by.empty() && q.by[0].dimension == Dimension::call_outcome;
    if (of_outcomes && floor_to(q.to, 1min) != q.to) return std::unexpected(Refusal{"unavailable", "source", "behind"});
    return answer_from_rows(q, rows_, now, "live");
  };
  OverviewSlow slow;
  const OverviewState state = compute_charts(live, {}, now, slow);
  EXPECT_EQ(state.share_error, "");
  EXPECT_EQ(state.slow_as_of, floor_to(now, 1min));
  double outcomes = 0, regions = 0;
  for (const Share& share : state.outcomes) outcomes += share.calls;
  for (const Share& share : state.regions) regions += share.calls;
  EXPECT_EQ(regions, 60);
  EXPECT_EQ(outcomes, 59);
}

TEST(ChangeMarks, AreThoseTheViewerMayKnowOf) {
  RowSet rows;
  const auto change = [&](Duration ago, std::string_view customer, std::string_view version) {
    ChangeRow row;
    row.id = {1, rows.changes.size()}, row.time = now - ago, row.customer = customer, row.what = "prompt", row.version = version;
    rows.changes.push_back(row);
  };
  change(2h, "acme", "1"), change(30min, "acme", "2"), change(20min, "globex", "3"), change(10min, "acme", "4");
  const AskRows ask = [&](const LearningQuestion&) { return Answered<LearningPartial>(shared_rows(rows.learning, rows.changes)); };
  ViewScope scope;
  scope.range = "1h", scope.customers = {"acme"};
  const ChangeMarks marks = compute_change_marks(ask, scope, now);
  ASSERT_EQ(marks.changes.size(), 2u);
  EXPECT_EQ(marks.changes[0]->version, "4");
  EXPECT_EQ(marks.changes[1]->version, "2");
}

}  // namespace
}  // namespace aybiza
