// What agents learn, against counts worked out by hand.
#include "live/learners.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'000'000'000);

class LearnersTest : public testing::Test {
 protected:
  LearningRow& told(EventType type, std::string_view agent, Duration ago) {
    LearningRow row;
    row.id = {3, rows_.learning.size() + 1};
    row.time = now - ago, row.type = type, row.customer = "acme";
    row.dims[Field::customer_id] = "acme", row.dims[Field::agent_id] = agent;
    rows_.learning.push_back(std::move(row));
    return rows_.learning.back();
  }
  void pattern(std::string_view agent, std::string_view id, std::string_view outcome, std::string_view from = "", Duration ago = 10min) {
    LearningRow& row = told(EventType::learning_pattern, agent, ago);
    row.pattern_id = id, row.outcome = outcome, row.replicated_from = from;
  }
  Learners learners(std::string_view customer = "") {
    ViewScope scope;
    scope.range = "1h", scope.customer = customer;
    return compute_learners([this](const Question& q) { return answer_from_rows(q, rows_, now, "live"); }, scope, now);
  }
  RowSet rows_;
};

TEST_F(LearnersTest, EachAgentWithWhatItTold) {
  pattern("a-1", "p-1", "success"), pattern("a-1", "p-2", "failure"), pattern("a-2", "p-1", "success", "a-1", 5min);
  pattern("a-3", "p-0", "success", "", 3h);  // before the range
  told(EventType::learning_improvement, "a-2", 4min).metric = "error_rate";
  told(EventType::learning_improvement, "a-2", 3min).metric = "error_rate";
  LearningRow& graph = told(EventType::learning_knowledge, "a-4", 2h);  // told before, and still as large
  graph.graph_id = "faq", graph.nodes = 1'200, graph.unanswered_questions = 4;
  for (int i = 0; i < 3; ++i) {
    CallRow call;
    call.call_id = uuid_v5(fmt::format("call {}", i));
    call.start = call.updated = now - 1min;
    call.dims[Field::customer_id] = "acme", call.dims[Field::experiment] = i == 2 ? "" : "greeting";
    rows_.calls.push_back(std::move(call));
  }
  const Learners all = learners();
  ASSERT_EQ(all.error, "");
  EXPECT_EQ(all.all.patterns, 2);  // p-1 was found once
  EXPECT_EQ(all.all.successful, 1);
  EXPECT_EQ(all.all.replicated, 1);
  EXPECT_EQ(all.all.improvements, 2);
  EXPECT_EQ(all.all.knowledge_nodes, 1'200);
  EXPECT_EQ(all.experiments, 1u);
  ASSERT_EQ(all.agents.size(), 3u);  // not a-3
  EXPECT_EQ(all.agents[0].agent, "a-2");  // most of all: p-1 proven and taken over, two improvements
  EXPECT_EQ(all.agents[0].replicated, 1);
  EXPECT_EQ(all.agents[0].improvements, 2);
  EXPECT_FALSE(all.agents[0].knowledge_nodes);  // it told of no graph: not 0
  EXPECT_EQ(all.agents[1].agent, "a-1");
  EXPECT_EQ(all.agents[1].patterns, 2);
  EXPECT_EQ(all.agents[2].agent, "a-4");
  EXPECT_EQ(all.agents[2].unanswered, 4);
  EXPECT_TRUE(learners("globex").agents.empty());
}

TEST_F(LearnersTest, ManyAreCountedAndTheBusiestShown) {
  for (int i = 0; i < 30; ++i) pattern(fmt::format("a-{:02}", i), fmt::format("p-{}", i), i == 29 ? "success" : "");
  const Learners all = learners();
  EXPECT_EQ(all.learning, 30u);
  ASSERT_EQ(all.agents.size(), learners_shown);
  EXPECT_EQ(all.agents[0].agent, "a-29");
  EXPECT_EQ(all.agents[1].agent, "a-00");
}

TEST_F(LearnersTest, ARefusedQuestionSaysWhy) {
  const Learners none = compute_learners([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "the store is away"}); }, {}, now);
  EXPECT_EQ(none.error, "the store is away");
}

}  // namespace
}  // namespace aybiza
