// A commit that the engine fails, for want of memory here: nothing of it is read afterwards, and the store goes on.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "store/ask_text.h"
#include "store/duckdb_store.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

constexpr std::size_t large = 35'000;  // calls of four turns each
constexpr std::size_t scarce = 32 * limits::MiB;  // less than a commit has in hand that appends to every column of calls and turns

class DuckDoubt : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::size_t memory_bytes = scarce) {
    auto store = open_duckdb_store({.directory = scratch_.path(), .node = "local", .clock = &clock_, .memory_bytes = memory_bytes});
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  // The next `calls` calls.
  RowBatch batch_of(std::uint64_t from, std::size_t first, std::size_t calls) {
    RowBatch batch;
    batch.from = from, batch.to = from + 1;
    for (std::size_t i = first; i < first + calls; ++i) {
      CallRow call{.call_id = {1, i}, .start = from_micros(1'795'000'000'000'000 + std::int64_t(i) * 1000)};
      for (std::int64_t turn = 0; turn < 4; ++turn)
        batch.turns.push_back({.call_id = call.call_id, .turn_number = turn, .time = call.start, .text_content = fmt::format("thank you, that works {}", i * 7919),
                               .ext = fmt::format("{{\"a\":{}}}", i), .response_time_us = 700'000 + std::int64_t(i)});
      batch.calls.push_back(std::move(call));
    }
    return batch;
  }
  // Rows and keys; and that every column can be read to its end.
  static void expect_calls(Store& store, std::size_t calls) {
    EXPECT_EQ(ask(store, "SELECT count(*), count(DISTINCT call_id) FROM call_analytics"), fmt::format("{0} {0}\n", calls));
    EXPECT_EQ(ask(store, "SELECT count(*), count(DISTINCT (call_id, turn_number)) FROM conversation_turns"), fmt::format("{0} {0}\n", 4 * calls));
    EXPECT_EQ(ask(store, "SELECT count(text_content), count(response_time_ms) FROM conversation_turns"), fmt::format("{0} {0}\n", 4 * calls));
  }

  Scratch scratch_;
  ManualClock clock_{from_micros(1'795'000'000'000'000)};
};

TEST_F(DuckDoubt, AFailedCommitLeavesNothingAndTheStoreGoesOn) {
  auto store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->apply(batch_of(0, 0, large)));  // into empty tables: as a whole
  for (std::uint64_t times = 1; times <= 2; ++times) {
    const auto refused = store->apply(batch_of(1, large, large));
    ASSERT_FALSE(refused) << "the memory given is enough for such a commit: give less";
    ASSERT_NE(refused.error().message.find("commit"), std::string::npos) << refused.error().message;
    EXPECT_EQ(store->stats().reopened, times);
    EXPECT_EQ(store->applied().value(), 1u);
    expect_calls(*store, large);
  }
  RowBatch less = batch_of(1, large, large / 10);  // of one table: a commit that has room
  less.calls.clear();
  const auto written = store->apply(less);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(ask(*store, "SELECT count(*), count(DISTINCT (call_id, turn_number)) FROM conversation_turns"), fmt::format("{0} {0}\n", 4 * (large + large / 10)));
  store.reset();
  store = open(limits::store_memory_bytes);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->applied().value(), 2u);
  RowBatch rest = batch_of(2, large, large);
  std::erase_if(rest.turns, [](const TurnRow& turn) { return turn.call_id.low < large + large / 10; });
  ASSERT_TRUE(store->apply(rest));
  expect_calls(*store, 2 * large);
}

TEST_F(DuckDoubt, WhatIsBeingReadEndsWithAnErrorAndIsNotWaitedForLong) {
  auto store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->apply(batch_of(0, 0, large)));
  auto held = store->sql("SELECT range FROM range(100000000)", {});
  ASSERT_TRUE(held);
  ASSERT_TRUE((*held)->next().value());
  ASSERT_FALSE(store->apply(batch_of(1, large, large)));
  EXPECT_EQ(store->stats().reopened, 0u) << "somebody holds an answer";
  const auto asked = store->sql("SELECT 1", {});
  ASSERT_FALSE(asked) << "of an engine that is in doubt nothing is read";
  EXPECT_EQ(asked.error().code, Code::unavailable);
  const auto more = (*held)->next();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::unavailable);
  held->reset();
  ASSERT_TRUE(store->checkpoint());
  EXPECT_EQ(store->stats().reopened, 1u);
  expect_calls(*store, large);
}

}  // namespace
}  // namespace aybiza
