// The pages over a Source in memory: what they show, how their address carries the filters, what travels when a figure changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dashboard/agents_page.h"
#include "dashboard/call_page.h"
#include "dashboard/calls_page.h"
#include "dashboard/conversations_page.h"
#include "dashboard/cost_map.h"
#include "dashboard/costs_page.h"
#include "dashboard/learning_page.h"
#include "dashboard/overview_page.h"
#include "dashboard/sample_source.h"
#include "dashboard/show.h"
#include "dashboard/system_page.h"
#include "liveview/dead_render.h"
#include "liveview/socket.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PagesTest : public testing::Test {
 protected:
  PagesTest() {
    add<OverviewPage>("/", "overview");
    add<AgentsPage>("/agents", "agents");
    add<AgentPage>("/agents/:id", "agent");
    add<CallsPageView>("/calls", "calls");
    add<CallPageView>("/calls/:id", "call");
    add<CostsPage>("/costs", "costs");
    add<ConversationsPage>("/conversations", "conversations");
    add<SystemPage>("/system", "system");
    add<LearningPage>("/learning", "learning");
  }
  template <typename Page>
  void add(std::string pattern, std::string view) {
    router_.add({std::move(pattern), std::move(view), "app", [](const liveview::Visitor& v) { return std::make_unique<Page>(v); }});
  }
  Viewer viewer() {
    Viewer out;
    out.source = &source_;
    out.customers = customers_;
    out.now = [this](const TopicPlan& plan) { return plan.compute(now_); };
    out.watch = [this](const TopicPlan& plan, std::string name) {
      watched_.insert_or_assign(name, plan);
      return Watch(plan.compute(now_), [this, name] { watched_.erase(name); });
    };
    out.status = status_;
    return out;
  }
  liveview::Visitor visitor() { return {"sid", signer_.csrf("sid"), "", "127.0.0.1", std::make_shared<Viewer>(viewer())}; }
  std::string get(std::string_view target) {
    *status_ = 200;
    const auto page = liveview::dead_render(router_, signer_, {target, visitor(), "x", now_, ""});
    return page ? page->html : page.error().message;
  }
  std::string join(std::string_view target, std::string_view view) {
    socket_ = std::make_unique<liveview::Socket>(endpoint_, visitor(), now_);
    const std::string session = liveview::sign_session(signer_, {"x", std::string(view), "app", signer_.sid_hash("sid"), "", now_});
    return say(fmt::format(R"(["4","4","lv:x","phx_join",{{"url":"http://h{}","params":{{"_mounts":0}},"session":"{}","flash":null}}])", target, session));
  }
  std::string say(const std::string& text) {
    socket_->on_message(text, now_);
    return drained();
  }
  std::string event(std::string_view type, std::string_view name, std::string_view value) {
    return say(fmt::format(R"(["4","8","lv:x","event",{{"type":"{}","event":"{}","value":{}}}])", type, name, value));
  }
  std::string drained() { return fmt::format("{}", fmt::join(socket_->drain(now_), "\n")); }
  // All topics computed anew and handed over, as the hub does.
  std::string tick() {
    const auto watched = watched_;
    for (const auto& [name, plan] : watched) socket_->inform(name, std::any(plan.compute(now_)), now_);
    return drained();
  }

  Instant now_ = from_micros(1'800'000'000'000'000);
  SampleSource source_{now_, 120};
  std::vector<std::string> customers_;
  std::shared_ptr<int> status_ = std::make_shared<int>(200);
  std::map<std::string, TopicPlan> watched_;
  liveview::Router router_;
  liveview::Signer signer_{std::string(32, 'k')};
  liveview::Endpoint endpoint_{router_, signer_};
  std::unique_ptr<liveview::Socket> socket_;
};

TEST_F(PagesTest, OverviewShowsTheFiguresOfTheQuestions) {
  const std::string html = get("/");
  EXPECT_THAT(html, HasSubstr("id=\"tile-calls_today\""));
  Question q;
  q.measures = {*parse_measure("success_rate"), *parse_measure("calls")};
  q.from = now_ - 1h, q.to = now_;
  q.limit = 10;
  const auto answer = source_.ask(q);
  const double rate = std::get<double>(answer->rows[0][0]);
  EXPECT_THAT(html, HasSubstr(fmt::format("value=\"{}\">{}</data>", rate, show_share(texts_of("en"), rate))));
  EXPECT_THAT(html, HasSubstr("moon-base-1 "));  // no place on the map: listed beside it
  EXPECT_THAT(html, Not(HasSubstr("style=")));   // the CSP would refuse it
  EXPECT_THAT(html, Not(HasSubstr(" loading\"")));
}

TEST_F(PagesTest, EveryTileHasADefinitionAndATable) {
  const std::string html = get("/");
  for (const std::string_view name : {"active_agents", "active_calls", "calls_today", "success_rate", "avg_resolution_ms", "p95_voice_latency_ms",
                                      "avg_sentiment", "spend_today_usd", "volume", "latency", "regions", "sentiment", "outcomes", "masked"}) {
    EXPECT_THAT(html, HasSubstr(fmt::format("id=\"def-{}\" class=\"def\" popover><p>{}", name, definition_of(name).text.substr(0, 20)))) << name;
    EXPECT_THAT(html, HasSubstr(fmt::format("id=\"table-{}\"", name))) << name;
  }
}

TEST_F(PagesTest, ComparedWithThePeriodBefore) {
  EXPECT_THAT(get("/"), AllOf(HasSubstr("role=\"switch\" aria-checked=\"false\" href=\"/?compare=1\""), Not(HasSubstr("class=\"against\""))));
  const std::string html = get("/costs?compare=1&range=15m");
  EXPECT_THAT(html, AllOf(HasSubstr("aria-checked=\"true\" href=\"/costs?range=15m\""), HasSubstr("href=\"/agents?range=15m&amp;compare=1\"")));
  Question q;
  q.measures = {*parse_measure("cost_usd")}, q.from = now_ - 15min, q.to = now_, q.limit = 10;
  const double spent = std::get<double>(source_.ask(q)->rows[0][0]);
  q.from -= 15min, q.to -= 15min;
  const double before = std::get<double>(source_.ask(q)->rows[0][0]);
  ASSERT_NE(spent, before);
  EXPECT_THAT(html, HasSubstr(fmt::format("{}{}</span> against <span class=\"num\">{}</span>", spent > before ? "+" : "−", show_usd(texts_of("en"), std::abs(spent - before)), show_usd(texts_of("en"), before))));
  EXPECT_THAT(get("/?compare=1"), HasSubstr("against"));
  EXPECT_THAT(join("/?compare=1", "overview"), AllOf(HasSubstr("Period before"), HasSubstr("p95 before")));
  EXPECT_THAT(get("/costs?compare=1&customer=nobody"), Not(HasSubstr("class=\"against\"")));  // nothing to compare is said as nothing
}

TEST_F(PagesTest, ARewoundPageIsThatOfItsMoment) {
  const auto rate_at = [&](Instant moment) {
    Question q;
    q.measures = {*parse_measure("success_rate")}, q.from = moment - 15min, q.to = moment, q.limit = 10;
    const double rate = std::get<double>(source_.ask(q)->rows[0][0]);
    return fmt::format("value=\"{}\">{}</data>", rate, show_share(texts_of("en"), rate));
  };
  source_.rows.calls[70].call_outcome = "failed", source_.rows.calls[71].call_outcome = "failed";  // at half of the time before
  const auto address_of = [&](Duration at, Duration since, int speed) {
    return fmt::format("/?range=15m&at={}&since={}&speed={}", format_rfc3339(now_ - at), format_rfc3339(now_ - since), speed);
  };
  ASSERT_NE(rate_at(now_ - 20min), rate_at(now_ - 10min));
  EXPECT_THAT(get(address_of(20min, 0s, 1)), HasSubstr(rate_at(now_ - 20min)));
  EXPECT_THAT(get(address_of(40min, 1min, 20)), AllOf(HasSubstr(rate_at(now_ - 20min)), HasSubstr("Rewound to <b class=\"num\">" + show_moment(now_ - 20min, zone_or_utc("UTC"), texts_of("en")))));
  const std::string standing = get(fmt::format("/?range=15m&at={}", format_rfc3339(now_ - 10min)));
  EXPECT_THAT(standing, AllOf(HasSubstr(rate_at(now_ - 10min)), HasSubstr("href=\"/?range=15m\" data-phx-link=\"patch\" data-phx-link-state=\"push\">Back to now"), HasSubstr("href=\"/costs?range=15m&amp;at="), HasSubstr("href=\"/calls?range=15m\"")));
  EXPECT_THAT(get(address_of(1min, 1h, 60)), HasSubstr(rate_at(now_)));  // it has caught up, and does not run ahead
  join("/", "overview");
  EXPECT_THAT(event("form", "rewind", R"("at=2027-01-15T07%3A30&speed=20")"), AllOf(HasSubstr("live_patch"), HasSubstr("at=2027-01-15T07%3A30"), HasSubstr("speed=20")));
  EXPECT_THAT(event("click", "rewind_speed", R"({"speed":"0"})"), AllOf(HasSubstr("at=2027-01-15T07%3A30"), Not(HasSubstr("since="))));
}

TEST_F(PagesTest, AZoomedRangeLeadsBack) {
  const std::string html = get("/conversations?range=24h&from=2027-01-15T06:00:00Z&to=2027-01-15T07:00:00Z");
  EXPECT_THAT(html, HasSubstr("id=\"reset-zoom\" href=\"/conversations?range=24h\""));
  EXPECT_THAT(get("/?range=24h"), Not(HasSubstr("id=\"reset-zoom\"")));
}

TEST_F(PagesTest, WhatWasMaskedIsCountedByClass) {
  const std::string html = get("/");
  EXPECT_THAT(html, AllOf(HasSubstr("phone <b class=\"num\">1\u202f204</b>"), HasSubstr("email <b class=\"num\">3</b>"), HasSubstr("since 18 Nov")));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("card <b")), HasSubstr("<th scope=\"row\">card</th>")));  // never found: in the table alone
  EXPECT_THAT(get("/?customer=globex"), HasSubstr("Nothing was found since 18 Nov"));
  EXPECT_THAT(get("/agents/agent-1"), Not(HasSubstr("tile-masked")));
}

TEST_F(PagesTest, NothingToShowSaysWhichFilterToWiden) {
  EXPECT_THAT(get("/?customer=nobody&range=5m"), HasSubstr("No calls of nobody in the last 5 m. Widen the range, or choose all customers."));
}

TEST_F(PagesTest, ARefusedQuestionBreaksTilesAndNotThePage) {
  source_.refusal = "the store is <away>";
  const std::string html = get("/");
  EXPECT_THAT(html, AllOf(HasSubstr(" broken\""), HasSubstr("the store is &lt;away&gt;"), HasSubstr("id=\"filters\"")));
  EXPECT_THAT(get("/calls"), HasSubstr("the store is &lt;away&gt;"));
}

TEST_F(PagesTest, ATickSendsComponentsOnly) {
  EXPECT_THAT(join("/", "overview"), HasSubstr("chart:chart-volume"));
  now_ += 300ms;
  const std::string out = tick();
  EXPECT_THAT(out, HasSubstr(R"("diff",{"c":{)"));
  EXPECT_THAT(out, Not(HasSubstr("chart:chart-volume")));  // whole charts travel once
  EXPECT_LT(out.size(), 4096u) << out;
}

TEST_F(PagesTest, ChartsSendOnlyTheRowsThatChanged) {
  join("/", "overview");
  source_.rows.calls[0].start = now_ - 1s;
  now_ += 10s;
  const std::string out = tick();
  EXPECT_THAT(out, HasSubstr("chart-data:chart-volume"));
  EXPECT_THAT(out, HasSubstr("\"append\":[[0,["));
}

TEST_F(PagesTest, TheVolumeHasABandWhereThereIsHistory) {
  EXPECT_THAT(get("/"), HasSubstr("n 120 · no forecast yet: 0 of 21 days of history"));
  const CallRow first = source_.rows.calls.back();
  for (int hour = 2; hour < 28 * 24 + 2; ++hour)
    for (int i = 0; i < (hour % 24 < 12 ? 12 : 60); ++i) {
      CallRow call = first;
      call.call_id = uuid_v5(fmt::format("old {} {}", hour, i)), call.start = floor_to(now_, 1h) - 1h * hour + 1s * i;
      source_.rows.calls.push_back(std::move(call));
    }
  const std::string html = get("/");
  EXPECT_THAT(html, AllOf(HasSubstr("90 % band from the 28 days before"), HasSubstr("<th scope=\"col\" class=\"num\">Expected at most</th>")));
  const std::string joined = join("/", "overview");
  EXPECT_THAT(joined, AllOf(HasSubstr("\"stack\":\"band\""), HasSubstr("\"data\":[\"Calls\",\"Expected\",\"90 % band\"]")));
  now_ += 1min;
  const std::string later = tick();
  EXPECT_THAT(later, AllOf(Not(HasSubstr("chart:chart-volume")), HasSubstr("chart-data:chart-volume")));  // it only moved on
  EXPECT_LT(later.size(), 8'000u);
}

TEST_F(PagesTest, FiltersTravelThroughTheAddress) {
  join("/", "overview");
  EXPECT_THAT(event("form", "filter", "\"customer=acme&region=eu-west-1&tz=Europe%2FBerlin&refresh=5s\""),
              HasSubstr(R"("live_patch",{"to":"/?tz=Europe%2FBerlin&refresh=5s&customer=acme&region=eu-west-1")"));
  const std::string html = get("/?tz=Europe%2FBerlin&refresh=5s&customer=acme&region=eu-west-1");
  EXPECT_THAT(html, AllOf(HasSubstr("<option value=\"acme\" selected>"), HasSubstr("<option value=\"Europe/Berlin\" selected>"), HasSubstr("<option value=\"5s\" selected>")));
  EXPECT_THAT(get("/?customer=acme"), HasSubstr("href=\"/?range=24h&amp;customer=acme\""));
  EXPECT_THAT(get("/?range=nonsense&tz=Mars&from=x&to=y"), HasSubstr("href=\"/\" data-phx-link=\"patch\" data-phx-link-state=\"push\" aria-current=\"true\">1 h"));
}

TEST_F(PagesTest, ACustomRangeIsOfTheChosenZone) {
  join("/?tz=Europe%2FBerlin", "overview");
  EXPECT_THAT(event("form", "filter", "\"from=2027-01-15T09%3A00&to=2027-01-15T10%3A00\""), HasSubstr("from=2027-01-15T08%3A00%3A00"));
  EXPECT_THAT(event("hook", "chart_range", R"({"id":"chart-volume","from":1800000000000,"to":1800000600000})"), HasSubstr("live_patch"));
  EXPECT_THAT(event("hook", "chart_range", R"({"from":5,"to":4})"), Not(HasSubstr("live_patch")));
}

TEST_F(PagesTest, PausedPagesStandStill) {
  join("/", "overview");
  EXPECT_THAT(event("hook", "toggle_live", "{}"), HasSubstr("Paused"));
  now_ += 300ms;
  EXPECT_EQ(tick(), "");
  EXPECT_THAT(event("hook", "toggle_live", "{}"), HasSubstr("\"c\":{"));  // and go on with the newest state
}

TEST_F(PagesTest, ABrowserThatCannotKeepUpGetsNoQueue) {
  join("/", "overview");
  int sent = 0;
  for (int i = 0; i < 20; ++i) now_ += 50ms, sent += tick().empty() ? 0 : 1;
  EXPECT_LE(sent, 2);
  EXPECT_THAT(event("hook", "ack", R"({"n":2})"), HasSubstr("\"at\":"));
  now_ += 50ms;
  EXPECT_NE(tick(), "");
}

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
  EXPECT_THAT(html, AllOf(HasSubstr("<tr><th scope=\"row\">Model</th><td class=\"num\">400 ms</td><td class=\"num\">400 ms</td></tr>"),
                          HasSubstr("<tr><th scope=\"row\">Text to speech</th><td class=\"num\">–</td>")));  // nobody reported it
  EXPECT_THAT(html, HasSubstr("No turns with a topic in the last 1 h."));
  EXPECT_THAT(html, HasSubstr("No ended calls with a state in the last 1 h."));
  EXPECT_THAT(get("/conversations?by=speaker"), AllOf(HasSubstr("2 speakers"), HasSubstr("href=\"/conversations?sort=turns&amp;by=speaker\"")));
  EXPECT_THAT(join("/conversations", "conversations"), AllOf(HasSubstr("chart:chart-moods"), HasSubstr("chart:chart-stages")));
  now_ += 1s;
  EXPECT_THAT(tick(), AllOf(Not(HasSubstr("chart:chart-")), Not(HasSubstr("chart-data:chart-stages"))));
}

TEST_F(PagesTest, SystemShowsTheCountersAndWhy) {
  SystemFigures& f = source_.figures;
  f.as_of = now_, f.since = now_ - 1h;
  f.total = {.offered = 1'300, .accepted = 1'204, .duplicates = 50, .rejected = 30, .shed = 16};
  f.ways = {{"events ndjson", {.offered = 1'300, .accepted = 1'204, .duplicates = 50, .rejected = 30, .shed = 16}, now_ - 3s}, {"statsd", {}, std::nullopt}};
  f.troubles = {{"rejected", "invalid_time <x>", 30}, {"shed", "memory", 16}};
  f.history = {{now_ - 10s, 204, 0, 0}, {now_ - 5s, 704, 0, 0}, {now_, 1'204, 50, 46}};
  f.durable = 1'204, f.folded = 1'200, f.applied = 1'000, f.store_lag_s = 2.5, f.spool_segments = 1;
  f.shards = {{.depth = 3, .behind = 4, .calls_in_flight = 7, .watermark_lag_s = 1.5}, {}};
  source_.machine_rows = {{.time = now_ - 30s, .customer = "", .region = "eu-west", .cpu_e4 = 715'000, .queue_depth = 2}};
  const std::string html = get("/system");
  EXPECT_THAT(html, AllOf(HasSubstr("value=\"100\">100</data>"), HasSubstr("value=\"204\">204</data>"), HasSubstr("value=\"2500\">2.5 s</data>")));  // a second; backlog; lag
  EXPECT_THAT(html, AllOf(HasSubstr("events ndjson</th><td class=\"num\">1\u202f300</td><td class=\"num\">1\u202f204</td>"), HasSubstr("3.0 s ago"), HasSubstr("not since the start")));
  EXPECT_THAT(html, AllOf(HasSubstr("invalid_time &lt;x&gt;"), HasSubstr("Every event id since the log began is remembered."), HasSubstr("1\u202f200 (4 behind)")));
  EXPECT_THAT(html, AllOf(HasSubstr("<td class=\"num\">1.5 s</td>"), HasSubstr("<td class=\"num\">–</td>"), HasSubstr("71.5 %"), Not(HasSubstr("style="))));  // the second shard has seen nothing
  EXPECT_THAT(join("/system", "system"), HasSubstr("chart:chart-ingest"));
  f.as_of = now_ += 1s;
  f.history.push_back({now_, 1'304, 50, 46});
  EXPECT_THAT(tick(), AllOf(HasSubstr("chart-data:chart-ingest"), HasSubstr("[[1800000001000,100]]")));
  source_.refusal = "the store is <away>";
  EXPECT_THAT(get("/system"), AllOf(HasSubstr("the store is &lt;away&gt;"), HasSubstr("events ndjson")));  // one table breaks, not the page
}

TEST_F(PagesTest, OneCustomersSystemPageSaysNothingOfTheMachine) {
  source_.figures.ways = {{"events ndjson", {.offered = 9}, now_}};
  source_.figures.durable = 4'711;
  customers_ = {"globex"};
  const std::string html = get("/system");
  EXPECT_THAT(html, AllOf(HasSubstr("shown to those who may see all customers"), HasSubstr("Ways in"), Not(HasSubstr("events ndjson")), Not(HasSubstr("4\u202f711")), Not(HasSubstr("tile-shards"))));
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
  EXPECT_THAT(html, AllOf(HasSubstr("+100.0 pt [+"), HasSubstr("Prompt 7&lt;b&gt;"), HasSubstr("No knowledge graph was told of yet."), HasSubstr("No patterns in the last 1 h.")));
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
  const std::string map = cost_map_data(state, texts_of("en"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"a","value":1,"itemStyle":{"color":"$heat-0"},"label":{"color":"$on-heat-0"}})"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"b","value":2,"itemStyle":{"color":"$heat-4"})"));
  EXPECT_THAT(map, HasSubstr(R"({"name":"eu","value":3,"itemStyle":{"color":"$heat-3"})"));  // (10 × 0.6 + 30 × 0.8) / 40 = 0.75
  EXPECT_THAT(map, HasSubstr(R"({"name":"Not known","value":4,"itemStyle":{"color":"$sunken"})"));
  EXPECT_EQ(efficiency_words(state, texts_of("en")), "efficiency 60.0 % faint, 80.0 % strong");
}

TEST_F(PagesTest, CallsFilterAndTurnPages) {
  EXPECT_THAT(get("/calls?state=active"), AllOf(HasSubstr("3 calls on this page"), HasSubstr("class=\"live\"")));
  EXPECT_THAT(get("/calls?outcome=failed&customer=acme"), AllOf(Not(HasSubstr("Successful</span>")), HasSubstr("Failed</span>")));
  EXPECT_THAT(get("/calls"), HasSubstr("href=\"/calls?cursor=50\""));
  EXPECT_THAT(get("/calls?agent=none"), HasSubstr("Filters above the table are in force."));
}

TEST_F(PagesTest, OneCall) {
  const std::string html = get("/calls/" + to_string(source_.rows.calls[5].call_id));
  EXPECT_EQ(*status_, 200);
  EXPECT_THAT(html, AllOf(HasSubstr("My bill is &lt;wrong&gt; again"), HasSubstr("turn agent interrupted"), HasSubstr("class=\"stage llm\""), Not(HasSubstr("style="))));
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

TEST_F(PagesTest, LeavingEndsEveryWatch) {
  join("/", "overview");
  EXPECT_EQ(watched_.size(), 7u);
  socket_.reset();
  EXPECT_TRUE(watched_.empty());
}

}  // namespace
}  // namespace aybiza::dashboard
