// The Costs page's money to come: what it shows, to whom, and what its forms lead to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dashboard/costs_page.h"
#include "dashboard/money_tiles.h"
#include "dashboard/sample_source.h"
#include "dashboard/show.h"
#include "liveview/dead_render.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MoneyPages : public testing::Test {
 protected:
  std::string get(std::string_view target) {
    liveview::Router router;
    router.add({"/costs", "costs", "app", [](const liveview::Visitor& v) { return std::make_unique<CostsPage>(v); }});
    Viewer viewer;
    viewer.source = &source_, viewer.customers = customers_, viewer.edits = edits_;
    viewer.now = [this](const TopicPlan& plan) { return plan.compute(now_); };
    const liveview::Signer signer(std::string(32, 'k'));
    const liveview::Visitor visitor{"sid", signer.csrf("sid"), "", "127.0.0.1", std::make_shared<Viewer>(viewer)};
    const auto page = liveview::dead_render(router, signer, {target, visitor, "x", now_, ""});
    return page ? page->html : page.error().message;
  }
  const Instant now_ = *parse_rfc3339("2027-01-20T12:00:00Z");
  SampleSource source_{now_, 120};
  std::vector<std::string> customers_;
  bool edits_ = true;
};

TEST_F(MoneyPages, BudgetsWithTheirStageAndTheWayToChangeThem) {
  source_.spend_budgets = {{BudgetOf::customer, "acme", "", 180}, {BudgetOf::customer, "globex", "", 100'000}};
  // 40 calls of acme in the last 40 minutes; the first of the three that go on has no cost yet.
  const double acme = 39 * 0.04;
  const std::string html = get("/costs");
  EXPECT_THAT(html, AllOf(HasSubstr(fmt::format("<td class=\"num\">$1.80</td><td class=\"num\">{}</td>", show_usd(texts_of("en"), acme))), HasSubstr("<span class=\"status warn\">over 85 %</span>")));
  EXPECT_THAT(html, AllOf(HasSubstr("<span class=\"status good\">below 80 %</span>"), HasSubstr("not enough history: 0 complete days, 14 are needed"), HasSubstr("action=\"/api/v1/budgets\""), HasSubstr("Remove the budget of acme")));
  edits_ = false;
  EXPECT_THAT(get("/costs"), AllOf(HasSubstr("over 85 %"), Not(HasSubstr("action=\"/api/v1/budgets\"")), Not(HasSubstr("Remove the budget"))));
}

TEST_F(MoneyPages, OneCustomersPeopleSeeTheirsAlone) {
  source_.spend_budgets = {{BudgetOf::customer, "acme", "", 180}, {BudgetOf::customer, "globex", "", 77'700}, {BudgetOf::agent, "agent-1", "", 5'000}};
  customers_ = {"acme"};
  EXPECT_THAT(get("/costs"), AllOf(HasSubstr("over 85 %"), Not(HasSubstr("globex")), Not(HasSubstr("$777")), Not(HasSubstr("$50.00"))));
}

TEST_F(MoneyPages, WhatItIsSpentOnAMinuteAndTheCache) {
  EXPECT_THAT(get("/costs"), AllOf(HasSubstr("<tr><th scope=\"row\">Not told apart</th><td class=\"num\">$4.68</td><td class=\"num\">100.0 %</td></tr>"), HasSubstr("Nothing was read from a cache in this range.")));
  CallRow& call = source_.rows.calls[5];
  UsageRow usage;
  usage.id = {1, 1}, usage.call_id = call.call_id, usage.time = call.start, usage.model = "claude-sonnet-4-5", usage.input_tokens = usage.cache_read_tokens = 1'000'000;
  usage.cost_nano = call.cost_nano = 3'300'000'000, usage.cost_source = call.cost_source = CostSource::priced;
  source_.rows.usage.push_back(usage);
  usage.id = {1, 2}, usage.model = "nobody's", usage.input_tokens.reset(), usage.cache_read_tokens = 70, usage.cost_nano.reset(), usage.cost_source = CostSource::unknown;
  source_.rows.usage.push_back(usage);
  double ms = 0, usd = 0;
  for (const CallRow& one : source_.rows.calls)
    if (one.state == CallState::ended) ms += double(*one.duration_us) / 1e3, usd += double(*one.cost_nano) / 1e9;
  const std::string html = get("/costs");
  EXPECT_THAT(html, AllOf(HasSubstr("<tr><th scope=\"row\">Model</th><td class=\"num\">$3.30</td><td class=\"num\">41.6 %</td></tr>"), HasSubstr("<tr><th scope=\"row\">Not told apart</th><td class=\"num\">$4.64</td><td class=\"num\">58.4 %</td></tr>")));
  EXPECT_THAT(html, AllOf(HasSubstr(">$2.70</data>"), HasSubstr("70 more without a price"), HasSubstr(fmt::format(">{}</data>", show_usd(texts_of("en"), usd / (ms / 60'000)))), HasSubstr(">50.0 %</data>")));
  EXPECT_THAT(get("/costs?customer=nobody"), AllOf(HasSubstr("No ended call of this range has a known length and cost."), HasSubstr("Nothing was read from a cache in this range.")));
}

TEST_F(MoneyPages, WhatAgentsSaveAgainstPeople) {
  EXPECT_THAT(get("/costs"), HasSubstr("Enter it to see what the agents save."));
  const std::string html = get("/costs?human=5");
  Question q;
  q.measures = {*parse_measure("resolved_calls"), *parse_measure("cost_usd")}, q.from = now_ - 1h, q.to = now_, q.limit = 10;
  const auto answer = source_.ask(q);
  const double resolved = std::get<double>(answer->rows[0][0]), spend = std::get<double>(answer->rows[0][1]);
  EXPECT_THAT(html, AllOf(HasSubstr(fmt::format("<dt>Saved</dt><dd class=\"num\">{}</dd>", show_usd(texts_of("en"), resolved * 5 - spend))), HasSubstr(fmt::format("<dt>By agents</dt><dd class=\"num\">{}</dd>", show_usd(texts_of("en"), spend)))));
  EXPECT_THAT(get("/costs?human=lots"), HasSubstr("&#39;lots&#39; is not a sum of USD; write it as 1250.50"));
  EXPECT_THAT(get("/costs?human=5%2C00"), HasSubstr(show_usd(texts_of("en"), resolved * 5 - spend)));
}

TEST_F(MoneyPages, TokensAndAdviceSayWhyThereIsNone) {
  EXPECT_THAT(get("/costs"), AllOf(HasSubstr("id=\"tile-tokens\""), HasSubstr("id=\"tile-model_tokens\""), HasSubstr("Nothing to recommend in this range"), Not(HasSubstr("style="))));
}

}  // namespace
}  // namespace aybiza::dashboard
