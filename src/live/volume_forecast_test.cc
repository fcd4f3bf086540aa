// The forecast of a range: asked from what was before it, told in the chart's steps, and withheld with a reason.
#include "live/volume_forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'795'004'800'000'000);  // 13:46:40 UTC

// Calls of each hour by its place in the week, asked in any step that is whole hours.
struct Deployment {
  Instant since = now - 60 * 24h;
  bool sampled = false;
  std::vector<Question> asked;
  static double of_hour(Instant t) { return 10 + double(to_micros(t) / 3'600'000'000 % 168 % 24); }

  Answered<Answer> ask(const Question& q) {
    asked.push_back(q);
    Answer answer;
    answer.columns = {"time", "calls"};
    for (Instant t = floor_to(q.from, q.step); t < q.to; t += q.step) {
      double calls = 0;
      for (Instant hour = t; hour < t + q.step; hour += 1h)
        if (hour >= since) calls += of_hour(hour);
      answer.rows.push_back({Figure(format_rfc3339(t)), Figure(calls)});
    }
    answer.estimate = {false, sampled};
    return answer;
  }
};

VolumeForecast of(Deployment& d, std::string range) {
  ViewScope scope;
  scope.range = std::move(range);
  return compute_volume_forecast([&d](const Question& q) { return d.ask(q); }, scope, now);
}

TEST(VolumeForecast, ADayIsForecastFromTheWeeksBeforeIt) {
  Deployment d;
  const VolumeForecast f = of(d, "24h");
  ASSERT_EQ(f.why, NoForecast::none) << f.error;
  EXPECT_EQ(d.asked.at(0).to, floor_to(now - 24h, 1h));  // nothing of the range is looked at
  EXPECT_DOUBLE_EQ(f.days, 56);
  EXPECT_EQ(f.times.front(), floor_to(now - 24h, 15min));
  EXPECT_EQ(f.times.back(), floor_to(now + 3h, 15min));  // an eighth ahead
  for (std::size_t i = 0; i < f.times.size(); ++i) {     // a quarter of what the hours around it are
    const double a = Deployment::of_hour(f.times[i] - 30min), b = Deployment::of_hour(f.times[i] + 30min);
    EXPECT_GE(f.expected[i].middle, std::min(a, b) / 4 - 1e-6);
    EXPECT_LE(f.expected[i].middle, std::max(a, b) / 4 + 1e-6);
    EXPECT_LT(f.expected[i].low, f.expected[i].middle);  // counts of a quarter scatter, even where hours repeat exactly
  }
}

TEST(VolumeForecast, LongRangesAreForecastInTheirOwnSteps) {
  Deployment d;
  const VolumeForecast f = of(d, "30d");
  ASSERT_EQ(f.why, NoForecast::none);
  EXPECT_EQ(d.asked.at(0).step, 12h);
  EXPECT_EQ(f.times.at(1) - f.times.at(0), 12h);
  d.since = now - 200 * 24h;
  const VolumeForecast more = of(d, "30d");
  for (std::size_t i = 0; i < more.times.size(); ++i) {
    double calls = 0;
    for (Instant hour = more.times[i]; hour < more.times[i] + 12h; hour += 1h) calls += Deployment::of_hour(hour);
    EXPECT_NEAR(more.expected[i].middle, calls, 1e-6);
  }
}

TEST(VolumeForecast, SaysWhyThereIsNone) {
  Deployment d;
  d.since = floor_to(now - 24h, 1h) - 20 * 24h;
  EXPECT_EQ(of(d, "24h").why, NoForecast::too_little);
  EXPECT_DOUBLE_EQ(of(d, "24h").days, 20);
  d.since = now;
  EXPECT_DOUBLE_EQ(of(d, "1h").days, 0);
  ViewScope scope;
  scope.from = now - 57 * 24h, scope.to = now;
  EXPECT_EQ(compute_volume_forecast([&d](const Question& q) { return d.ask(q); }, scope, now).why, NoForecast::too_long);
  const VolumeForecast refused = compute_volume_forecast([](const Question&) -> Answered<Answer> { return std::unexpected(Refusal{"unavailable", "", "away"}); }, {}, now);
  EXPECT_EQ(refused.why, NoForecast::failed);
  EXPECT_EQ(refused.error, "away");
  d.since = now - 60 * 24h, d.sampled = true;
  EXPECT_EQ(of(d, "24h").why, NoForecast::sampled);
}

TEST(VolumeForecast, ACustomRangeIsNotLookedBeyond) {
  Deployment d;
  ViewScope scope;
  scope.from = now - 5h, scope.to = now - 1h;
  const VolumeForecast f = compute_volume_forecast([&d](const Question& q) { return d.ask(q); }, scope, now);
  ASSERT_EQ(f.why, NoForecast::none);
  EXPECT_LT(f.times.back(), *scope.to);
  EXPECT_GE(f.times.back() + 15min, *scope.to);
}

// Minutes of hours that are known to be 120 within ± 20: a share of the hour's scatter and that of counts.
TEST(VolumeForecast, ShortStepsHoldNineOfTen) {
  const std::vector<Expected> hours(3, {100, 120, 140});
  std::mt19937_64 random(5);
  for (const Duration step : {Duration(1min), Duration(15min)}) {
    const Expected e = expected_in(hours, now, 1h, now + 1h, step);
    EXPECT_NEAR(e.middle, 120 * double(step / 1min) / 60, 1e-9);
    int inside = 0;
    constexpr int trials = 20'000;
    for (int i = 0; i < trials; ++i) {
      const double rate = 120 * double(step / 1min) / 60;  // 20 is the scatter of counts of 120 alone, nearly
      const int calls = std::poisson_distribution<int>(rate)(random);
      inside += calls >= e.low && calls <= e.high ? 1 : 0;
    }
    EXPECT_GT(inside, trials * 85 / 100);
    EXPECT_LT(inside, trials * 98 / 100);
  }
  const Expected whole = expected_in(hours, now, 1h, now + 1h, 1h);
  EXPECT_EQ(whole.low, 100);
  EXPECT_EQ(whole.high, 140);
}

}  // namespace
}  // namespace aybiza
