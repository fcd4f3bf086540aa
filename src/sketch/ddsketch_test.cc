#include "sketch/ddsketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "sketch/bits.h"
#include "sketch/ddsketch_buckets.h"

namespace aybiza {
namespace {

constexpr double alpha = 0.005;
constexpr auto highest = std::numeric_limits<std::int64_t>::max();
constexpr double quantiles[] = {0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

std::string bytes_of(const DdSketch& sketch) {
  std::string out;
  sketch.serialise(out);
  return out;
}

// PostgreSQL's percentile_cont, on all the values.
double exact(const std::vector<std::int64_t>& sorted, double q) {
  const long double rank = static_cast<long double>(q) * static_cast<long double>(sorted.size() - 1);
  const auto low = std::size_t(rank);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const long double fraction = rank - static_cast<long double>(low);
  return double(static_cast<long double>(sorted[low]) * (1 - fraction) + static_cast<long double>(sorted[high]) * fraction);
}

// Packed and merged, into nothing and into another, it is the same.
void check_packed(const DdSketch& sketch, const DdSketch& other) {
  if (sketch.empty()) return;
  std::string packed;
  bits::Writer out(packed);
  sketch.pack(out);
  out.finish();
  DdSketch alone, sum = other, wanted = other;
  bits::Reader in(packed), again(packed), skipped(packed), cut(std::string_view(packed).substr(0, packed.size() - 1));
  const DdSketch::Reach read = alone.merge_packed(in, sketch.count());
  ASSERT_TRUE(read && in.done() && sum.merge_packed(again, sketch.count()) && DdSketch::skip_packed(skipped, sketch.count()) && skipped.done());
  wanted.merge(sketch);
  EXPECT_TRUE(alone == sketch && sum == wanted);
  EXPECT_EQ(read.lowest.lower, sketch.reach().lowest.lower);
  EXPECT_EQ(read.highest.upper, sketch.reach().highest.upper);
  EXPECT_FALSE(DdSketch::skip_packed(cut, sketch.count()) && !cut.bad());
}

// Whole, sharded and read back must be one sketch, and within alpha of the exact answer.
void check(std::vector<std::int64_t> values, std::size_t shards = 3) {
  DdSketch whole, merged;
  std::vector<DdSketch> parts(shards);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(whole.add(values[i]));
    ASSERT_TRUE(parts[i % shards].add(values[i]));
  }
  for (const DdSketch& part : parts) merged.merge(part);
  DdSketch backwards;
  for (std::size_t i = shards; i-- > 0;) backwards.merge(parts[i]);
  EXPECT_EQ(bytes_of(whole), bytes_of(merged));
  EXPECT_EQ(bytes_of(whole), bytes_of(backwards));
  const auto read = DdSketch::deserialise(bytes_of(whole));
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(*read == whole);

  check_packed(whole, parts[0]);

  std::ranges::sort(values);
  for (const double q : quantiles) {
    const double right = exact(values, q), got = *whole.quantile(q);
    EXPECT_LE(std::abs(got - right), alpha * right * (1 + 1e-9)) << "n " << values.size() << " q " << q << " exact " << right;
  }
  for (std::size_t i = 1; i < shards; ++i) ASSERT_TRUE(merged.subtract(parts[i]));
  EXPECT_EQ(bytes_of(merged), bytes_of(parts[0]));
}

TEST(Buckets, are_whole_and_narrow) {
  using namespace ddsketch;
  EXPECT_EQ(lower_of(0), 1);
  for (std::uint32_t bucket = 0; bucket < bucket_count; ++bucket) {
    const std::int64_t low = lower_of(bucket), high = upper_of_bucket(bucket);
    // high * 995 <= low * 1005, without overflow
    ASSERT_LE(high - low, low / 995 * 10 + low % 995 * 10 / 995);
    ASSERT_EQ(bucket_of(low), bucket);
    ASSERT_EQ(bucket_of(high), bucket);
    ASSERT_EQ(bucket_of(low + (high - low) / 2), bucket);
  }
  EXPECT_EQ(upper_of_bucket(bucket_count - 1), highest);
}

TEST(Buckets, every_small_integer_and_random_large_ones) {
  using namespace ddsketch;
  const auto check_value = [](std::int64_t value) {
    const std::uint32_t bucket = bucket_of(value);
    ASSERT_LE(lower_of(bucket), value);
    ASSERT_GE(upper_of_bucket(bucket), value);
  };
  for (std::int64_t value = 1; value < 200'000; ++value) check_value(value);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) check_value(std::int64_t(random() >> (1 + random() % 62)) | 1);
}

TEST(DdSketch, edges) {
  DdSketch sketch;
  EXPECT_FALSE(sketch.quantile(0.5).has_value());
  EXPECT_FALSE(sketch.add(-1));
  EXPECT_FALSE(sketch.remove(7));
  EXPECT_FALSE(sketch.remove(0));
  EXPECT_EQ(sketch.heap_bytes(), 0u);
  ASSERT_TRUE(sketch.add(0));
  EXPECT_EQ(sketch.heap_bytes(), 0u);
  EXPECT_EQ(sketch.quantile(1), 0.0);
  ASSERT_TRUE(sketch.add(10));
  EXPECT_EQ(sketch.quantile(0.5), 5.0);
  ASSERT_TRUE(sketch.remove(10));
  EXPECT_EQ(sketch.heap_bytes(), 0u);
  EXPECT_FALSE(sketch.add(5, ~std::uint64_t(0)));
  EXPECT_EQ(sketch.count(), 1u);
  ASSERT_TRUE(sketch.add(5, 3'000'000));  // more than a sparse entry holds
  ASSERT_TRUE(sketch.remove(5, 2'999'999));
  EXPECT_EQ(sketch.quantile(1), 5.0);
}

TEST(DdSketch, as_percentile_cont_for_every_small_n) {
  std::mt19937_64 random(2);
  for (std::size_t n = 1; n <= 60; ++n)
    for (int round = 0; round < 8; ++round) {
      std::vector<std::int64_t> values(n);
      for (auto& value : values) value = std::int64_t(random() >> (1 + random() % 63));
      check(values);
    }
}

TEST(DdSketch, as_percentile_cont_for_many_shapes) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latency(13, 0.6), wide(13, 5);
  std::exponential_distribution<double> exponential(1e-6);
  std::uniform_int_distribution<std::int64_t> uniform(0, 2'000'000), tiny(0, 20);
  const auto many = [](std::size_t n, auto&& draw) {
    std::vector<std::int64_t> values(n);
    for (auto& value : values) value = std::int64_t(draw());
    check(values, 7);
  };
  for (const std::size_t n : {100u, 1'000u, 20'000u}) {
    many(n, [&] { return latency(random); });
    many(n, [&] { return std::min(wide(random), 9e18); });
    many(n, [&] { return exponential(random); });
    many(n, [&] { return double(uniform(random)); });
    many(n, [&] { return double(tiny(random)); });
    many(n, [&] { return random() % 2 ? 3.0 : 9e15; });  // two far modes
  }
  check({highest, highest, 1, 0});
}

// The rival is a plain map of value to count; any order of adds and removes leaves what the map says.
TEST(DdSketch, remove_undoes_add_exactly) {
  std::mt19937_64 random(4);
  std::map<std::int64_t, int> held;
  DdSketch sketch;
  for (int step = 0; step < 20'000; ++step) {
    const auto value = std::int64_t(random() % 3 ? random() % 1'000'000 : random() % 300);
    if (random() % 2 || held.empty()) {
      ++held[value];
      ASSERT_TRUE(sketch.add(value));
    } else {
      auto at = held.lower_bound(value);
      if (at == held.end()) at = held.begin();
      ASSERT_TRUE(sketch.remove(at->first));
      if (--at->second == 0) held.erase(at);
    }
  }
  DdSketch fresh;
  for (const auto& [value, times] : held) ASSERT_TRUE(fresh.add(value, std::uint64_t(times)));
  EXPECT_EQ(bytes_of(sketch), bytes_of(fresh));
  for (const auto& [value, times] : held) ASSERT_TRUE(sketch.remove(value, std::uint64_t(times)));
  EXPECT_EQ(bytes_of(sketch), bytes_of(DdSketch()));
}

TEST(DdSketch, copies_are_apart) {
  DdSketch a;
  for (int i = 1; i < 1000; ++i) ASSERT_TRUE(a.add(i * 1000));
  DdSketch b = a;
  ASSERT_TRUE(b.remove(5000));
  EXPECT_FALSE(a == b);
  a = b;
  EXPECT_TRUE(a == b);
  DdSketch c = std::move(b);
  EXPECT_TRUE(a == c);
  c.merge(c);
  EXPECT_EQ(c.count(), 2 * a.count());
  ASSERT_TRUE(c.subtract(c));
  EXPECT_TRUE(c.empty());
}

TEST(DdSketch, histogram) {
  DdSketch sketch;
  for (const std::int64_t value : {0, 1, 99, 1000, 1001}) ASSERT_TRUE(sketch.add(value));
  std::uint64_t total = 0;
  std::int64_t before = -1;
  sketch.each([&](const DdSketch::Bucket& bucket) {
    EXPECT_GT(bucket.lower, before);
    EXPECT_GE(bucket.upper, bucket.lower);
    before = bucket.upper;
    total += bucket.count;
  });
  EXPECT_EQ(total, 5u);
}

TEST(DdSketch, refuses_hostile_bytes) {
  DdSketch sketch;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(sketch.add(i * 7919));
  const std::string good = bytes_of(sketch);
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(DdSketch::deserialise(good.substr(0, cut)).has_value());
  EXPECT_FALSE(DdSketch::deserialise(good + '\0').has_value());
  const auto refuse = [](std::initializer_list<int> bytes) {
    std::string text;
    for (const int byte : bytes) text.push_back(char(byte));
    EXPECT_FALSE(DdSketch::deserialise(text).has_value());
  };
  refuse({});
  refuse({2, 0, 0});                    // another version
  refuse({1, 0, 1, 5, 0});              // a count of nothing
  refuse({1, 0, 2, 5, 1, 0, 1});        // the same bucket twice
  refuse({1, 0, 1, 0xFB, 0x1E, 1});     // bucket 3963
  refuse({1, 0x80, 0x00, 0});           // a longer varint than need be
  refuse({1, 0, 0xFF, 0xFF, 0xFF, 0x7F});
  refuse({1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0});
}

TEST(Bits, numbers_come_back_as_they_went) {
  std::mt19937_64 random(9);
  std::string bytes;
  bits::Writer out(bytes);
  std::vector<std::uint64_t> values{0, 1, 7, 8, ~std::uint64_t{0}, std::uint64_t{1} << 63};
  for (int i = 0; i < 2'000; ++i) values.push_back(random() >> random() % 64);
  for (const std::uint64_t value : values) {
    out.small(value);
    out.number(value);
    out.wide(value, 64);
    out.rice(value % 100'000, unsigned(value % 17));
    out.put(value % 2, 1);
  }
  out.finish();
  bits::Reader in(bytes);
  for (const std::uint64_t value : values) {
    EXPECT_EQ(in.small(), value);
    EXPECT_EQ(in.number(), value);
    EXPECT_EQ(in.wide(64), value);
    EXPECT_EQ(in.rice(unsigned(value % 17)), value % 100'000);
    EXPECT_EQ(in.take(1), value % 2);
  }
  EXPECT_TRUE(in.done() && !in.bad());
  EXPECT_EQ(in.take(20), 0u);
  EXPECT_TRUE(in.bad());
}

}  // namespace
}  // namespace aybiza
