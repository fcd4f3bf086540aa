#include "server/unwritten.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/limits.h"
#include "store/batch_bytes.h"
#include "store/sample_rows.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Duration patience = 60s;  // of what comes at once on a quiet machine
constexpr Unwritten::Bounds plenty{.disk_bytes = limits::GiB, .free_bytes = 0};

std::unique_ptr<Collection> collection(RowBatch rows) {
  auto out = std::make_unique<Collection>();
  out->rows = std::move(rows);
  return out;
}

// So many collections of so many events; their bytes.
std::vector<std::string> push(Unwritten& waiting, SampleRows& rows, int collections, std::size_t events) {
  std::vector<std::string> out;
  for (int i = 0; i < collections; ++i) {
    RowBatch batch = rows.next(events);
    out.push_back(batch_bytes(batch));
    waiting.push(collection(std::move(batch)));
  }
  return out;
}

void wait_for(const auto& state) {
  while (!state()) std::this_thread::sleep_for(1ms);
}

TEST(Unwritten, WaitsInMemoryUntilItIsPressedAndKeepsTheOrder) {
  Scratch scratch;
  const fs::path folder = fs::path(scratch.path()) / "unwritten";
  std::atomic<int> spilled{0};
  Unwritten waiting(folder, plenty, [&] { ++spilled; });
  SampleRows rows(11);
  std::vector<std::string> wanted = push(waiting, rows, 4, 200);
  auto first = waiting.pop(0s);
  ASSERT_TRUE(first && first->collection);
  EXPECT_FALSE(first->was_spilled);
  EXPECT_EQ(batch_bytes(first->collection->rows), wanted[0]);
  EXPECT_EQ(waiting.away(), 200u);
  EXPECT_FALSE(fs::exists(folder));
  waiting.press();
  wait_for([&] { return spilled == 3; });
  EXPECT_EQ(waiting.away(), 800u);
  EXPECT_EQ(waiting.stats().waiting, 3u);
  EXPECT_EQ(waiting.stats().spilled_total, 3u);
  EXPECT_GT(waiting.stats().spilled_bytes, 3'000u);
  RowBatch late = rows.next(100);  // not pressed any more: it stays in memory, behind what is on disk
  wanted.push_back(batch_bytes(late));
  waiting.push(collection(std::move(late)));
  waiting.close();
  for (int i = 1; i < 5; ++i) {
    EXPECT_FALSE(waiting.finished());
    auto next = waiting.pop(patience);
    ASSERT_TRUE(next && next->collection);
    EXPECT_EQ(next->was_spilled, i < 4) << i;
    EXPECT_EQ(batch_bytes(next->collection->rows), wanted[std::size_t(i)]) << i;
  }
  EXPECT_TRUE(waiting.finished());
  EXPECT_EQ(waiting.stats().spilled_bytes, 0u);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(Unwritten, WhatComesNextIsReadBeforeItsTurn) {
  Scratch scratch;
  const fs::path folder = fs::path(scratch.path()) / "unwritten";
  std::atomic<int> spilled{0};
  Unwritten waiting(folder, plenty, [&] { ++spilled; });
  SampleRows rows(11);
  std::vector<std::string> wanted = push(waiting, rows, 3, 50);
  waiting.press();
  wait_for([&] { return spilled == 3; });
  for (int i = 0; i < 3; ++i) {
    wait_for([&] { return waiting.stats().read_ahead > std::uint64_t(i); });
    EXPECT_EQ(waiting.stats().read_ahead, std::uint64_t(i + 1));  // one, and no more than one
    std::ofstream(folder / fmt::format("{}.rows", i + 1)) << "damaged: nobody reads it again";
    auto next = waiting.pop(patience);
    ASSERT_TRUE(next && next->collection) << i;
    EXPECT_EQ(batch_bytes(next->collection->rows), wanted[std::size_t(i)]) << i;
  }
  EXPECT_EQ(waiting.stats().spilled_bytes, 0u);
}

TEST(Unwritten, AFullDiskLeavesRowsInMemory) {
  Scratch scratch;
  std::atomic<int> spilled{0};
  Unwritten waiting(fs::path(scratch.path()) / "unwritten", {.disk_bytes = 0, .free_bytes = 0}, [&] { ++spilled; });
  SampleRows rows(11);
  std::vector<std::string> wanted = push(waiting, rows, 2, 50);
  waiting.press();
  wait_for([&] { return !waiting.stats().trouble.empty(); });  // the first has taken all there may be
  EXPECT_EQ(spilled, 1);
  for (int i = 0; i < 2; ++i) {
    auto next = waiting.pop(patience);
    ASSERT_TRUE(next && next->collection);
    EXPECT_TRUE(i > 0 || next->was_spilled);  // the other may have gone, too, once there was room
    EXPECT_EQ(batch_bytes(next->collection->rows), wanted[std::size_t(i)]);
  }
}

TEST(Unwritten, WhatCannotBeReadStaysFirstAndCanBeLeftOut) {
  Scratch scratch;
  const fs::path folder = fs::path(scratch.path()) / "unwritten";
  fs::create_directories(folder);
  std::ofstream(folder / "7.rows") << "of a process that was killed";
  std::atomic<int> spilled{0};
  Unwritten waiting(folder, plenty, [&] { ++spilled; });
  EXPECT_FALSE(fs::exists(folder / "7.rows"));
  SampleRows rows(11);
  for (int i = 0; i < 2; ++i) waiting.push(collection(rows.next(50)));
  waiting.press();
  wait_for([&] { return spilled == 2; });
  std::ofstream(folder / "2.rows") << "damaged";  // the first may have been read already
  ASSERT_TRUE(waiting.pop(patience));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(waiting.pop(patience));
  EXPECT_EQ(waiting.stats().waiting, 1u);
  const auto without = waiting.pop(patience, false);
  ASSERT_TRUE(without && without->collection);
  EXPECT_TRUE(without->was_spilled);
  EXPECT_TRUE(without->collection->rows.empty());
  EXPECT_EQ(waiting.stats().waiting, 0u);
}

}  // namespace
}  // namespace aybiza
