// The record of changes: it comes back newest first, survives a torn line, is cut and rotated at its bounds, and is whole under many writers.
#include "auth/change_log.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "base/ids.h"

namespace aybiza::auth {
namespace {

namespace fs = std::filesystem;

class ChangeLogTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(dir_); }
  static ChangeRecord change(int n, std::string target = "acme") { return {from_micros(1'795'000'000'000'000 + n), "user ada", "budget set", std::move(target), "acme"}; }
  const fs::path dir_ = fs::temp_directory_path() / ("aybiza-changes-" + to_string(random_id()));
  const ChangeLog log_{dir_};
};

TEST_F(ChangeLogTest, ComesBackNewestFirst) {
  EXPECT_TRUE(log_.recent(10).empty());
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(log_.record(change(n, "a\"b\\\n\tü" + std::to_string(n))));
  const auto all = log_.recent(3);
  ASSERT_EQ(all.size(), 3u);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(all[std::size_t(n)], change(4 - n, "a\"b\\\n\tü" + std::to_string(4 - n)));
}

TEST_F(ChangeLogTest, ATornLineIsSkippedAndTheNextOneStands) {
  ASSERT_TRUE(log_.record(change(1)));
  std::ofstream(dir_ / "audit" / "changes.jsonl", std::ios::app) << R"({"time":"2026-11-2)";
  ASSERT_TRUE(log_.record(change(2)));
  EXPECT_THAT(log_.recent(10), testing::ElementsAre(change(2), change(1)));
}

TEST_F(ChangeLogTest, TextsAreCutAtACharacter) {
  std::string longer(change_text_bytes - 1, 'x');
  ASSERT_TRUE(log_.record(change(1, longer + "ü")));
  EXPECT_EQ(log_.recent(1)[0].target, longer);
}

TEST_F(ChangeLogTest, WhatIsNoTextHidesNoChange) {
  ASSERT_TRUE(log_.record(change(1, "ab\xff\xc3 ü")));
  EXPECT_EQ(log_.recent(1), std::vector{change(1, "ab?? ??")});
}

TEST_F(ChangeLogTest, FilesAreBoundedInSizeAndNumber) {
  fs::create_directories(dir_ / "audit");
  const std::string line = to_json(change(1)) + "\n";
  for (std::size_t round = 0; round < change_files + 3; ++round) {
    std::ofstream file(dir_ / "audit" / "changes.jsonl", std::ios::app);
    for (std::size_t bytes = 0; bytes < change_file_bytes; bytes += line.size()) file << line;
    file.close();
    ASSERT_TRUE(log_.record(change(2)));
  }
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(dir_ / "audit")) files += entry.path().extension() == ".jsonl" ? 1 : 0;
  EXPECT_EQ(files, change_files);
  EXPECT_EQ(log_.recent(2), (std::vector{change(2), change(1)}));
}

TEST_F(ChangeLogTest, ManyWritersLeaveWholeLines) {
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      for (int n = 0; n < 25; ++n) EXPECT_TRUE(ChangeLog(dir_).record(change(w * 100 + n)));
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(log_.recent(1000).size(), 100u);
}

}  // namespace
}  // namespace aybiza::auth
