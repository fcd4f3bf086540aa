#include "sketch/real_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace aybiza {
namespace {

double exact(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double rank = q * double(values.size() - 1);
  const auto below = std::size_t(rank);
  const double low = values[below], high = values[std::min(below + 1, values.size() - 1)];
  return low + (high - low) * (rank - double(below));
}

void check(const std::vector<double>& values) {
  RealSketch sketch;
  for (const double v : values) ASSERT_TRUE(sketch.add(v));
  for (const double q : {0.0, .01, .25, .5, .9, .95, .99, 1.0}) {
    // Interpolating between a negative and a positive neighbour may cancel: then the error is relative to both.
    const double want = exact(values, q), room = 0.00501 * std::fabs(want) + 1e-7;
    EXPECT_NEAR(*sketch.quantile(q), want, room) << q;
  }
}

TEST(RealSketch, WithinHalfAPercentOfTheExactRival) {
  check({0});
  check({1.5});
  check({-1.5, -1.5});
  check({-8, 812, 940, 1033});
  check({0.00001, 0.5, 1e9});
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(-3, 2);
  std::vector<double> values, both;
  for (int i = 0; i < 3000; ++i) values.push_back(latencies(random) + 1e-4);
  check(values);
  for (int i = 0; i < 3000; ++i) both.push_back((i % 3 == 0 ? -1 : 1) * (latencies(random) + 1e-3));
  RealSketch sketch;
  for (const double v : both) sketch.add(v);
  for (const double q : {.05, .2, .6, .99}) EXPECT_NEAR(*sketch.quantile(q) / exact(both, q), 1, 0.0051) << q;
}

TEST(RealSketch, Edges) {
  RealSketch sketch;
  EXPECT_FALSE(sketch.quantile(.5));
  EXPECT_FALSE(sketch.add(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(sketch.add(1e300));
  EXPECT_NEAR(*sketch.quantile(1), 9.2e11, 1e10);
  EXPECT_TRUE(sketch.add(-1e-12));  // counts as zero
  EXPECT_EQ(*sketch.quantile(0), 0);
}

TEST(RealSketch, MergeSubtractAndBytes) {
  RealSketch a, b, both;
  for (const double v : {1.0, -2.0, 3.5}) a.add(v), both.add(v);
  for (const double v : {-7.0, 0.0}) b.add(v, 3), both.add(v, 3);
  RealSketch sum = a;
  sum.merge(b);
  EXPECT_EQ(sum, both);
  EXPECT_TRUE(sum.subtract(b));
  EXPECT_EQ(sum, a);
  EXPECT_FALSE(sum.subtract(b));
  EXPECT_EQ(sum, a);
  for (const RealSketch& one : {RealSketch(), a, b, both}) {
    std::string bytes;
    one.serialise(bytes);
    const auto back = RealSketch::deserialise(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, one);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) (void)RealSketch::deserialise(std::string_view(bytes).substr(0, cut));
  }
}

// A histogram as senders keep it: every value in the middle of its bucket of 2^(2^-scale).
double in_bucket(double value, int scale) {
  const double width = std::exp2(-scale), index = std::floor(std::log2(std::fabs(value)) / width);
  return std::copysign(std::exp2((index + 0.5) * width), value);
}

TEST(RealSketch, WhatCameSinceTheBucketsWereNarrower) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> latencies(-1, 1.5);
  for (int round = 0; round < 400; ++round) {
    const int narrow = int(random() % 8) - 2, wide = narrow - int(random() % 4), signs = round % 3 == 0 ? 2 : 1;
    const std::size_t before = 1 + random() % 300, after = random() % 300;
    RealSketch earlier, now, rival;
    for (std::size_t i = 0; i < before + after; ++i) {
      const double value = (random() % std::size_t(signs) ? -1 : 1) * (latencies(random) + 1e-3);
      if (i < before) earlier.add(in_bucket(value, narrow));
      else rival.add(in_bucket(value, wide));
      now.add(in_bucket(value, wide));
    }
    for (const bool is_one : {true, false}) {
      RealSketch difference = now;
      ASSERT_TRUE(difference.subtract_earlier(earlier, is_one)) << round;
      EXPECT_EQ(difference.count(), after);
      if (narrow <= 5) {  // finer buckets are those of the sketch itself: some fall together
        EXPECT_EQ(difference, rival) << round << ": from scale " << narrow << " to " << wide;
      } else if (after > 0) {
        EXPECT_NEAR(std::log2(std::fabs(*difference.quantile(1)) / std::fabs(*rival.quantile(1))), 0, std::exp2(-wide) + 0.02) << round;
      }
    }
  }
}

TEST(RealSketch, OtherBucketsFilledAnewAreNoneThatWereMoved) {
  RealSketch earlier, restarted, fewer;
  for (const double v : {1.0, 2.0, 4.0}) earlier.add(in_bucket(v, 3), 2);
  for (const double v : {1.1, 2.2, 4.4}) restarted.add(in_bucket(v, 3), 4), restarted.add(in_bucket(v * 1.1, 3), 1);
  RealSketch difference = restarted;
  EXPECT_FALSE(difference.subtract_earlier(earlier, false));
  EXPECT_EQ(difference, restarted);
  EXPECT_TRUE(difference.subtract_earlier(earlier, true));  // who knows better
  EXPECT_EQ(difference.count(), restarted.count() - earlier.count());
  fewer.add(1);
  EXPECT_FALSE(fewer.subtract_earlier(earlier, true));
  EXPECT_EQ(fewer.count(), 1u);

  RealSketch zeros;  // the bucket of zero grew over small ones
  zeros.add(0, 5), zeros.add(in_bucket(4, 3), 3);
  EXPECT_TRUE(zeros.subtract_earlier(earlier, false));
  EXPECT_EQ(zeros.count(), 2u);
}

}  // namespace
}  // namespace aybiza
