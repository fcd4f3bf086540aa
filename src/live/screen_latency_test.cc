// How long events wait for a page, against every wait on its own.
#include "live/screen_latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant noon = from_micros(1'800'000'000'000'000);
constexpr auto written = ScreenLatency::written;
constexpr auto drawn = ScreenLatency::drawn;

TEST(ScreenLatency, QuantilesAreTheSmallestBoundsNotBelowTheExactOnes) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> about(3, 1.5);
  ScreenWaits waits;
  std::vector<double> exact;
  for (int i = 0; i < 5'000; ++i) {
    const Duration wait(std::int64_t(std::min(about(random), 60'000.0) * 1e3));
    waits.add(wait, 1);
    exact.push_back(double(wait.count()) / 1e3);
  }
  std::ranges::sort(exact);
  for (const double q : {0.0, 0.1, 0.5, 0.95, 0.99, 0.999, 1.0}) {
    const double at = exact[std::max<std::size_t>(1, std::size_t(std::ceil(q * 5'000))) - 1];
    std::size_t bound = 0;
    while (screen_bound_ms(bound) < at) ++bound;
    EXPECT_DOUBLE_EQ(*waits.quantile_ms(q), screen_bound_ms(bound)) << q;
  }
  EXPECT_FALSE(ScreenWaits{}.quantile_ms(.5));  // nobody waited: not "0 ms"
  waits.add(24h, 5'000'000);
  EXPECT_TRUE(std::isinf(*waits.quantile_ms(.99)));
}

TEST(ScreenLatency, EachEventCountsOnceForEachPageThatShowsIt) {
  ScreenLatency latency;
  latency.took(100, 110, noon);           // ten events
  latency.took(110, 111, noon + 5ms);     // one
  latency.took(111, 131, noon + 20ms);    // twenty
  latency.seen(written, 100, 111, noon + 10ms);   // 10 waited 10 ms, 1 waited 5 ms
  latency.seen(written, 111, 121, noon + 30ms);   // 10 of the twenty waited 10 ms
  latency.seen(written, 105, 131, noon + 100ms);  // another page: 5 waited 100 ms, 1 waited 95 ms, 20 waited 80 ms
  latency.seen(written, 131, 131, noon + 1s);     // nothing new
  const ScreenWaits waits = latency.waits(written);
  EXPECT_EQ(waits.count(), 47u);
  EXPECT_EQ(waits.sum_us, std::uint64_t(10 * 10 + 5 + 10 * 10 + 5 * 100 + 95 + 20 * 80) * 1'000);
  EXPECT_EQ(latency.waits(drawn).count(), 0u);
  latency.seen(written, 121, 131, noon - 1h);  // a clock that stepped back
  EXPECT_EQ(latency.waits(written).sum_us, waits.sum_us);
}

TEST(ScreenLatency, WhatIsForgottenWaitedTheLongest) {
  ScreenLatency latency;
  for (std::uint64_t i = 0; i < limits::screen_receipts + 10; ++i) latency.took(i, i + 1, noon + Duration(std::int64_t(i)));
  latency.seen(written, 0, 20, noon + 1s);
  const ScreenWaits waits = latency.waits(written);
  EXPECT_EQ(waits.counts.back(), 10u);
  EXPECT_EQ(waits.count(), 20u);
}

TEST(ScreenLatency, APageIsAskedWhatItWroteAndWhatItsBrowserDrew) {
  ScreenLatency latency;
  OnScreen page(latency);
  const auto message = [&](std::uint64_t folded, std::int64_t tick, Instant at) { page.counts(folded), page.numbered(tick), page.rendered(), page.left(at); };
  latency.took(0, 50, noon - 1h);
  message(50, 1, noon);  // what was there when it began to follow: nobody waited for that
  page.drew(1, noon + 1ms);
  EXPECT_EQ(latency.waits(written).count(), 0u);
  EXPECT_EQ(latency.waits(drawn).count(), 0u);
  latency.took(50, 60, noon + 10ms);
  page.counts(60);
  page.left(noon + 11ms);  // another message, of what was rendered before
  EXPECT_EQ(latency.waits(written).count(), 0u);
  message(60, 2, noon + 14ms);
  latency.took(60, 61, noon + 20ms);
  message(61, 3, noon + 22ms);
  EXPECT_EQ(latency.waits(written).count(), 11u);
  EXPECT_EQ(latency.waits(written).sum_us, 10u * 4'000 + 2'000);
  page.drew(3, noon + 30ms);  // both at once
  EXPECT_EQ(latency.waits(drawn).count(), 11u);
  EXPECT_EQ(latency.waits(drawn).sum_us, 10u * 20'000 + 10'000);
  page.drew(3, noon + 40ms);
  EXPECT_EQ(latency.waits(drawn).count(), 11u);
  latency.took(61, 70, noon + 50ms);
  page.stops();  // paused
  message(70, 4, noon + 10min);
  page.drew(4, noon + 10min);
  EXPECT_EQ(latency.waits(written).count(), 11u);
  EXPECT_EQ(latency.waits(drawn).count(), 11u);
}

}  // namespace
}  // namespace aybiza
