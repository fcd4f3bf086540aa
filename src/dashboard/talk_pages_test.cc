// What the Conversations and Agents pages show of talk and work, and finding turns again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dashboard/agents_page.h"
#include "dashboard/conversations_page.h"
#include "dashboard/overview_page.h"
#include "dashboard/sample_source.h"
#include "dashboard/show.h"
#include "dashboard/turn_search_tile.h"
#include "dashboard/work_tiles.h"
#include "liveview/dead_render.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class TalkPages : public testing::Test {
 protected:
  std::string get(std::string_view target) {
    liveview::Router router;
    router.add({"/conversations", "conversations", "app", [](const liveview::Visitor& v) { return std::make_unique<ConversationsPage>(v); }});
    router.add({"/agents/:id", "agent", "app", [](const liveview::Visitor& v) { return std::make_unique<AgentPage>(v); }});
    router.add({"/agents", "agents", "app", [](const liveview::Visitor& v) { return std::make_unique<AgentsPage>(v); }});
    Viewer viewer;
    viewer.source = &source_, viewer.customers = customers_, viewer.status = status_;
    *status_ = 200;
    viewer.now = [this](const TopicPlan& plan) { return plan.compute(now_); };
    const liveview::Signer signer(std::string(32, 'k'));
    const liveview::Visitor visitor{"sid", signer.csrf("sid"), "", "127.0.0.1", std::make_shared<Viewer>(viewer)};
    const auto page = liveview::dead_render(router, signer, {target, visitor, "x", now_, ""});
    return page ? page->html : page.error().message;
  }
  const Instant now_ = *parse_rfc3339("2027-01-20T12:00:00Z");
  SampleSource source_{now_, 120};
  std::vector<std::string> customers_;
  std::shared_ptr<int> status_ = std::make_shared<int>(200);
};

TEST_F(TalkPages, InterruptionsBothWaysSilenceAndTalk) {
  const std::string html = get("/conversations");
  const TalkTime talk = source_.talk({now_ - 1h, now_, {}, "", ""}).value();
  ASSERT_GT(talk.calls, 0);
  double cut = 0, agents = 0;
  for (const TurnRow& turn : source_.rows.turns)
    if (turn.agent_speaks && turn.time >= now_ - 1h && turn.time < now_) ++agents, cut += turn.interrupted.value_or(false);
  const auto value_of = [&](std::string_view figure) {
    const std::size_t at = html.find(fmt::format("id=\"tile-{}\"", figure)), from = html.find("<data class=\"num\" value=\"", at);
    return html.substr(html.find('>', from) + 1, html.find("</data>", from) - html.find('>', from) - 1);
  };
  EXPECT_EQ(value_of("interruption_share"), show_share(texts_of("en"), cut / agents));
  EXPECT_EQ(value_of("agent_interruption_share"), "0.0 %");
  EXPECT_EQ(value_of("silence_share"), show_share(texts_of("en"), talk.silent_ms / talk.told_ms));
  EXPECT_EQ(value_of("talk_ratio"), show_share(texts_of("en"), talk.agent_ms / talk.told_ms));
  for (CallRow& call : source_.rows.calls) call.state = CallState::active;
  EXPECT_THAT(get("/conversations"), HasSubstr("No call of this range whose turns all tell"));  // unknown, not 0
}

TEST_F(TalkPages, TurnsAreFoundByTheirWords) {
  EXPECT_THAT(get("/conversations"), AllOf(HasSubstr("name=\"q\" value=\"\""), Not(HasSubstr("tile-found_turns"))));
  const std::string html = get("/conversations?q=bill");
  EXPECT_THAT(html, AllOf(HasSubstr("My <mark>bill</mark> is &lt;wrong&gt; again"), HasSubstr("value=\"bill\""), HasSubstr("#turn-1\">"), HasSubstr("id=\"search-clear\" href=\"/conversations\""), HasSubstr("20 found among ")));
  EXPECT_THAT(get("/conversations?q=nowhere"), AllOf(HasSubstr("tile-found_turns"), HasSubstr("turns like that")));
  EXPECT_THAT(get("/conversations?q=bill&in=meaning"), AllOf(HasSubstr("aybiza topics train"), HasSubstr("<option value=\"meaning\" selected>"), Not(HasSubstr("tile-found_turns\" class=\"tile broken"))));
  source_.refusal = "the store is away";
  EXPECT_THAT(get("/conversations?q=bill"), HasSubstr("the store is away"));
}

TEST_F(TalkPages, NobodyFindsTheTurnsOfOthers) {
  customers_ = {"globex"};
  const std::string html = get("/conversations?q=bill");
  EXPECT_THAT(html, AllOf(HasSubstr("<mark>bill</mark>"), Not(HasSubstr("acme"))));
}

TEST_F(TalkPages, AnAgentThatIsNotThereAndOneOfOthersAreTheSamePage) {
  EXPECT_THAT(get("/agents/agent-1"), Not(HasSubstr("No such agent")));
  EXPECT_EQ(*status_, 200);
  const std::string nobody = get("/agents/nobody");
  EXPECT_THAT(nobody, AllOf(HasSubstr("<h1>No such agent</h1>"), Not(HasSubstr("tile-success_rate"))));
  EXPECT_EQ(*status_, 404);
  customers_ = {"initech"};  // nobody of theirs takes calls
  const std::string others = get("/agents/agent-1");
  const auto said = [](const std::string& html) { return html.substr(html.find("<section class=\"tile empty\""), html.find("</main>") - html.find("<section class=\"tile empty\"")); };
  EXPECT_EQ(said(others), said(nobody));
  EXPECT_EQ(*status_, 404);
  source_.refusal = "the store is away";  // what cannot be asked is not said to be missing
  EXPECT_THAT(get("/agents/agent-1"), Not(HasSubstr("No such agent")));
}

TEST(MarkedParts, AreWholeWordsWhateverTheirCase) {
  EXPECT_THAT(marked_parts("My Bill, the bill; billing", {"bill"}), ElementsAre("My ", "Bill", ", the ", "bill", "; billing"));
  EXPECT_THAT(marked_parts("bill", {"bill"}), ElementsAre("", "bill", ""));
  EXPECT_THAT(marked_parts("", {"bill"}), ElementsAre(""));
  EXPECT_THAT(marked_parts("Grüße", {"gr"}), ElementsAre("Grüße"));  // no part of a word
}

TEST_F(TalkPages, WhoIsAtWorkWhere) {
  const std::string html = get("/agents");
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"tile-work_regions\""), HasSubstr("id=\"tile-work\""), HasSubstr("id=\"tile-work_rates\""), Not(HasSubstr("style="))));
  const FleetWork work = compute_fleet_work([this](const Question& q) { return source_.ask(q); }, {}, now_);
  ASSERT_FALSE(work.regions.empty());
  EXPECT_THAT(html, HasSubstr(fmt::format("<td class=\"num\">{}</td><td class=\"num\">{}</td></tr>", work.regions[0].agents, work.regions[0].calls)));
  const auto all = work_pushes(nullptr, work, 1h, texts_of("en"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_THAT(all[0].json, AllOf(HasSubstr("\"yAxisIndex\":1"), HasSubstr("Mean length")));
  EXPECT_TRUE(work_pushes(&work, work, 1h, texts_of("en")).empty());  // what is as it was does not travel
}

}  // namespace
}  // namespace aybiza::dashboard
