// The System page over a Source in memory.
#include <gmock/gmock.h>

#include "dashboard/pages_fixture.h"

namespace aybiza::dashboard {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

TEST_F(PagesTest, SystemSaysHowLongEventsWaitForPages) {
  source_.figures.as_of = now_;
  EXPECT_THAT(get("/system"), HasSubstr("Nobody has watched live figures since the start."));
  ToScreen& written = source_.figures.screen[ScreenLatency::written];
  for (int i = 0; i < 100; ++i) written.lately.add(i < 95 ? 12ms : 150ms, 10);
  written.all = written.lately;
  written.all.add(2min, 1'000);
  EXPECT_THAT(get("/system"), HasSubstr("written to the socket</th><td class=\"num\">≤ 12.5 ms</td><td class=\"num\">≤ 12.5 ms</td><td class=\"num\">≤ 160 ms</td><td class=\"num\">1\u202f000</td><td class=\"num\">&gt; "));
  EXPECT_THAT(get("/system"), HasSubstr("drawn by the browser</th><td class=\"num\">–</td>"));
  customers_ = {"globex"};
  EXPECT_THAT(get("/system"), Not(HasSubstr("written to the socket")));
}

TEST_F(PagesTest, SystemListsWhatIsHeldAndByWhichModels) {
  source_.inventory_.retained.passes = 2;
  source_.inventory_.models = {{.what = "topic_model", .name = "", .version = "", .since = "", .trouble = ""}};
  EXPECT_THAT(get("/system"), AllOf(HasSubstr("No rule: everything is kept for good."), HasSubstr("not trained yet"), Not(HasSubstr("rows deleted"))));
  source_.inventory_.dimensions = {{.dimension = "region", .values = 4, .series = 9, .fullest = 3, .bound = 20'000, .customer = "acme <x>"},
                                   {.dimension = "agent_id", .values = std::nullopt, .series = 30'000, .fullest = 15'000, .bound = 20'000, .customer = "globex", .folded = 7}};
  source_.inventory_.retained = {.rules = {{"turns", 90, false}, {"calls", 400, true}}, .passes = 2, .rows_deleted = 1'204, .error = ""};
  source_.inventory_.models = {{.what = "lexicon", .name = "built-in", .version = "00ff00ff00ff00ff", .since = "", .trouble = ""},
                               {.what = "topic_model", .name = "", .version = "lsa1-00aa", .entries = 900, .since = "2026-11-22T09:00:00Z", .trouble = ""},
                               {.what = "price_book", .name = "prices.tsv", .version = "1234", .entries = 55, .since = "", .trouble = "line 3: <no> price"}};
  const std::string html = get("/system");
  EXPECT_LT(html.find("globex: 15\u202f000 of 20\u202f000 · 75.0 %"), html.find("acme &lt;x&gt;: 3 of 20\u202f000"));  // the nearest to its bound first
  EXPECT_THAT(html, AllOf(HasSubstr("too many to tell apart"), HasSubstr("<th scope=\"row\">turns</th><td class=\"num\">90</td><td class=\"text\">deleted</td>"), HasSubstr("moved into files"), HasSubstr("1\u202f204 rows deleted, 0 moved")));
  EXPECT_THAT(html, AllOf(HasSubstr("00ff00ff00ff00ff"), HasSubstr("trained 2026-11-22"), HasSubstr("prices.tsv, newer one refused: line 3: &lt;no&gt; price"), Not(HasSubstr("style="))));
  customers_ = {"globex"};
  EXPECT_THAT(get("/system"), AllOf(Not(HasSubstr("tile-cardinality")), Not(HasSubstr("00ff00ff00ff00ff")), Not(HasSubstr("tile-retention"))));
}

TEST_F(PagesTest, WhoMayComeInIsShownToAdminsOfAllCustomersOnly) {
  source_.admission_.list = {{.name = "eve <e>", .kind = "user", .rights = "analyst", .customer = "*", .state = "active", .id = "u1", .created = now_ - 24h, .last_used = now_ - 5min, .expires = {}},
                             {.name = "", .kind = "key", .rights = "ingest", .customer = "acme", .state = "active", .id = "k1", .created = now_ - 24h, .last_used = {}, .expires = now_ + 24h}};
  EXPECT_THAT(get("/system"), Not(HasSubstr("tile-admission")));
  admin_ = true;
  EXPECT_THAT(get("/system"), AllOf(HasSubstr("eve &lt;e&gt;"), HasSubstr("analyst"), HasSubstr("without a name"), HasSubstr("not since the start"), HasSubstr("active, until ")));
  customers_ = {"acme"};
  admin_ = false;
  EXPECT_THAT(get("/system"), AllOf(Not(HasSubstr("eve &lt;")), Not(HasSubstr("tile-admission"))));
}

}  // namespace
}  // namespace aybiza::dashboard
