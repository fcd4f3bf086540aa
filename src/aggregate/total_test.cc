// The total has panes of its own: they say what the regions say together, at any moment, and after a restart.
#include <gtest/gtest.h>

#include "aggregate/random_events.h"
#include "aggregate/series.h"
#include "aggregate/shard.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Stream;

// Every figure of a tally but extremes, which only bound once one was taken back.
std::string figures(const Tally& tally) {
  std::string out;
  for (const std::string_view word : {"calls", "successful_calls", "resolved_calls", "escalated_calls", "intervened_calls", "errors", "error_rate", "rated_calls",
                                      "avg_satisfaction", "cost_per_call", "quality_score", "efficiency_score", "turns", "interruptions", "avg_sentiment",
                                      "sentiment_confidence", "cost_usd", "tokens", "input_tokens", "p50_duration_ms", "p95_voice_latency_ms", "avg_cost_usd",
                                      "p99_response_time_ms", "p90_llm_latency_ms", "avg_tts_latency_ms", "p50_stt_latency_ms"}) {
    const auto value = value_of(*parse_measure(word), tally);
    out += value ? fmt::format("{} {}\n", word, *value) : fmt::format("{} -\n", word);
  }
  return out;
}

Tally sum_of(const LivePartial& answer) {
  Tally sum;
  for (const auto& [key, tally] : answer.cells) sum.merge(tally);
  return sum;
}

void check_total(const Shard& shard, Instant from, Instant to, const std::string& where) {
  const LiveQuestion total{.by = {}, .where = {}, .edges = {from, to}}, parts{.by = {Dimension::region}, .where = {}, .edges = {from, to}};
  EXPECT_EQ(figures(sum_of(shard.ask(total, to))), figures(sum_of(shard.ask(parts, to)))) << where;
}

TEST(Total, is_the_sum_of_the_regions_at_any_moment) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    Stream stream(seed);
    const Stream::Shape shape{.calls = 60};
    const auto arrivals = stream.calls(shape);
    Shard shard;
    const Instant hour = floor_to(shape.begin, 1h);
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
      if (i % 64 == 0) shard.advance(arrivals[i].received);
      if (i % 97 != 0) continue;
      const std::string where = fmt::format("seed {} event {}", seed, i);
      check_total(shard, hour, hour + 3h, where);
      check_total(shard, floor_to(arrivals[i].event.time, 1min) - 7min, floor_to(arrivals[i].event.time, 1min) + 1min, where);
      check_total(shard, arrivals[i].event.time - 61s, arrivals[i].event.time, where);  // nothing is aligned
    }
    shard.advance(arrivals.back().received + 26h);  // minutes become hours
    check_total(shard, hour - 1h, hour + 6h, "later");
  }
}

// Agents' minutes become parts of an hour ten at a time: whatever is asked, at whatever minute, they are what the regions are.
TEST(Agents, are_as_much_as_the_regions_while_their_minutes_leave) {
  for (const unsigned seed : {7u, 8u}) {
    Stream stream(seed);
    const Stream::Shape shape{.calls = 120};
    const auto arrivals = stream.calls(shape);
    Shard shard;
    Instant newest{}, asked{};
    std::size_t partial = 0;
    const auto check = [&](Instant from, Instant to) {
      const LiveQuestion agents{.by = {Dimension::agent_id}, .where = {}, .edges = {from, to}}, regions{.by = {Dimension::region}, .where = {}, .edges = {from, to}};
      ASSERT_TRUE(shard.covers(agents, newest).covered);
      EXPECT_EQ(figures(sum_of(shard.ask(agents, to))), figures(sum_of(shard.ask(regions, to)))) << seed << ' ' << to_micros(from) << ' ' << to_micros(to);
    };
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
      newest = std::max(newest, arrivals[i].event.time);
      if (floor_to(newest, 3min) == asked) continue;
      asked = floor_to(newest, 3min);
      shard.advance(arrivals[i].received);
      const Instant floor = floors_of(Axis::agent_id, newest).minute, hour = floor_to(floor, 1h);
      partial += floor != hour;
      for (const Instant from : {hour - 1h, hour, hour + 5min, floor - 1min, floor, floor + 7min})
        for (const Instant to : {hour, floor, floor + 3min, hour + 1h, newest + 1us, newest + 2h})
          if (from < to) check(from, to);
      check(newest - 47min - 3s, newest - 1min);
    }
    EXPECT_GT(partial, 10u);
    Shard again;
    ASSERT_TRUE(again.restore(shard.snapshot()));
    EXPECT_EQ(again.canonical_dump(), shard.canonical_dump());
  }
}

TEST(Total, is_the_same_after_a_restart_and_goes_on) {
  Stream stream(5);
  const Stream::Shape shape{.calls = 50};
  const auto arrivals = stream.calls(shape);
  Shard shard;
  for (std::size_t i = 0; i < arrivals.size() / 2; ++i) shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
  Shard again;
  ASSERT_TRUE(again.restore(shard.snapshot()));
  const Instant hour = floor_to(shape.begin, 1h);
  check_total(again, hour - 1h, hour + 6h, "restored");
  for (std::size_t i = arrivals.size() / 2; i < arrivals.size(); ++i) again.apply(arrivals[i].event, i + 1, arrivals[i].received);
  again.advance(arrivals.back().received + 2h);
  check_total(again, hour - 1h, hour + 6h, "and later");
  check_total(again, hour, hour + 90min, "and later");
}

std::vector<std::string> told(const std::vector<CallInterval>& intervals) {
  std::vector<std::string> out;
  for (const CallInterval& one : intervals)
    out.push_back(fmt::format("{} {} {} {} {} {}", to_string(one.call), to_string(one.agent), to_micros(one.start), to_micros(one.end), one.weight,
                              one.group.empty() ? "" : one.group[0].value_or("-")));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> told(const std::map<LiveGroup, CallsThrough>& through) {
  std::vector<std::string> out;
  for (const auto& [group, calls] : through) {
    std::vector<Id> agents = calls.agents;
    std::ranges::sort(agents);
    agents.erase(std::unique(agents.begin(), agents.end()), agents.end());
    if (calls.calls > 0) out.push_back(fmt::format("{} {}", group.empty() ? "" : group[0].value_or("-"), calls.calls));
    for (const Id& agent : agents) out.push_back(to_string(agent));
  }
  return out;
}

// Calls at work: those that reach over all that is asked are told by their number, the others one by one. All together, or by
// group, or each by itself with a look at where it lies: the same.
TEST(Total, calls_at_work_are_each_once) {
  Stream stream(11);
  const Stream::Shape shape{.calls = 60};
  const auto arrivals = stream.calls(shape);
  Shard shard;
  std::int64_t through = 0, apart = 0;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
    if (i % 7 != 0) continue;
    const Instant now = arrivals[i].received;
    for (const Duration length : {Duration(1s), Duration(20s), Duration(5min)}) {
      const LiveQuestion everything{.by = {}, .where = {}, .edges = {Instant(1us), now}, .calls = false, .turns = false, .usage = false, .intervals = true};
      LiveQuestion all = everything, grouped = everything;
      all.edges = grouped.edges = {now - length, now};
      grouped.by = {Dimension::region};
      const LivePartial one_by_one = shard.ask(everything, now), together = shard.ask(all, now), groups = shard.ask(grouped, now);
      EXPECT_EQ(one_by_one.through.contains(LiveGroup()) ? one_by_one.through.at(LiveGroup()).calls : 0, 0);
      LivePartial wanted;
      for (const CallInterval& call : one_by_one.intervals) {
        if (call.start >= now || std::max(call.end, call.start + Duration(1)) <= now - length || call.start < now - length - at_work_at_most) continue;
        if (call.start > now - length || call.end < now) {
          wanted.intervals.push_back(call);
          continue;
        }
        wanted.through[LiveGroup()].calls += call.weight;
        wanted.through[LiveGroup()].agents.push_back(call.agent);
      }
      ASSERT_EQ(told(together.intervals), told(wanted.intervals)) << "event " << i;
      ASSERT_EQ(told(together.through), told(wanted.through)) << "event " << i;
      LivePartial sum;
      for (const auto& [group, calls] : groups.through) {
        CallsThrough copy = calls;
        LivePartial part;
        part.through[LiveGroup()] = std::move(copy);
        sum.merge(std::move(part));
      }
      ASSERT_EQ(told(sum.through), told(wanted.through)) << "event " << i;
      ASSERT_EQ(groups.intervals.size(), wanted.intervals.size());
      for (const auto& [group, calls] : together.through) through += calls.calls;
      apart += std::int64_t(together.intervals.size());
    }
  }
  EXPECT_GT(through, 1000);
  EXPECT_GT(apart, 300);
}

// Calls in flight by their sums, and all of them together, say what they say turn by turn, whether one asks seldom or often.
TEST(Total, sums_of_calls_in_flight_are_their_turns) {
  Stream stream(6);
  const Stream::Shape shape{.calls = 40};
  const auto arrivals = stream.calls(shape);
  Shard shard;
  const Instant hour = floor_to(shape.begin, 1h);
  std::int64_t in_flight = 0;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
    if (i % (i < arrivals.size() / 2 ? 53 : 3) != 0) continue;
    const Instant late = floor_to(arrivals[i].event.time, 1min);
    for (const auto& edges : {std::vector{hour, hour + 6h}, std::vector{hour, hour + 1h, hour + 2h}, std::vector{hour + 17min + 3us, hour + 59min + 1us},
                              std::vector{late - 5min, late + 20s}, std::vector{late - 2min, late, late, late + 1min}}) {
      const LiveFilter some{.dimension = Dimension::customer_id, .negated = true, .values = {"customer-1"}}, north{.dimension = Dimension::region, .values = {"eu-west"}},
                       solved{.dimension = Dimension::resolution_status, .values = {"resolved"}, .with_null = true};
      for (LiveQuestion detailed : {LiveQuestion{.by = {}, .where = {}, .edges = edges}, LiveQuestion{.by = {Dimension::region}, .where = {}, .edges = edges},
                                    LiveQuestion{.by = {Dimension::agent_id}, .where = {some}, .edges = edges}, LiveQuestion{.by = {}, .where = {north, some}, .edges = edges},
                                    LiveQuestion{.by = {}, .where = {solved}, .edges = edges},
                                    LiveQuestion{.by = {Dimension::customer_id}, .where = {}, .edges = edges, .calls = false, .usage = false}}) {
        detailed.intervals = i % 2 == 0;
        const auto whole = shard.ask(detailed, hour + 5h);
        in_flight += whole.calls_in_flight;
        LiveQuestion summed = detailed;
        summed.turn_detail = summed.usage_detail = false;
        LiveQuestion together = summed;
        together.extremes = false;
        for (const auto& question : {summed, together}) {
          const auto quick = shard.ask(question, hour + 5h);
          ASSERT_EQ(whole.cells.size(), quick.cells.size());
          ASSERT_EQ(whole.calls_in_flight, quick.calls_in_flight);
          ASSERT_EQ(told(whole.intervals), told(quick.intervals));
          ASSERT_EQ(told(whole.through), told(quick.through));
          for (const auto& [key, tally] : whole.cells)
            for (const std::string_view word : {"calls", "success_rate", "quality_score", "turns", "avg_sentiment", "cost_usd", "p95_voice_latency_ms", "p50_cost_usd"})
              EXPECT_EQ(value_of(*parse_measure(word), quick.cells.at(key)), value_of(*parse_measure(word), tally)) << word << " event " << i;
        }
      }
    }
  }
  EXPECT_GT(in_flight, 1000);
}

}  // namespace
}  // namespace aybiza
