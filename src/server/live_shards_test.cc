// The shard threads: questions put together are answered as each alone, and long work lets everything else through.
#include "server/live_shards.h"

#include <gtest/gtest.h>

#include <latch>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Instant begin = from_micros(1'763'712'000'000'000);

struct Fleet {
  LiveShards shards{[] {
    std::vector<Shard> two;
    for (unsigned i = 0; i < 2; ++i) two.emplace_back(ShardOptions{.index = i, .count = 2});
    return two;
  }()};

  void start(std::uint64_t call) {
    shards.run_all([&](std::size_t i, Shard& shard) {
      const std::string name = fmt::format("call-{}", call);
      const Value values[] = {{.field = Field::call_id, .number = 0, .text = name}};
      Event event;
      event.type = EventType::call_started, event.rank = native_rank(event.type), event.time = begin + Duration(std::int64_t(call) * 1000), event.id = {.high = 1, .low = call};
      event.call = {.high = 7, .low = call}, event.values = values;
      if (shard_of(event, 2) == i) shard.apply(event, call, event.time);
    });
  }
};

LiveQuestion calls_between(Instant from, Instant to) {
  LiveQuestion question;
  question.edges = {from, to};
  return question;
}

std::uint64_t calls_in(const Answered<LivePartial>& partial) {
  std::uint64_t sum = 0;
  for (const auto& [key, tally] : partial->cells) sum += std::uint64_t(value_of(*parse_measure("calls"), tally).value_or(0));
  return sum;
}

TEST(LiveShards, questions_put_together_are_answered_as_each_alone) {
  Fleet fleet;
  for (std::uint64_t call = 1; call <= 100; ++call) fleet.start(call);
  const Instant now = begin + 1min;
  const std::vector<LiveQuestion> questions = {calls_between(begin, begin + 1min), calls_between(begin, begin + 50ms), calls_between(begin - 24h * 400, begin - 24h * 399)};
  const auto together = fleet.shards.ask(questions, now);
  ASSERT_EQ(together.size(), questions.size());
  EXPECT_EQ(calls_in(together[0]), 100u);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto alone = fleet.shards.ask(questions[i], now);
    ASSERT_EQ(together[i].has_value(), alone.has_value()) << i;
    if (alone) EXPECT_EQ(calls_in(together[i]), calls_in(alone)) << i;
    else EXPECT_EQ(together[i].error().code, alone.error().code) << i;
  }
  EXPECT_TRUE(fleet.shards.ask(std::span<const LiveQuestion>(), now).empty());
}

TEST(LiveShards, long_work_goes_on_between_questions_to_its_end) {
  Fleet fleet;
  constexpr int steps = 300;
  std::atomic<int> done = 0;
  std::latch over(2);
  fleet.shards.run_all([&](std::size_t i, Shard&) {
    fleet.shards.meanwhile(i, [&, left = steps](Shard&) mutable {
      ++done;
      if (--left > 0) return true;
      over.count_down();
      return false;
    });
  });
  for (std::uint64_t call = 1; call <= 50; ++call) {
    fleet.start(call);
    EXPECT_EQ(calls_in(fleet.shards.ask(calls_between(begin, begin + 1min), begin + 1min)), call);
  }
  over.wait();
  fleet.shards.run_all([](std::size_t, Shard&) {});
  EXPECT_EQ(done, 2 * steps);
}

TEST(LiveShards, a_stop_does_not_wait_for_work_that_never_ends) {
  Fleet fleet;
  fleet.shards.run_all([&](std::size_t i, Shard&) { fleet.shards.meanwhile(i, [](Shard&) { return true; }); });
  fleet.shards.stop();
  EXPECT_FALSE(fleet.shards.post(0, [](Shard&) {}));
  EXPECT_EQ(fleet.shards.ask(calls_between(begin, begin + 1min), begin).error().code, "unavailable");
}

}  // namespace
}  // namespace aybiza
