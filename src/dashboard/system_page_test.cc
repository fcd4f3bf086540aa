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

}  // namespace
}  // namespace aybiza::dashboard
