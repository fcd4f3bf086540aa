#include "live/spend_budget.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST(SpendBudget, TextIsReadAsItWasWritten) {
  const std::vector<SpendBudget> budgets{{BudgetOf::customer, "acme", "", 50'000}, {BudgetOf::campaign, "spring sale", "acme", 1'250}, {BudgetOf::agent, "agent-1", "", 1}};
  const auto read = parse_budgets(to_text(budgets));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, budgets);
  EXPECT_EQ(to_text({budgets[1]}).substr(to_text({}).size()), "campaign\tspring sale\tacme\t12.50\n");
  EXPECT_TRUE(parse_budgets("# nothing\n\n")->empty());
}

TEST(SpendBudget, WhatIsWrongIsToldWithItsLine) {
  const auto refused = [](std::string_view text) {
    const auto read = parse_budgets(text);
    return read ? std::string("taken") : read.error().message;
  };
  EXPECT_EQ(refused("team\ta\t-\t5\n"), "line 1: 'team' is not known: write customer, campaign or agent");
  EXPECT_EQ(refused("# x\nagent\ta\t-\n"), "line 2: a budget is of, name, customer and USD a month, with tabs between");
  EXPECT_EQ(refused("agent\ta\t-\t5\nagent\ta\t-\t6\n"), "line 2: agent a has a budget already");
  EXPECT_EQ(refused("agent\ta\t-\t5\nagent\ta\tacme\t6\n"), "taken");  // of another customer's agent
  for (const std::string_view sum : {"0", "-5", "0.001", "1e3", "nan", "inf", "", "5 USD", "99999999999"}) EXPECT_NE(refused(fmt::format("agent\ta\t-\t{}\n", sum)), "taken") << sum;
  EXPECT_EQ(*parse_budget_usd("12.5"), 1'250);
  EXPECT_NE(refused("agent\t\t-\t5\n"), "taken");
}

class BudgetStates : public testing::Test {
 protected:
  BudgetStates() {
    spend("acme", "agent-1", 84);
    spend("acme", "agent-2", 12);
    spend("globex", "agent-9", 40);
  }
  void spend(std::string_view customer, std::string_view agent, std::int64_t usd) {
    CallRow call;
    call.call_id = uuid_v5(agent), call.start = call.updated = now_ - 2h;
    call.dims[Field::customer_id] = customer, call.dims[Field::agent_id] = agent;
    UsageRow usage;
    usage.id = {1, rows_.usage.size()}, usage.call_id = call.call_id, usage.time = now_ - 1h, usage.cost_nano = usd * 1'000'000'000;
    rows_.calls.push_back(call), rows_.usage.push_back(usage);
  }
  std::vector<BudgetState> states(const std::vector<SpendBudget>& budgets, const std::vector<std::string>& customers) {
    return compute_budgets([this](const Question& q) { return answer_from_rows(q, rows_, now_, "store"); }, budgets, customers, "UTC", now_);
  }
  const Instant now_ = *parse_rfc3339("2027-01-20T12:00:00Z");
  RowSet rows_;
};

TEST_F(BudgetStates, StagesAreThoseReached) {
  const auto stage = [&](std::int64_t cents) { return states({{BudgetOf::customer, "acme", "", cents}}, {})[0].stage(); };  // of 96 USD
  EXPECT_EQ(stage(20'000), 0);
  EXPECT_EQ(stage(12'000), 80);  // exactly
  EXPECT_EQ(stage(11'200), 85);
  EXPECT_EQ(stage(10'100), 95);
  EXPECT_EQ(stage(9'600), 100);
  EXPECT_EQ(stage(1'000), 100);
  EXPECT_EQ(states({{BudgetOf::customer, "nobody", "", 100}}, {})[0].stage(), 0);
  EXPECT_FALSE(states({{BudgetOf::customer, "nobody", "", 100}}, {})[0].share());  // nothing is known: no share of zero
}

TEST_F(BudgetStates, TheFullestFirstAndOnlyOnesOwn) {
  const std::vector<SpendBudget> all{{BudgetOf::customer, "acme", "", 100'000}, {BudgetOf::agent, "agent-1", "acme", 10'000}, {BudgetOf::agent, "agent-9", "", 10'000}, {BudgetOf::customer, "globex", "", 5'000}};
  const auto everybody = states(all, {});
  ASSERT_EQ(everybody.size(), 4u);
  EXPECT_EQ(everybody[0].budget.name, "agent-1");
  EXPECT_EQ(everybody[0].month.spent, 84.0);
  const auto own = states(all, {"acme"});
  ASSERT_EQ(own.size(), 2u);  // the budget of an agent of any customer is the platform's
  EXPECT_EQ(own[1].budget.name, "acme");
  EXPECT_EQ(own[1].month.spent, 96.0);
}

}  // namespace
}  // namespace aybiza
