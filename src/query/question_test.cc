#include "query/question.h"

#include <gtest/gtest.h>

#include <random>

#include "query/concurrency.h"
#include "query/grid.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
const Instant now = *parse_rfc3339("2026-11-21T09:30:15Z");

Answered<Question> ask(std::string_view text) { return parse_question(parse_query_string(text), now); }

void refused(std::string_view text, std::string_view parameter) {
  const auto question = ask(text);
  ASSERT_FALSE(question) << text;
  EXPECT_EQ(question.error().parameter, parameter) << text;
  EXPECT_FALSE(question.error().message.empty());
}

TEST(Question, DefaultsToTheLastHour) {
  const auto q = ask("select=calls,p95_voice_latency_ms&by=region");
  ASSERT_TRUE(q);
  EXPECT_EQ(q->from, now - 1h);
  EXPECT_EQ(q->to, now);
  EXPECT_EQ(columns(*q), (std::vector<std::string>{"region", "calls", "p95_voice_latency_ms"}));
}

TEST(Question, WindowsAndTimes) {
  EXPECT_EQ(ask("select=calls&window=today")->from, *parse_rfc3339("2026-11-21T00:00:00Z"));
  EXPECT_EQ(ask("select=calls&window=today&tz=Asia/Tokyo")->from, *parse_rfc3339("2026-11-20T15:00:00Z"));
  EXPECT_EQ(ask("select=calls&window=15m")->from, now - 15min);
  EXPECT_EQ(ask("select=calls&from=2026-11-21T10:00:00%2B01:00")->from, *parse_rfc3339("2026-11-21T09:00:00Z"));
  EXPECT_EQ(ask("select=calls&from=2026-11-21T10:00:00+01:00")->from, *parse_rfc3339("2026-11-21T09:00:00Z"));
}

TEST(Question, FiltersSplitOnceAndEscape) {
  const auto q = ask("select=calls&where=!region:us-east|eu%5C%7Cwest|&where=agent_id:a:b");
  ASSERT_TRUE(q);
  EXPECT_TRUE(q->where[0].negated);
  EXPECT_EQ(q->where[0].values, (std::vector<std::string>{"us-east", "eu|west"}));
  EXPECT_TRUE(q->where[0].with_null);
  EXPECT_EQ(q->where[1].values, (std::vector<std::string>{"a:b"}));
  EXPECT_FALSE(q->where[0].keeps(std::nullopt));
  EXPECT_FALSE(q->where[0].keeps("us-east"));
  EXPECT_TRUE(q->where[0].keeps("ap"));
  EXPECT_TRUE((Filter{{Dimension::region, ""}, true, {"x"}, false}.keeps(std::nullopt)));  // !x keeps nulls
}

TEST(Question, NamesTheWordThatWasNotUnderstood) {
  refused("", "select");
  refused("select=callz", "select");
  refused("select=calls&by=planet", "by");
  refused("select=calls&by=region,region", "by");
  refused("select=calls&where=region", "where");
  refused("select=calls&from=yesterday", "from");
  refused("select=calls&from=2026-11-21T10:00:00Z", "from");  // after now
  refused("select=calls&step=fast", "step");
  refused("select=calls&window=1y", "window");
  refused("select=calls&limit=0", "limit");
  refused("select=calls&limit=100001", "limit");
  refused("select=calls&order=turns", "order");
  refused("select=calls&source=cloud", "source");
  refused("select=calls&tz=Mars/Base", "tz");
  refused("select=calls&colour=red", "colour");
  refused("select=calls&by=topic", "by");            // a call has no topic
  refused("select=calls&where=speaker:agent", "by");
  refused("select=calls&by=tag.x", "by");
  refused("select=ma_calls", "select");              // needs a step
  EXPECT_TRUE(ask("select=turns&by=topic"));
  EXPECT_TRUE(ask("select=metric:queue:avg&by=tag.zone"));
}

TEST(Grid, TilesTheRange) {
  const auto check = [](std::string_view text, std::size_t size, std::string_view first, std::string_view end) {
    const auto q = ask(text);
    ASSERT_TRUE(q) << text;
    const auto grid = Grid::of(*q, *Zone::load(q->zone));
    ASSERT_TRUE(grid) << text;
    EXPECT_EQ(grid->size(), size) << text;
    EXPECT_EQ(format_rfc3339(grid->start(0)), first) << text;
    EXPECT_EQ(format_rfc3339(grid->end(grid->size() - 1)), end) << text;
    EXPECT_EQ(grid->find(q->from), 0u);
    EXPECT_EQ(grid->find(q->to - 1us), grid->size() - 1);
    EXPECT_EQ(grid->find(q->to), std::nullopt);
    EXPECT_EQ(grid->find(q->from - 1us), std::nullopt);
  };
  check("select=calls&window=5m&step=1m", 6, "2026-11-21T09:25:00.000Z", "2026-11-21T09:31:00.000Z");
  check("select=calls&window=1h", 1, "2026-11-21T08:30:15.000Z", "2026-11-21T09:30:15.000Z");
  // Berlin left summer time on 2026-10-25: that day has 25 hours, and midnights are not 24 h apart.
  check("select=calls&tz=Europe/Berlin&step=1d&from=2026-10-24T12:00:00Z&to=2026-10-27T12:00:00Z", 4,
        "2026-10-23T22:00:00.000Z", "2026-10-27T23:00:00.000Z");
  check("select=calls&tz=Asia/Kolkata&step=1h&from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z", 2,
        "2026-11-20T23:30:00.000Z", "2026-11-21T01:30:00.000Z");
}

TEST(Grid, BoundsTheNumberOfBuckets) {
  const auto q = ask("select=calls&step=1s&window=30d");
  ASSERT_TRUE(q);
  const auto grid = Grid::of(*q, *Zone::load("UTC"));
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.error().parameter, "step");
}

TEST(Concurrency, CountsWhoIsThereAtOnce) {
  const auto q = ask("select=active_calls&from=2026-11-21T09:00:00Z&to=2026-11-21T09:02:00Z&step=1m");
  const auto grid = *Grid::of(*q, *Zone::load("UTC"));
  const Instant t = q->from;
  const Id a = uuid_v5("a"), b = uuid_v5("b");
  const auto buckets = occupancy(grid,
                                 {{t - 1h, t + 10s, a},      // still there when the range begins
                                  {t + 10s, t + 20s, a},     // begins where the first ends: never two at once
                                  {t + 15s, t + 70s, b},     // reaches into the second minute
                                  {t + 90s, t + 90s, b},     // no length: counts for an instant
                                  {t + 120s, t + 180s, a}},  // outside
                                 {{b, t - 1h, false, 2}, {b, t + 60s, true, 0}});
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].most_at_once, 2);
  EXPECT_EQ(buckets[0].agents, 2);
  EXPECT_DOUBLE_EQ(buckets[0].busy_seconds, 10 + 10 + 45);
  EXPECT_DOUBLE_EQ(buckets[0].offered_seconds, 60 + 2 * 60);  // a was never heard of: 1; b has capacity 2
  EXPECT_EQ(buckets[1].most_at_once, 1);
  EXPECT_DOUBLE_EQ(buckets[1].offered_seconds, 0);
}

// Calls that reach over every bucket are told by their number and their agents: the same figures as call by call.
TEST(Concurrency, CallsThatReachOverEverythingMayBeTold) {
  const auto q = ask("select=active_calls&from=2026-11-21T09:00:00Z&to=2026-11-21T09:05:00Z&step=1m");
  const auto grid = *Grid::of(*q, *Zone::load("UTC"));
  std::mt19937_64 random(3);
  const auto number = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  for (int round = 0; round < 50; ++round) {
    std::vector<Interval> all, some;
    CallsThrough through;
    for (int i = 0; i < 200; ++i) {
      const Instant start = q->from + Duration(number(-400, 300) * 1'000'000), end = start + Duration(number(0, 900) * 1'000'000);
      const Interval one{.start = start, .end = end, .agent = uuid_v5(std::to_string(number(0, 80))), .weight = number(0, 50) == 0 ? 10 : 1};
      all.push_back(one);
      if (start > q->from || end < q->to) {
        some.push_back(one);
        continue;
      }
      through.calls += one.weight;
      through.estimate |= one.weight > 1;
      through.agents.push_back(one.agent);
    }
    std::vector<StatusChange> statuses;
    for (int i = 0; i < 30; ++i) statuses.push_back({uuid_v5(std::to_string(i)), q->from + Duration(i * 7'000'000), i % 3 == 0, i % 4});
    ASSERT_FALSE(through.agents.empty());
    const auto wanted = occupancy(grid, all, statuses), found = occupancy(grid, some, statuses, through);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ(found[i].most_at_once, wanted[i].most_at_once);
      EXPECT_EQ(found[i].agents, wanted[i].agents);
      EXPECT_EQ(found[i].estimate, wanted[i].estimate);
      EXPECT_DOUBLE_EQ(found[i].busy_seconds, wanted[i].busy_seconds);
      EXPECT_DOUBLE_EQ(found[i].offered_seconds, wanted[i].offered_seconds);
    }
  }
}

TEST(Concurrency, ACallIsAtWorkForEightDaysAtMost) {
  const auto q = ask("select=active_calls,active_agents&from=2026-11-21T09:00:00Z&to=2026-11-21T09:02:00Z");
  const auto grid = *Grid::of(*q, *Zone::load("UTC"));
  const Instant t = q->from;
  Cells cells;
  Estimates estimates;
  add_occupancy(*q, grid, {{{}, {.intervals = {{t - 8 * 24h - 1us, t + 1h, uuid_v5("a")}, {t - 8 * 24h, t + 1h, uuid_v5("b")}}, .through = {}}}}, {}, cells, estimates);
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(std::get<double>(cells.begin()->second[0]), 1);
  EXPECT_EQ(std::get<double>(cells.begin()->second[1]), 1);
}

}  // namespace
}  // namespace aybiza
