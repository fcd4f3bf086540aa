#include "server/snapshot_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace aybiza {
namespace {

namespace fs = std::filesystem;

class SnapshotFile : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("aybiza-snapshot-" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  Status save(std::uint64_t offset, const std::vector<std::string>& shards) {
    std::vector<SnapshotPart> parts(shards.size());
    for (std::size_t i = 0; i < shards.size(); ++i) {
      parts[i].open(directory_, offset, i);
      for (std::size_t at = 0; at < shards[i].size(); at += 1000) parts[i].append(std::string_view(shards[i]).substr(at, 1000));
    }
    return publish_snapshot(directory_, offset, parts);
  }
  std::size_t files() const { return std::size_t(std::distance(fs::directory_iterator(directory_), fs::directory_iterator())); }

  fs::path directory_;
};

TEST_F(SnapshotFile, what_was_published_is_loaded_and_the_older_is_gone) {
  EXPECT_EQ(load_snapshot(directory_).error().code, Code::not_found);
  const std::string big(20'000'000, 'x');
  ASSERT_TRUE(save(7, {"one", "two"}));
  ASSERT_TRUE(save(12, {big, "zwei", "trois"}));
  const auto found = load_snapshot(directory_);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->offset, 12u);
  ASSERT_EQ(found->sizes.size(), 3u);
  EXPECT_EQ(*load_part(directory_, *found, 0), big);
  EXPECT_LT(found->sizes[0], big.size() / 10);
  EXPECT_EQ(*load_part(directory_, *found, 2), "trois");
  EXPECT_EQ(files(), 4u);
}

TEST_F(SnapshotFile, parts_that_were_never_published_leave_the_older_one) {
  ASSERT_TRUE(save(7, {"one"}));
  SnapshotPart part;
  part.open(directory_, 12, 0);
  part.append("half a sta");
  EXPECT_EQ(load_snapshot(directory_)->offset, 7u);
  EXPECT_EQ(*load_part(directory_, *load_snapshot(directory_), 0), "one");
}

TEST_F(SnapshotFile, a_cut_or_missing_part_is_told) {
  ASSERT_TRUE(save(7, {"one", "two"}));
  const Snapshot known = *load_snapshot(directory_);
  const fs::path part = directory_ / "live.snapshot.7.1";
  const auto size = fs::file_size(part);
  for (std::uintmax_t cut = 0; cut < size; ++cut) {
    fs::resize_file(part, cut);
    EXPECT_EQ(load_part(directory_, known, 1).error().code, Code::corrupt) << cut;
  }
  fs::resize_file(part, size + 1);
  EXPECT_EQ(load_part(directory_, known, 1).error().code, Code::corrupt);
  fs::remove(part);
  EXPECT_EQ(load_part(directory_, known, 1).error().code, Code::corrupt);
  std::ofstream(directory_ / "live.snapshot") << "AYBZSNP1 of before";
  EXPECT_EQ(load_snapshot(directory_).error().code, Code::unsupported);
}

TEST_F(SnapshotFile, a_directory_that_is_not_there_is_told_when_it_is_synced) {
  SnapshotPart part;
  part.open(directory_ / "nowhere", 1, 0);
  part.append("bytes");
  EXPECT_EQ(part.sync().error().code, Code::io);
}

}  // namespace
}  // namespace aybiza
