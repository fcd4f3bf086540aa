#include "aggregate/cold_calls.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "base/ids.h"
#include "base/limits.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

class ColdCallsTest : public ::testing::Test {
 protected:
  ColdCallsTest() { fs::remove_all(root_); }
  ~ColdCallsTest() override { fs::remove_all(root_); }
  ColdCalls::Options options(std::size_t ids = 1000, std::size_t bytes = 1 << 30) const { return {.directory = root_, .ids_max = ids, .bytes_max = bytes, .free_bytes = 0}; }
  std::size_t files() const { return std::size_t(std::distance(fs::directory_iterator(root_), fs::directory_iterator())); }
  static std::string bytes(std::uint64_t of, std::size_t size) {
    std::string out(size, '\0');
    std::mt19937_64 random(of);
    for (char& c : out) c = char(random());
    return out;
  }
  const fs::path root_ = fs::temp_directory_path() / ("aybiza-cold-" + to_string(random_id()));
};

// Its rival is a map that forgets nothing.
TEST_F(ColdCallsTest, what_was_put_is_there_until_it_is_taken_also_after_restarts) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    fs::remove_all(root_);
    std::mt19937_64 random(seed);
    auto cold = std::make_unique<ColdCalls>(options());
    std::map<std::uint64_t, std::string> rival;
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t hash = random() % 500;
      if (const auto was = rival.find(hash); was != rival.end()) {
        ASSERT_TRUE(cold->knows(hash));
        ASSERT_EQ(cold->bytes_of(hash), was->second);
        if (random() % 2 == 0) cold->erase(hash), rival.erase(was);
      } else {
        ASSERT_FALSE(cold->knows(hash));
        ASSERT_FALSE(cold->bytes_of(hash));
        cold->put(hash, rival[hash] = bytes(random(), 1 + random() % 20'000));
      }
      if (random() % 300 != 0) continue;
      std::string snapshot;
      bytes::Writer out(snapshot);
      cold->sync();
      cold->write(out);
      const std::size_t ids = cold->stats().ids;
      for (std::uint64_t late = 1000; late < 1020; ++late) cold->put(late, bytes(late, 100'000));  // after it: told again by the log
      cold = std::make_unique<ColdCalls>(options());
      bytes::Reader in(snapshot);
      ASSERT_TRUE(cold->read(in, true) && in.done());
      ASSERT_EQ(cold->stats().ids, ids);
      ASSERT_FALSE(cold->knows(1000));
    }
    for (const auto& [hash, what] : rival) EXPECT_EQ(cold->bytes_of(hash), what);
    EXPECT_EQ(cold->stats().lost, 0u);
  }
}

TEST_F(ColdCallsTest, the_oldest_ids_go_first_and_their_files_with_them) {
  ColdCalls cold(options(8));
  EXPECT_FALSE(cold.forgot());
  const std::size_t size = limits::cold_segment_bytes / 4;
  for (std::uint64_t i = 0; i < 40; ++i) cold.put(i, bytes(i, size));
  EXPECT_TRUE(cold.forgot());
  for (std::uint64_t i = 0; i < 32; ++i) EXPECT_FALSE(cold.knows(i));
  for (std::uint64_t i = 32; i < 40; ++i) EXPECT_EQ(cold.bytes_of(i), bytes(i, size)) << i;
  EXPECT_LE(files(), 4u);
  EXPECT_LE(cold.stats().bytes, 16 * size);
}

TEST_F(ColdCallsTest, too_many_bytes_cost_the_oldest_bytes_not_their_ids) {
  const std::size_t size = limits::cold_segment_bytes / 4;
  ColdCalls cold(options(1000, 3 * limits::cold_segment_bytes));
  for (std::uint64_t i = 0; i < 40; ++i) cold.put(i, bytes(i, size));
  EXPECT_LE(cold.stats().bytes, 3 * limits::cold_segment_bytes + size);
  EXPECT_FALSE(cold.bytes_of(0));
  EXPECT_TRUE(cold.knows(0));
  EXPECT_EQ(cold.bytes_of(39), bytes(39, size));
  EXPECT_FALSE(cold.forgot());
}

TEST_F(ColdCallsTest, bytes_that_are_damaged_or_gone_are_not_given_out) {
  std::string snapshot;
  {
    ColdCalls cold(options());
    for (std::uint64_t i = 0; i < 3; ++i) cold.put(i, bytes(i, 1000));
    cold.sync();
    bytes::Writer out(snapshot);
    cold.write(out);
  }
  {
    std::fstream file(root_ / "1", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1500);
    file.put('!').put('?');
  }
  fs::resize_file(root_ / "1", 2500);
  ColdCalls cold(options());
  bytes::Reader in(snapshot);
  ASSERT_TRUE(cold.read(in, true));
  EXPECT_EQ(cold.bytes_of(0), bytes(0, 1000));
  EXPECT_FALSE(cold.bytes_of(1));
  EXPECT_FALSE(cold.bytes_of(2));
  EXPECT_TRUE(cold.knows(1) && cold.knows(2));
  EXPECT_EQ(cold.stats().lost, 2u);
  cold.put(7, bytes(7, 10));  // behind the damage: in a file of its own
  EXPECT_EQ(cold.bytes_of(7), bytes(7, 10));
  EXPECT_TRUE(fs::exists(root_ / "2"));
}

TEST_F(ColdCallsTest, without_room_on_the_disk_ids_are_kept_alone) {
  ColdCalls full({.directory = root_, .ids_max = 10, .bytes_max = 1 << 30, .free_bytes = std::uint64_t(1) << 60});
  full.put(1, "what it was");
  EXPECT_TRUE(full.knows(1));
  EXPECT_FALSE(full.bytes_of(1));
  EXPECT_EQ(full.stats().lost, 1u);
  std::ofstream(root_ / "file") << "no folder";
  ColdCalls nowhere({.directory = root_ / "file", .ids_max = 10, .bytes_max = 1 << 30, .free_bytes = 0});
  nowhere.put(1, "what it was");
  EXPECT_TRUE(nowhere.knows(1));
  EXPECT_FALSE(nowhere.bytes_of(1));
}

TEST_F(ColdCallsTest, what_holds_no_longer_is_dropped) {
  ColdCalls cold(options());
  for (std::uint64_t i = 0; i < 3; ++i) cold.put(i, "as it was");
  cold.drop_bytes();
  EXPECT_FALSE(cold.bytes_of(1));
  EXPECT_TRUE(cold.knows(1));
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(cold.stats().bytes, 0u);
  cold.put(3, "as it is now");
  EXPECT_EQ(cold.bytes_of(3), "as it is now");
}

TEST_F(ColdCallsTest, a_snapshot_of_before_there_were_places_brings_the_ids) {
  std::string old;
  bytes::Writer out(old);
  out.count(2);
  out.fixed(11);
  out.fixed(12);
  out.byte(1);
  ColdCalls cold(options());
  bytes::Reader in(old);
  ASSERT_TRUE(cold.read(in, false) && in.done());
  EXPECT_TRUE(cold.knows(11) && cold.knows(12) && cold.forgot());
  EXPECT_FALSE(cold.bytes_of(11));
}

TEST_F(ColdCallsTest, files_of_others_stay) {
  fs::create_directories(root_);
  std::ofstream(root_ / "17") << "of a process before";
  std::ofstream(root_ / "notes.txt") << "of a person";
  ColdCalls cold(options());
  cold.put(1, "x");
  EXPECT_FALSE(fs::exists(root_ / "17"));
  EXPECT_TRUE(fs::exists(root_ / "notes.txt"));
  EXPECT_TRUE(fs::exists(root_ / "18"));  // a number is never given twice
}

}  // namespace
}  // namespace aybiza
