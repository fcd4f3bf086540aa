// Calls that are let go and come back: as if they had never left.
#include <gtest/gtest.h>

#include "aggregate/feeding.h"
#include "aggregate/random_events.h"
#include "aggregate/shard.h"
#include "assemble/price_order.h"
#include "base/ids.h"

namespace aybiza::testing {
namespace {

using namespace std::chrono_literals;

// The lines of a dump that begin with `kind`.
std::string lines(const std::string& dump, std::string_view kind) {
  std::string out;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = std::min(dump.find('\n', at), dump.size());
    if (const auto line = std::string_view(dump).substr(at, end - at); line.starts_with(kind)) out.append(line).append("\n");
    at = end + 1;
  }
  return out;
}

class ShardColdTest : public ::testing::Test {
 protected:
  ~ShardColdTest() override { std::filesystem::remove_all(root_); }
  ShardOptions few(std::size_t calls = 3) const { return {.calls_retained = calls, .cold = root_}; }
  const std::filesystem::path root_ = std::filesystem::temp_directory_path() / ("aybiza-cold-shard-" + to_string(random_id()));
};

TEST_F(ShardColdTest, later_events_find_their_calls_as_they_were) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::filesystem::remove_all(root_);
    Stream stream(seed);
    const auto arrivals = stream.calls({.calls = 150, .agents = 20, .spread = 6h});
    Shard roomy, small(few());
    std::uint64_t woken = 0;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      for (Shard* shard : {&roomy, &small}) {
        feed(*shard, arrivals, i, i + 1);
        if (i % 3 != 0) continue;
        collected(*shard, i + 1);
        shard->advance(arrivals[i].received);
      }
      if (i % 97 != 0) continue;
      woken += small.stats().woken;  // since the last restart
      const std::string bytes = small.snapshot();
      small = Shard(few());
      ASSERT_TRUE(small.restore(bytes));
      small.mark_stored_until(i);
    }
    const Instant end = arrivals.back().received + 3h;
    const LiveQuestion whole{.edges = {floor_to(arrivals.front().received, 1h), floor_to(end, 1h)}};
    for (Shard* shard : {&roomy, &small}) {
      shard->advance(end);
      collected(*shard, arrivals.size() + 1);
      shard->advance(end);
    }
    EXPECT_EQ(small.stats().calls_ended, 3u);
    EXPECT_EQ(small.stats().turns, roomy.stats().turns) << seed;
    EXPECT_EQ(small.stats().late_events, roomy.stats().late_events) << seed;
    EXPECT_GT(woken + small.stats().woken, 20u) << seed;
    EXPECT_EQ(small.covers(whole, end).exact_since, roomy.covers(whole, end).exact_since) << seed;
    EXPECT_EQ(lines(small.canonical_dump(), "pane"), lines(roomy.canonical_dump(), "pane")) << seed;
  }
}

// Without a folder, or when the bytes are gone, the store is told, and live state says since when it is exact.
TEST_F(ShardColdTest, what_cannot_be_woken_is_merged_by_the_store) {
  Stream stream(5);
  const Stream::Shape shape{.calls = 60};
  const Instant at = shape.begin + 4h;
  for (const bool folder : {true, false}) {
    auto arrivals = stream.calls(shape);
    Shard shard(folder ? few() : ShardOptions{.calls_retained = 3});
    feed(shard, arrivals, 0, arrivals.size());
    shard.advance(at);
    collected(shard, arrivals.size());
    shard.advance(at);
    const Id first = arrivals.front().event.call;
    const Event rated = stream.make(EventType::call_rated, "any", at, {}, {{Field::customer_satisfaction_score, 40'000}}, arrivals.front().event.customer);
    Event late = rated;
    late.call = first;
    const std::uint64_t before = shard.stats().late_events;
    shard.apply(late, arrivals.size() + 1, at);
    EXPECT_EQ(shard.stats().late_events - before, folder ? 0u : 1u);
    const LiveQuestion whole{.edges = {floor_to(shape.begin, 1h) - 1h, floor_to(at, 1h)}};
    EXPECT_EQ(shard.covers(whole, at).covered, folder);
    const RowBatch rows = collected(shard, arrivals.size() + 2);
    EXPECT_EQ(rows.calls.size(), folder ? 1u : 0u);
    EXPECT_EQ(rows.late.size(), folder ? 0u : 1u);
    if (folder) {
      EXPECT_EQ(rows.calls.front().call_id, first);
      EXPECT_EQ(rows.calls.front().satisfaction_e4, 40'000);
    }
  }
}

// The store prices what was let go anew; the bytes on disk do not.
TEST_F(ShardColdTest, after_prices_are_applied_anew_nothing_is_woken) {
  Stream stream(6);
  const auto arrivals = stream.calls({.calls = 60});
  const Instant at = arrivals.back().received + 2h;
  Shard shard(few());
  feed(shard, arrivals, 0, arrivals.size());
  shard.advance(at);
  collected(shard, arrivals.size());
  shard.advance(at);
  ASSERT_GT(shard.stats().cold.bytes, 0u);
  PriceOrder order{.what = PriceOrder::What::rerate, .shipped = {}, .file = {}, .rerate = {arrivals.front().received - 1h, at, ""}};
  const std::string text = encode(order);
  const Value value{.field = Field::price_order, .number = 0, .text = text};
  Event event;
  event.type = EventType::prices, event.time = at;
  event.values = std::span(&value, 1);
  shard.apply(event, arrivals.size() + 1, at);
  EXPECT_EQ(shard.stats().cold.bytes, 0u);
  Event late = stream.make(EventType::call_rated, "any", at, {}, {{Field::customer_satisfaction_score, 40'000}}, arrivals.front().event.customer);
  late.call = arrivals.front().event.call;
  shard.apply(late, arrivals.size() + 2, at);
  EXPECT_EQ(shard.stats().woken, 0u);
  EXPECT_EQ(shard.stats().late_events, 1u);
}

}  // namespace
}  // namespace aybiza::testing
