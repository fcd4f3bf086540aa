// Experiments and progress, against counts worked out by hand.
#include "live/learning_progress.h"

#include <gtest/gtest.h>

#include "live/experiments.h"
#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'000'000'000);

class LearningTest : public testing::Test {
 protected:
  CallRow& call(std::string_view experiment, std::string_view variant, std::string_view outcome, Duration ago = 10min) {
    CallRow call;
    call.call_id = uuid_v5(fmt::format("call {}", rows_.calls.size()));
    call.start = call.updated = now - ago;
    call.dims[Field::experiment] = experiment;
    call.dims[Field::variant] = variant;
    call.dims[Field::customer_id] = "acme";
    call.dims[Field::agent_id] = variant == "short" ? "agent-2" : "agent-1";
    call.call_outcome = outcome;
    call.error_count = 0;
    call.state = outcome.empty() ? CallState::active : CallState::ended;
    rows_.calls.push_back(std::move(call));
    return rows_.calls.back();
  }
  void calls(int count, std::string_view experiment, std::string_view variant, std::string_view outcome) {
    for (int i = 0; i < count; ++i) call(experiment, variant, outcome);
  }
  Ask ask() {
    return [this](const Question& q) { return answer_from_rows(q, rows_, now, "live"); };
  }
  AskRows ask_rows() {
    return [this](const LearningQuestion&) { return Answered<LearningPartial>(shared_rows(rows_.learning, rows_.changes)); };
  }
  ViewScope scope() {
    ViewScope scope;
    scope.range = "1h";
    return scope;
  }
  RowSet rows_;
};

TEST_F(LearningTest, ArmsAreCallsThatHaveEnded) {
  calls(30, "greeting", "short", "successful"), calls(10, "greeting", "short", "failed");
  calls(20, "greeting", "control", "successful"), calls(18, "greeting", "control", "abandoned"), calls(2, "greeting", "control", "transferred");
  calls(3, "greeting", "control", "");         // still going on: no observation
  calls(1, "greeting", "short", "unknown");    // ended, and nobody knows how: no observation of success
  rows_.calls[0].error_count = 2;
  call("", "short", "successful");             // of no experiment
  const Experiments e = compute_experiments(ask(), scope(), now);
  ASSERT_EQ(e.error, "");
  ASSERT_EQ(e.list.size(), 1u);
  const Experiment& x = e.list[0];
  ASSERT_EQ(x.variants.size(), 2u);
  EXPECT_EQ(x.variants[0].name, "control");    // by its name, not by the alphabet alone
  const auto arm = [&](std::size_t v, Compared which, std::uint64_t n, std::uint64_t successes) {
    EXPECT_EQ(x.variants[v].arms[which].n, n) << v << which;
    EXPECT_EQ(x.variants[v].arms[which].successes, successes) << v << which;
  };
  arm(0, success_compared, 40, 20), arm(1, success_compared, 40, 30);
  arm(0, escalation_compared, 40, 2), arm(1, escalation_compared, 41, 0);  // a transfer is an escalation
  arm(0, error_compared, 40, 0), arm(1, error_compared, 41, 1);
  EXPECT_FALSE(x.variants[0].effects[success_compared]);
  const auto expected = effect_of({40, 20}, {40, 30}, experiment_alpha);
  EXPECT_DOUBLE_EQ(x.variants[1].effects[success_compared]->difference, 0.25);
  EXPECT_DOUBLE_EQ(x.variants[1].effects[success_compared]->low, expected->low);
  EXPECT_EQ(verdict_of(x.variants[1]), ExperimentVerdict::too_early);
  EXPECT_NEAR(*x.ratio_p, 0.827259, 1e-5);     // 43 and 41 calls
  EXPECT_FALSE(x.uneven());
}

TEST_F(LearningTest, VerdictsAndGuardrails) {
  calls(200, "x", "a", "successful"), calls(200, "x", "a", "failed");
  calls(340, "x", "b", "successful"), calls(60, "x", "b", "failed");
  calls(340, "x", "c", "successful"), calls(60, "x", "c", "failed");
  calls(40, "x", "d", "successful"), calls(360, "x", "d", "failed");
  for (CallRow& one : rows_.calls)
    if (one.dims[Field::variant] == "c") one.error_count = 1;
  const auto list = compute_experiments(ask(), scope(), now).list;
  ASSERT_EQ(list.size(), 1u);
  const auto& v = list[0].variants;
  EXPECT_EQ(verdict_of(v[1]), ExperimentVerdict::better);
  EXPECT_EQ(verdict_of(v[2]), ExperimentVerdict::guarded);
  EXPECT_EQ(verdict_of(v[3]), ExperimentVerdict::worse);
  const auto shared = effect_of({400, 200}, {400, 340}, experiment_alpha / 3);  // three comparisons share the 5 %
  EXPECT_DOUBLE_EQ(v[1].effects[success_compared]->low, shared->low);
}

TEST_F(LearningTest, AnUnevenSplitIsSaid) {
  calls(60, "x", "a", "successful"), calls(140, "x", "b", "successful");
  EXPECT_TRUE(compute_experiments(ask(), scope(), now).list[0].uneven());
}

TEST_F(LearningTest, ProgressChangesAndWhatFollowed) {
  for (int i = 0; i < 10; ++i) call("", "short", i < 2 ? "successful" : "failed", 40min + i * 1min);  // before the change
  for (int i = 0; i < 10; ++i) call("", "short", i < 8 ? "successful" : "failed", 10min + i * 1min);  // after it
  for (int i = 0; i < 5; ++i) call("", "other", "failed", 20min);                                     // of another agent
  ChangeRow change;
  change.id = {1, 1}, change.time = now - 30min, change.customer = "acme", change.what = "prompt", change.version = "7";
  change.dims[Field::customer_id] = "acme", change.dims[Field::agent_id] = "agent-2";
  rows_.changes.push_back(change);
  change.id = {1, 2}, change.time = now - 2h;  // before the range
  rows_.changes.push_back(change);
  LearningRow told;
  told.id = {2, 1}, told.time = now - 50min, told.type = EventType::learning_pattern, told.customer = "acme", told.pattern_id = "p", told.name = "apology first", told.outcome = "success";
  rows_.learning.push_back(told);
  told.id = {2, 2}, told.time = now - 5min, told.replicated_from = "agent-1";
  rows_.learning.push_back(told);
  told = {}, told.id = {2, 3}, told.time = now - 4min, told.type = EventType::learning_knowledge, told.customer = "acme", told.graph_id = "faq", told.nodes = 1'200, told.edges = 3'400;
  rows_.learning.push_back(told);
  const LearningState s = compute_learning(ask(), ask_rows(), scope(), now);
  EXPECT_NEAR(*s.tiles[progress_success_tile].value, 10.0 / 25, 1e-9);
  EXPECT_EQ(*s.tiles[progress_error_tile].value, 0);
  EXPECT_EQ(*s.tiles[discovered_tile].value, 1);
  EXPECT_EQ(*s.tiles[replicated_tile].value, 1);
  EXPECT_EQ(*s.tiles[knowledge_tile].value, 1'200);
  EXPECT_FALSE(s.tiles[unanswered_tile].value);  // no graph told of any
  ASSERT_EQ(s.changes.size(), 1u);
  ASSERT_EQ(s.cards.size(), 1u);
  EXPECT_NEAR(*s.cards[0].success_before, 0.2, 1e-9);
  EXPECT_NEAR(*s.cards[0].success_after, 0.8, 1e-9);
  EXPECT_EQ(s.cards[0].calls_after, 10);
  ASSERT_EQ(s.lives.size(), 1u);
  EXPECT_EQ(s.lives[0].events, 2);
  EXPECT_EQ(s.lives[0].replicated_from, "agent-1");
  EXPECT_EQ(s.progress.names.size(), 3u);
  ViewScope others = scope();
  others.customers = {"globex"};
  const LearningState none = compute_learning(ask(), ask_rows(), others, now);
  EXPECT_TRUE(none.changes.empty());
  EXPECT_TRUE(none.lives.empty());
  EXPECT_FALSE(none.tiles[progress_success_tile].value);
}

TEST_F(LearningTest, ARefusalIsTheParts) {
  const Ask refuse = [](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); };
  const AskRows no_rows = [](const LearningQuestion&) -> Answered<LearningPartial> { return std::unexpected(Refusal{"unavailable", "", "gone"}); };
  const LearningState s = compute_learning(refuse, no_rows, scope(), now);
  EXPECT_EQ(s.tiles[0].error, "away");
  EXPECT_EQ(s.progress.error, "away");
  EXPECT_EQ(s.rows_error, "gone");
  EXPECT_EQ(compute_experiments(refuse, scope(), now).error, "away");
}

}  // namespace
}  // namespace aybiza
