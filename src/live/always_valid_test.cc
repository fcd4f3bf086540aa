// The interval that may be watched: against every path there is, against a grid, and against a test that must not be watched.
#include "live/always_valid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace aybiza {
namespace {

constexpr double alpha = 0.05;
using Alarm = std::function<bool(const Arm&, const Arm&)>;

bool evidence_alarm(const Arm& a, const Arm& b) { return log_evidence(a, b) > -std::log(alpha); }

// What people do by hand: a z-test at every look.
bool naive_alarm(const Arm& a, const Arm& b) {
  const double pooled = double(a.successes + b.successes) / double(a.n + b.n), variance = pooled * (1 - pooled) * (1 / double(a.n) + 1 / double(b.n));
  return variance > 0 && std::abs(double(b.successes) / double(b.n) - double(a.successes) / double(a.n)) > 1.959964 * std::sqrt(variance);
}

// The exact probability of an alarm at any of the looks after pair 1, 2, ..., `pairs`: all paths, none sampled.
double ever_alarms(double share_a, double share_b, std::size_t pairs, const Alarm& alarm) {
  std::vector<std::vector<double>> silent(pairs + 2, std::vector<double>(pairs + 2, 0));  // [successes a][successes b]
  silent[0][0] = 1;
  double alarmed = 0;
  for (std::size_t n = 1; n <= pairs; ++n) {
    for (std::size_t i = n + 1; i-- > 0;)
      for (std::size_t j = n + 1; j-- > 0;) {
        const auto from = [&](bool a, bool b) { return (a && i == 0) || (b && j == 0) ? 0 : silent[i - a][j - b] * (a ? share_a : 1 - share_a) * (b ? share_b : 1 - share_b); };
        silent[i][j] = from(false, false) + from(true, false) + from(false, true) + from(true, true);
      }
    for (std::size_t i = 0; i <= n; ++i)
      for (std::size_t j = 0; j <= n; ++j)
        if (silent[i][j] > 0 && alarm({n, i}, {n, j})) alarmed += silent[i][j], silent[i][j] = 0;
  }
  return alarmed;
}

TEST(AlwaysValid, FalseAlarmsStayBelowAlphaHoweverOftenOneLooks) {
  for (const double share : {0.02, 0.1, 0.5, 0.8, 0.97}) EXPECT_LE(ever_alarms(share, share, 100, evidence_alarm), alpha) << share;
  EXPECT_GT(ever_alarms(0.5, 0.5, 100, naive_alarm), 5 * alpha);  // the test that is meant for one look
}

TEST(AlwaysValid, AnEffectIsFound) {
  EXPECT_GT(ever_alarms(0.4, 0.8, 100, evidence_alarm), 0.95);
  EXPECT_GT(ever_alarms(0.9, 0.5, 100, evidence_alarm), 0.95);
}

// The same with arms of other sizes, calls in bursts and a look after each: assignment may follow what was seen.
TEST(AlwaysValid, FalseAlarmsStayBelowAlphaWhenAssignmentFollowsTheData) {
  std::mt19937_64 random(5);
  int alarms = 0;
  constexpr int runs = 1'000;
  for (int run = 0; run < runs; ++run) {
    Arm arms[2];
    for (int call = 0; call < 1'000; ++call) {
      const bool better = arms[1].successes * arms[0].n > arms[0].successes * arms[1].n;
      Arm& arm = arms[std::bernoulli_distribution(better ? 0.8 : 0.3)(random)];
      ++arm.n;
      arm.successes += std::bernoulli_distribution(0.7)(random);
      if (evidence_alarm(arms[0], arms[1])) {
        ++alarms;
        break;
      }
    }
  }
  EXPECT_LE(alarms, int(runs * alpha));
}

// The interval's rival looks at every pair of shares on a grid.
TEST(AlwaysValid, TheIntervalIsTheShadowOfTheRegion) {
  const auto check = [](Arm a, Arm b) {
    const auto log_m = [](const Arm& arm, double share) {
      const double s = double(arm.successes), f = double(arm.n - arm.successes);
      return std::lgamma(s + .5) + std::lgamma(f + .5) - std::lgamma(s + f + 1) - std::log(std::acos(-1.0)) - (s > 0 ? s * std::log(share) : 0) - (f > 0 ? f * std::log(1 - share) : 0);
    };
    double low = 1, high = -1;
    constexpr int steps = 1'000;
    for (int i = 0; i <= steps; ++i)
      for (int j = 0; j <= steps; ++j)
        if (log_m(a, double(i) / steps) + log_m(b, double(j) / steps) <= -std::log(alpha)) low = std::min(low, double(j - i) / steps), high = std::max(high, double(j - i) / steps);
    const auto effect = effect_of(a, b, alpha);
    ASSERT_TRUE(effect);
    EXPECT_NEAR(effect->low, low, 2.5 / steps) << a.n << ' ' << b.n;
    EXPECT_NEAR(effect->high, high, 2.5 / steps) << a.n << ' ' << b.n;
  };
  check({100, 60}, {100, 80});
  check({40, 0}, {60, 60});
  check({3, 1}, {500, 350});
  check({10, 0}, {10, 0});
  check({1, 1}, {1, 0});
}

TEST(AlwaysValid, TheIntervalAndTheEvidenceAgree) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    const auto arm = [&] {
      const std::uint64_t n = 1 + random() % 400;
      return Arm{n, random() % (n + 1)};
    };
    const Arm a = arm(), b = arm();
    const auto effect = effect_of(a, b, alpha);
    EXPECT_EQ(effect->known(), evidence_alarm(a, b)) << a.n << ' ' << a.successes << ' ' << b.n << ' ' << b.successes;
    EXPECT_LE(effect->low, effect->difference);
    EXPECT_GE(effect->high, effect->difference);
  }
  EXPECT_FALSE(effect_of({0, 0}, {5, 2}, alpha));  // nothing is known of an arm without calls
  EXPECT_EQ(log_evidence({}, {}), 0);
}

TEST(SampleRatio, IsTheChiSquareTest) {
  const auto check = [](std::vector<std::uint64_t> counts, std::vector<double> shares, std::optional<double> expected) {
    const auto p = sample_ratio_p(counts, shares);
    ASSERT_EQ(p.has_value(), expected.has_value());
    if (p) {
      EXPECT_NEAR(*p, *expected, 1e-6 * *expected);
    }
  };
  check({500, 500}, {}, 1);
  check({550, 450}, {}, 0.001565402);              // x = 10, 1 degree of freedom
  check({40, 30, 20}, {}, 0.035673993);            // x = 6.6667, 2
  check({30, 25, 25, 20}, {}, 0.572406704);        // x = 2, 3
  check({90, 10}, {9, 1}, 1);
  check({30, 20, 20, 15, 15}, {}, 0.111709293);    // x = 7.5, 4
  check({7}, {}, std::nullopt);
  check({0, 0}, {}, std::nullopt);
}

}  // namespace
}  // namespace aybiza
