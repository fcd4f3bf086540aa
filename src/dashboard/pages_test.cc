// The pages over a Source in memory: what the Overview shows, how its address carries the filters, what travels when a figure changes.
#include <gmock/gmock.h>

#include "dashboard/pages_fixture.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

// A figure's line over an unknown time would be a figure that nobody told.
TEST(SparkPath, WhatIsUnknownForLongIsAGap) {
  const auto known = [](std::initializer_list<std::pair<int, int>> spans) {
    std::vector<std::optional<double>> values(26);  // 4 of the width of 100 apart
    for (const auto& [from, to] : spans)
      for (int i = from; i < to; ++i) values[std::size_t(i)] = 1;
    return values;
  };
  const auto lines = [](const std::string& path) { return std::ranges::count(path, 'M'); };
  EXPECT_EQ(lines(spark_path(known({{0, 26}}))), 1);
  EXPECT_EQ(lines(spark_path(known({{0, 10}, {12, 26}}))), 1);  // some seldom minutes: bridged
  EXPECT_EQ(lines(spark_path(known({{0, 10}, {14, 26}}))), 2);
  EXPECT_THAT(spark_path(known({{0, 26}})), testing::StartsWith("M-2 26"));
  EXPECT_THAT(spark_path(known({{20, 26}})), AllOf(testing::StartsWith("M80 26L80 "), testing::EndsWith("L102 2L102 26")));  // it begins where something was told
  EXPECT_THAT(spark_path(known({{0, 9}})), testing::EndsWith("L32 2L32 26"));
  EXPECT_EQ(lines(spark_path({1, 2, 3})), 1);  // few points lie far apart
  EXPECT_EQ(spark_path(known({{3, 4}})), "");
}

TEST_F(PagesTest, AnEmptyServerSaysHowToSendUntilTheFirstEvent) {
  source_.rows = {};
  EXPECT_THAT(get("/"), AllOf(HasSubstr("id=\"first-steps\""), HasSubstr("&quot;type&quot;:&quot;call.started&quot;"), HasSubstr("Bearer KEY"), HasSubstr("No known cost today."), Not(HasSubstr("[["))));
  EXPECT_THAT(get("/?range=5m"), HasSubstr("in the last 5\u00a0m. Widen the range."));
  source_.folded_offset = 1;
  EXPECT_THAT(get("/"), Not(HasSubstr("first-steps")));
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
  EXPECT_THAT(get("/?customer=nobody&range=5m"), HasSubstr("No calls of nobody in the last 5\u00a0m. Widen the range, or choose all customers."));
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

// The test is the transport: what drain() gave has left when it says so.
TEST_F(PagesTest, HowLongEventsWaitForAPageIsMeasured) {
  ScreenLatency latency;
  screen_ = std::make_shared<OnScreen>(latency);
  const auto waits = [&](ScreenLatency::Stage stage) { return latency.waits(stage); };
  latency.took(0, 10, now_ - 1min);
  source_.folded_offset = 10;
  join("/", "overview");
  screen_->left(now_);
  const auto told = [&](std::uint64_t to) {  // an event comes, is folded after 10 ms, and written after 20 more
    latency.took(source_.folded_offset, to, now_);
    now_ += 10ms, source_.folded_offset = to;
    tick();
    now_ += 20ms, screen_->left(now_);
  };
  told(13);
  EXPECT_EQ(waits(ScreenLatency::written).count(), 3u);
  EXPECT_EQ(waits(ScreenLatency::written).sum_us, 3u * 30'000);
  now_ += 5ms;
  event("hook", "ack", R"({"n":1})");
  EXPECT_EQ(waits(ScreenLatency::drawn).count(), 3u);
  EXPECT_EQ(waits(ScreenLatency::drawn).sum_us, 3u * 35'000);
  event("click", "toggle_live", "{}");
  told(14);  // of a page that stands still nobody waits for anything
  now_ += 1h;
  event("click", "toggle_live", "{}");
  screen_->left(now_);
  EXPECT_EQ(waits(ScreenLatency::written).count(), 3u);
  told(15);
  EXPECT_EQ(waits(ScreenLatency::written).count(), 4u);
  event("hook", "hidden", R"({"hidden":true})");
  told(16);
  EXPECT_EQ(waits(ScreenLatency::written).count(), 4u);
  now_ += 1s;
  join(fmt::format("/?at={}", format_rfc3339(now_ - 10min)), "overview");
  told(17), told(18);  // another time's figures
  EXPECT_EQ(waits(ScreenLatency::written).count(), 4u);
}

// Behind a dozen closed buttons stands nothing; what is opened moves with its picture.
TEST_F(PagesTest, ATableIsSentWhileItIsOpen) {
  const Definition& volume = definition_of(texts_of("en"), "volume");
  const std::string caption = fmt::format("<caption class=\"sr\">{}</caption>", volume.title), part = fmt::format("\"{}\":{{", number_of_table(volume));
  EXPECT_THAT(get("/"), HasSubstr(caption));  // without scripts nothing could open it
  EXPECT_THAT(join("/", "overview"), AllOf(HasSubstr("as-table"), Not(HasSubstr(part))));
  const auto turn = [&](std::string_view name, bool open) { return event("hook", "table", fmt::format(R"({{"name":"{}","open":{}}})", name, open)); };
  EXPECT_THAT(turn("volume", true), AllOf(HasSubstr(part), HasSubstr(volume.title), HasSubstr(R"(data-give=\"csv\")")));
  now_ += 1min;
  EXPECT_THAT(tick(), HasSubstr(part));
  EXPECT_THAT(turn("volume", false), Not(HasSubstr(part)));
  now_ += 1min;
  EXPECT_THAT(tick(), Not(HasSubstr(part)));
  for (int i = 0; i < 200; ++i) now_ += 1s, turn(fmt::format("n{}", i), true);  // of names that nobody knows some are kept, and none does harm
  EXPECT_THAT(turn(std::string(5000, 'x'), true), HasSubstr("phx_reply"));
}

TEST_F(PagesTest, LeavingEndsEveryWatch) {
  join("/", "overview");
  EXPECT_EQ(watched_.size(), 7u);
  socket_.reset();
  EXPECT_TRUE(watched_.empty());
}

}  // namespace
}  // namespace aybiza::dashboard
