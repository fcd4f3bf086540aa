// A process killed while a batch is logged leaves a log without a commit mark: no row of the batch may be read afterwards.
#include "store/duck_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/ask_text.h"
#include "store/duckdb_store.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

const ManualClock test_clock(from_micros(1'795'000'000'000'000));

Result<std::unique_ptr<Store>> open(const std::string& directory) {
  return open_duckdb_store({.directory = directory, .node = "local", .clock = &test_clock});
}

// Calls of four turns each.
RowBatch batch_of(std::uint64_t from, std::size_t calls) {
  RowBatch batch;
  batch.from = from, batch.to = from + 1;
  for (std::size_t i = 0; i < calls; ++i) {
    CallRow call{.call_id = {from + 1, i}, .start = from_micros(1'795'000'000'000'000 + std::int64_t(i))};
    for (std::int64_t turn = 0; turn < 4; ++turn)
      batch.turns.push_back({.call_id = call.call_id, .turn_number = turn, .time = call.start, .text_content = "thank you, that works"});
    batch.calls.push_back(std::move(call));
  }
  return batch;
}

std::string count(Store& store, std::string_view table) { return ask(store, fmt::format("SELECT count(*) FROM {}", table)); }
std::string line(std::size_t number) { return fmt::format("{}\n", number); }

// A store as a kill leaves it that comes when all of the log but `missing` bytes has reached the disk.
std::string killed(const Scratch& from, const Scratch& to, std::uintmax_t missing) {
  const std::string name = "/store.duckdb", log = name + ".wal";
  for (const std::string& file : {name, log}) fs::copy_file(from.path() + file, to.path() + file);
  fs::resize_file(to.path() + log, fs::file_size(to.path() + log) - missing);
  return to.path();
}

TEST(DuckLog, NoRowOfABatchWithoutItsCommitMarkIsRead) {
  const Scratch scratch;
  constexpr std::size_t few = 100, many = 31'000;  // 124 000 turns: more than a row group, which DuckDB appends as a whole
  auto store = open(scratch.path());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->apply(batch_of(0, few)));
  ASSERT_TRUE((*store)->apply(batch_of(1, many)));
  const auto bytes = fs::file_size(scratch.path() + "/store.duckdb.wal");
  std::size_t without = 0;
  // Where a table stands in the log is not told: its row groups may come first, or right before the mark.
  for (const std::uintmax_t missing : {std::uintmax_t(0), std::uintmax_t(1), std::uintmax_t(22), std::uintmax_t(60), std::uintmax_t(150), bytes / 8, bytes / 2, bytes * 7 / 8}) {
    SCOPED_TRACE(missing);
    const Scratch other;
    auto again = open(killed(scratch, other, missing));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->stats().repaired, "");
    const auto applied = (*again)->applied();
    ASSERT_TRUE(applied);
    const std::size_t calls = *applied == 0 ? 0 : *applied == 1 ? few : few + many;
    EXPECT_EQ(count(**again, "call_analytics"), line(calls));
    EXPECT_EQ(count(**again, "conversation_turns"), line(4 * calls));
    if (*applied != 1) continue;
    ++without;  // and written once more they are there once
    ASSERT_TRUE((*again)->apply(batch_of(1, many)));
    EXPECT_EQ(count(**again, "conversation_turns"), line(4 * (few + many)));
  }
  EXPECT_GE(without, 3u) << "the log was cut within the large batch";
}

std::optional<std::uint64_t> committed(std::string_view log) {
  return committed_bytes(
      [&](std::uint64_t at, std::span<char> into) {
        if (at > log.size() || into.size() > log.size() - at) return false;
        std::copy_n(log.begin() + std::ptrdiff_t(at), into.size(), into.begin());
        return true;
      },
      log.size());
}

std::string entry(unsigned char kind, std::uint64_t size) {
  std::string out(16, '\0');
  for (int i = 0; i < 8; ++i) out[std::size_t(i)] = char(size >> (8 * i));
  std::string body(size, 'x');
  body[0] = 0x64, body[1] = 0, body[2] = char(kind);
  return out + body;
}

TEST(DuckLog, TheLastCommitMarkCounts) {
  const std::string header("\x64\0\x62\x65\0\x02\xff\xff", 8), one = entry(26, 50), mark = entry(100, 5);
  EXPECT_EQ(committed(header), 8u);
  EXPECT_EQ(committed(header + one), 8u);
  const std::string whole = header + one + mark;
  EXPECT_EQ(committed(whole), whole.size());
  EXPECT_EQ(committed(whole + one + one), whole.size());
  EXPECT_EQ(committed(whole + mark.substr(0, 12)), whole.size());
  EXPECT_EQ(committed(whole + mark.substr(0, mark.size() - 1)), whole.size());
  EXPECT_EQ(committed(whole + one + mark), whole.size() + one.size() + mark.size());
  EXPECT_EQ(committed(whole + entry(100, 1u << 20).substr(0, 100)), whole.size());
}

TEST(DuckLog, WhatIsNotKnownStaysAsItIs) {
  EXPECT_EQ(committed(""), std::nullopt);
  EXPECT_EQ(committed("\x64"), std::nullopt);
  EXPECT_EQ(committed(std::string("\x64\0\x62\x65\0\x03\xff\xff", 8)), std::nullopt) << "another version";
  std::string strange = entry(26, 50);
  strange[16] = 0x65;
  EXPECT_EQ(committed(std::string("\x64\0\x62\x65\0\x02\xff\xff", 8) + strange), std::nullopt) << "a body that begins otherwise";
  const Scratch scratch;
  const std::string file = scratch.path() + "/log";
  EXPECT_EQ(cut_uncommitted(file).value(), 0u) << "there is none";
  std::ofstream(file) << "something else";
  EXPECT_EQ(cut_uncommitted(file).value(), 0u);
  EXPECT_EQ(fs::file_size(file), 14u);
}

}  // namespace
}  // namespace aybiza
