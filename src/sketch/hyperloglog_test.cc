#include "sketch/hyperloglog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

namespace aybiza {
namespace {

std::string bytes_of(const HyperLogLog& sketch) {
  std::string out;
  sketch.serialise(out);
  return out;
}

TEST(HyperLogLog, exact_to_4096) {
  std::mt19937_64 random(1);
  std::set<std::uint64_t> rival;
  HyperLogLog sketch;
  EXPECT_EQ(sketch.estimate(), 0);
  EXPECT_EQ(sketch.heap_bytes(), 0u);
  while (rival.size() < 4096) {
    const std::uint64_t hash = random();
    rival.insert(hash);
    sketch.add_hash(hash);
    sketch.add_hash(*rival.begin());
    ASSERT_EQ(sketch.estimate(), double(rival.size()));
  }
  EXPECT_TRUE(sketch.exact());
  sketch.add_hash(random());
  EXPECT_FALSE(sketch.exact());
}

TEST(HyperLogLog, within_two_percent_above) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(100 + seed);
    HyperLogLog sketch;
    std::uint64_t n = 0;
    for (const std::uint64_t stop : {4'097u, 6'000u, 20'000u, 60'000u, 120'000u, 300'000u}) {
      for (; n < stop; ++n) sketch.add_hash(random());
      EXPECT_LE(std::abs(sketch.estimate() - double(n)), 0.02 * double(n)) << "seed " << seed << " n " << n;
    }
  }
}

// Any way of cutting a stream into parts gives the same bytes.
TEST(HyperLogLog, merge_is_the_sketch_of_both) {
  for (const std::size_t n : {0u, 10u, 4'000u, 4'096u, 4'097u, 5'000u, 50'000u}) {
    std::mt19937_64 random(n);
    HyperLogLog whole, forth, back;
    HyperLogLog parts[5];
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t hash = random();
      whole.add_hash(hash);
      parts[i % 5].add_hash(hash);
      if (i % 3 == 0) parts[(i + 1) % 5].add_hash(hash);  // overlap
    }
    for (int i = 0; i < 5; ++i) forth.merge(parts[i]), back.merge(parts[4 - i]);
    EXPECT_EQ(bytes_of(whole), bytes_of(forth)) << n;
    EXPECT_EQ(bytes_of(whole), bytes_of(back)) << n;
    const auto read = HyperLogLog::deserialise(bytes_of(whole));
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(*read == whole);
    EXPECT_EQ(read->estimate(), whole.estimate());
  }
}

TEST(HyperLogLog, text_and_the_hash_zero) {
  HyperLogLog sketch;
  sketch.add("a");
  sketch.add("b");
  sketch.add("a");
  sketch.add_hash(0);
  EXPECT_EQ(sketch.estimate(), 3);
}

TEST(HyperLogLog, refuses_hostile_bytes) {
  HyperLogLog few, many;
  for (int i = 0; i < 10; ++i) few.add(std::to_string(i));
  for (int i = 0; i < 5000; ++i) many.add(std::to_string(i));
  for (const std::string& good : {bytes_of(few), bytes_of(many)}) {
    EXPECT_FALSE(HyperLogLog::deserialise(good.substr(0, good.size() - 1)).has_value());
    EXPECT_FALSE(HyperLogLog::deserialise(good + "x").has_value());
  }
  std::string twice = bytes_of(few);
  twice.replace(twice.size() - 8, 8, twice, twice.size() - 16, 8);
  EXPECT_FALSE(HyperLogLog::deserialise(twice).has_value());
  EXPECT_FALSE(HyperLogLog::deserialise("").has_value());
  EXPECT_FALSE(HyperLogLog::deserialise("\x03").has_value());
  EXPECT_FALSE(HyperLogLog::deserialise(std::string(1, '\x02') + std::string(24'576, '\0')).has_value());
  EXPECT_FALSE(HyperLogLog::deserialise(std::string(1, '\x02') + std::string(24'576, '\xff')).has_value());
}

}  // namespace
}  // namespace aybiza
