// The pages beside the Overview, over a Source in memory.
#include <gmock/gmock.h>

#include "dashboard/cost_map.h"
#include "dashboard/pages_fixture.h"
#include "dashboard/show.h"

namespace aybiza::dashboard {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The rows of the table of agents, by name.
std::vector<std::string> agents_in(const std::string& html) {
  std::vector<std::string> names;
  constexpr std::string_view mark = "href=\"/agents/";
  for (std::size_t at = html.find(mark, html.find("id=\"agents\"")); at != html.npos; at = html.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    names.push_back(html.substr(begin, html.find_first_of("\"?", begin) - begin));
  }
  return names;
}

TEST_F(PagesTest, AgentsAreSortedAndSearched) {
  EXPECT_THAT(agents_in(get("/agents")), testing::ElementsAre("agent-0", "agent-1", "agent-2", "agent-3", "agent-4"));  // 24 calls each: by name
  const std::string slowest = get("/agents?sort=-avg_duration_ms");
  EXPECT_THAT(agents_in(slowest), testing::ElementsAre("agent-2", "agent-4", "agent-1", "agent-3", "agent-0"));  // 122, 121.5, 121, 120.5, 120 s
  EXPECT_THAT(slowest, AllOf(HasSubstr("aria-sort=\"descending\"><a class=\"sort\" href=\"/agents?sort=avg_duration_ms\""), HasSubstr(">2:02 min</td>")));
  EXPECT_THAT(agents_in(get("/agents?sort=avg_duration_ms")), testing::ElementsAre("agent-0", "agent-3", "agent-1", "agent-4", "agent-2"));
  EXPECT_THAT(agents_in(get("/agents?agent=NT-3")), testing::ElementsAre("agent-3"));
  EXPECT_THAT(get("/agents?agent=nobody"), HasSubstr("Only agents with “nobody” in their name are shown."));
  EXPECT_THAT(agents_in(get("/agents?sort=nonsense")), testing::SizeIs(5));
  source_.refusal = "the store is <away>";
  EXPECT_THAT(get("/agents"), AllOf(HasSubstr(" broken\""), HasSubstr("the store is &lt;away&gt;")));
}

TEST_F(PagesTest, AnAgentsPageIsTheOverviewOfThatAgent) {
  const std::string html = get("/agents/agent-2");
  EXPECT_THAT(html, AllOf(HasSubstr("<h1>agent-2</h1>"), HasSubstr("href=\"/calls?agent=agent-2\""), HasSubstr("value=\"24\">24</data>")));
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"tile-utilization\""), Not(HasSubstr("id=\"tile-active_agents\""))));  // how many agents is no question here
  EXPECT_THAT(get("/agents/agent-2?region=mars"), HasSubstr("No calls"));
  join("/agents/agent-2", "agent");
  now_ += 1100ms;
  EXPECT_THAT(tick(), HasSubstr("\"c\":{"));
}

TEST_F(PagesTest, CostsByWhateverIsChosen) {
  const std::string html = get("/costs");
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"tile-spend_usd\""), HasSubstr(">$4.68</data>"), HasSubstr("aria-current=\"true\">Model</a>"), Not(HasSubstr("style="))));  // 117 × 0.04
  EXPECT_THAT(html, AllOf(HasSubstr("claude-sonnet-4"), HasSubstr(">$0.0400</data>")));
  EXPECT_THAT(get("/costs?by=region"), AllOf(HasSubstr("moon-base-1"), HasSubstr("4 regions"), HasSubstr("href=\"/costs?sort=cost_usd&amp;by=region\"")));
  EXPECT_THAT(get("/costs?by=nonsense"), HasSubstr("aria-current=\"true\">Model</a>"));
  EXPECT_THAT(get("/costs?customer=nobody"), HasSubstr("No calls of nobody"));
  EXPECT_THAT(join("/costs", "costs"), AllOf(HasSubstr("chart:chart-spend"), HasSubstr("chart:chart-cost_map")));
  now_ += 1s;
  EXPECT_THAT(tick(), AllOf(Not(HasSubstr("chart:chart-spend")), Not(HasSubstr("chart-data:chart-cost_map"))));  // nothing of them has changed
}

TEST_F(PagesTest, ConversationsShowWhatIsSaid) {
  const std::string html = get("/conversations");
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"tile-avg_sentiment\""), HasSubstr("id=\"table-moods\""), HasSubstr("id=\"table-lengths\""), Not(HasSubstr("style="))));
  EXPECT_THAT(html, AllOf(HasSubstr("<th scope=\"row\">Model</th><td class=\"num\">400 ms</td><td class=\"num\">400 ms</td><td class=\"num\">400 ms</td></tr>"),
                          HasSubstr("<tr><th scope=\"row\">Text to speech</th><td class=\"num\">–</td>")));  // nobody reported it
  EXPECT_THAT(html, HasSubstr("No turns with a topic in the last 1\u00a0h."));
  EXPECT_THAT(html, HasSubstr("No ended calls with a state in the last 1\u00a0h."));
  EXPECT_THAT(get("/conversations?by=speaker"), AllOf(HasSubstr("2 speakers"), HasSubstr("href=\"/conversations?sort=turns&amp;by=speaker\"")));
  EXPECT_THAT(join("/conversations", "conversations"), AllOf(HasSubstr("chart:chart-moods"), HasSubstr("chart:chart-stages")));
  now_ += 1s;
  EXPECT_THAT(tick(), AllOf(Not(HasSubstr("chart:chart-")), Not(HasSubstr("chart-data:chart-stages"))));
}

TEST_F(PagesTest, LearningShowsExperimentsAndChanges) {
  for (std::size_t i = 0; i < source_.rows.calls.size(); ++i) {
    CallRow& call = source_.rows.calls[i];
    call.dims[Field::experiment] = "greeting";
    call.dims[Field::variant] = i % 2 == 0 ? "control" : "short";
    if (call.state == CallState::ended) call.call_outcome = i % 2 == 0 ? "failed" : "successful";
  }
  ChangeRow change;
  change.id = {1, 1}, change.time = now_ - 20min, change.customer = "acme", change.what = "prompt", change.version = "7<b>";
  change.dims[Field::customer_id] = "acme";
  source_.rows.changes.push_back(change);
  const std::string html = get("/learning");
  EXPECT_THAT(html, AllOf(HasSubstr("<h3>greeting</h3>"), HasSubstr("Calls were assigned evenly (p 1.00)"), HasSubstr("<span class=\"status good\">Better</span>"), Not(HasSubstr("style="))));
  EXPECT_THAT(html, AllOf(HasSubstr("+100.0 pt [+"), HasSubstr("Prompt 7&lt;b&gt;"), HasSubstr("No knowledge graph was told of yet."), HasSubstr("No patterns in the last 1\u00a0h.")));
  const std::string joined = join("/learning", "learning");
  EXPECT_THAT(joined, AllOf(HasSubstr("chart:chart-progress"), HasSubstr("chart-marks"), HasSubstr("chart:chart-knowledge")));
  now_ += 1s;
  EXPECT_THAT(tick(), Not(HasSubstr("chart:chart-")));
  change.id = {1, 2}, change.time = now_ - 1min, change.version = "8";
  source_.rows.changes.push_back(change);
  EXPECT_THAT(tick(), AllOf(HasSubstr("chart-marks"), HasSubstr("Prompt 8")));  // a new mark, for every chart over time
  customers_ = {"globex"};
  EXPECT_THAT(get("/learning"), Not(HasSubstr("Prompt 7")));
  source_.refusal = "the store is <away>";
  EXPECT_THAT(get("/learning"), AllOf(HasSubstr("the store is &lt;away&gt;"), HasSubstr("id=\"filters\"")));
}

TEST_F(PagesTest, TheFleetIsAFieldWithReasons) {
  const std::string html = get("/agents");
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"field-fleet\""), HasSubstr("0 bad · 0 warning · 5 good · 0 idle"), HasSubstr("nothing wrong"), HasSubstr("id=\"table-heat\"")));
  EXPECT_THAT(join("/agents", "agents"), AllOf(HasSubstr("field:field-fleet"), HasSubstr("\"runs\":\"g5\""), HasSubstr("chart:chart-heat")));
  now_ += 1s;
  EXPECT_THAT(tick(), Not(HasSubstr("field:field-fleet")));  // the same letters
  for (TurnRow& turn : source_.rows.turns)
    if (turn.call_id == source_.rows.calls[2].call_id && turn.agent_speaks) turn.response_time_us = 60'000'000;  // agent-2
  const std::string worse = tick();
  EXPECT_THAT(worse, AllOf(HasSubstr("\"runs\":\"w1g4\""), HasSubstr("slow answers −25")));
  EXPECT_LT(worse.size(), 4096u);
  EXPECT_THAT(event("hook", "field_hover", R"({"id":"field-fleet","index":3})"), HasSubstr("chosen first"));
  event("hook", "field_hover", R"({"id":"field-fleet","index":77})");
  EXPECT_THAT(event("hook", "field_open", R"({"id":"field-fleet","index":0})"), HasSubstr("/agents/agent-2"));
}

TEST(CostMap, ColoursReachFromTheLeastEfficientPartToTheMost) {
  CostsState state;
  state.parts = {{"eu", "sales", "a", 1, 10, 0.6}, {"eu", "sales", "b", 2, 30, 0.8}, {"us", "", "c", 4, 5, std::nullopt}};
  const std::string map = cost_map_data(nullptr, state, texts_of("en"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"a","value":1,"itemStyle":{"color":"$heat-0"},"label":{"color":"$on-heat-0"}})"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"b","value":2,"itemStyle":{"color":"$heat-4"})"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"eu","value":3,"itemStyle":{"color":"$heat-3"})"));  // (10 × 0.6 + 30 × 0.8) / 40 = 0.75
  EXPECT_THAT(map, HasSubstr(R"({"name":"Not known","value":4,"itemStyle":{"color":"$sunken"})"));
  // Later the figures alone, outer before inner, as long as no part is new.
  CostsState later = state;
  later.parts[2].cost_usd = 5, later.parts[0].efficiency = std::nullopt;
  EXPECT_THAT(cost_map_data(&state, later, texts_of("en")), HasSubstr(R"("tree":[[3,2],[3,2],[1,-1],[2,2],[5,-1],[5,-1],[5,-1]])"));
  later.parts.push_back({"us", "", "d", 1, 1, 0.7});
  EXPECT_THAT(cost_map_data(&state, later, texts_of("en")), HasSubstr(R"("set":{"series":[{"data":[{"name":"eu")"));
  EXPECT_EQ(efficiency_words(state, texts_of("en")), "efficiency 60.0 % faint, 80.0 % strong");
}

TEST_F(PagesTest, CallsFilterAndTurnPages) {
  EXPECT_THAT(get("/calls?state=active"), AllOf(HasSubstr("3 calls on this page"), HasSubstr("class=\"live\"")));
  EXPECT_THAT(get("/calls?outcome=failed&customer=acme"), AllOf(Not(HasSubstr("Successful</span>")), HasSubstr("Failed</span>")));
  EXPECT_THAT(get("/calls"), HasSubstr("href=\"/calls?cursor=50\""));
  EXPECT_THAT(get("/calls?agent=none"), HasSubstr("Filters above the table are in force."));
}

// Rows stay where more calls come than can be read; the next page leaves none of them out.
TEST_F(PagesTest, CallsComeAFewAtATime) {
  join("/calls", "calls");
  const auto look = [&] {
    now_ += 1s;
    const std::string shown = tick();
    event("hook", "ack", R"({"n":1000})");
    return shown;
  };
  EXPECT_THAT(look(), Not(HasSubstr("newer ones")));
  const auto come = [&](int count) {
    for (int i = 0; i < count; ++i) {
      CallRow call = source_.rows.calls[0];
      call.call_id = {77, std::uint64_t(++serial_)};
      call.start += serial_ * 1ms;
      source_.rows.calls.insert(source_.rows.calls.begin(), call);
    }
    return look();
  };
  const auto rows_in = [](const std::string& diff) {
    std::size_t count = 0;
    for (std::size_t at = diff.find("-004d-"); at != diff.npos; at = diff.find("-004d-", at + 1)) ++count;
    return count;
  };
  const std::string few = come(4), many = come(30);
  EXPECT_EQ(rows_in(few), 4u);
  EXPECT_THAT(few, Not(HasSubstr("newer ones")));
  EXPECT_EQ(rows_in(many), 6u);
  EXPECT_THAT(many, AllOf(HasSubstr("24 newer ones follow"), HasSubstr("cursor=6\"")));
  EXPECT_LT(many.size(), 4096u);
  EXPECT_THAT(look(), HasSubstr("18 newer ones follow"));
  for (int i = 0; i < 3; ++i) look();
  EXPECT_THAT(get("/calls"), HasSubstr("href=\"/calls?cursor=50\""));
  const std::string all = come(60);
  EXPECT_EQ(rows_in(all), 6u);
  EXPECT_THAT(all, HasSubstr("44 newer ones and more follow"));
}

TEST_F(PagesTest, OneCall) {
  const std::string html = get("/calls/" + to_string(source_.rows.calls[5].call_id));
  EXPECT_EQ(*status_, 200);
  EXPECT_THAT(html, AllOf(HasSubstr("My bill is &lt;wrong&gt; again"), HasSubstr("turn agent interrupted"), HasSubstr("class=\"stage llm\""), HasSubstr("class=\"lane waterfall\""), Not(HasSubstr("style="))));
  get("/calls/ext-5");
  EXPECT_EQ(*status_, 200);
}

TEST_F(PagesTest, ACallOfOthersIsNotThere) {
  customers_ = {"globex"};
  const std::string other = get("/calls/" + to_string(source_.rows.calls[6].call_id));
  EXPECT_EQ(*status_, 404);
  EXPECT_THAT(other, HasSubstr("No such call"));
  EXPECT_THAT(other, Not(HasSubstr("acme")));
  EXPECT_THAT(get("/"), Not(HasSubstr("acme")));
  EXPECT_THAT(get("/calls?customer=acme"), HasSubstr("No calls of acme"));
}

}  // namespace
}  // namespace aybiza::dashboard
