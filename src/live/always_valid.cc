#include "live/always_valid.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace aybiza {
namespace {

constexpr int halvings = 60;  // more than a double's digits

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

// x log y, where 0 log 0 is 0: what did not happen says nothing.
double times_log(double x, double y) { return x == 0 ? 0 : x * std::log(y); }

double failures(const Arm& arm) { return double(arm.n - arm.successes); }

// log M(θ) of one arm; convex in θ, infinite where θ excludes what was seen.
double log_mixture(const Arm& arm, double theta) {
  const double s = double(arm.successes), f = failures(arm);
  return log_beta(s + 0.5, f + 0.5) - std::log(std::numbers::pi) - times_log(s, theta) - times_log(f, 1 - theta);  // B(½,½) = π
}

double slope(const Arm& arm, double theta) {
  const double s = double(arm.successes), f = failures(arm);
  return (s == 0 ? 0 : -s / theta) + (f == 0 ? 0 : f / (1 - theta));
}

// The least of log M over both arms whose shares differ by `difference`: a convex function of one share.
double profile(const Arm& control, const Arm& treated, double difference) {
  double low = std::max(0.0, -difference), high = std::min(1.0, 1 - difference);
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    if (slope(control, middle) + slope(treated, middle + difference) < 0) low = middle;
    else high = middle;
  }
  const double share = (low + high) / 2;
  return log_mixture(control, share) + log_mixture(treated, std::clamp(share + difference, 0.0, 1.0));
}

// From inside the region to `end`: where it is left.
double edge(const Arm& control, const Arm& treated, double inside, double end, double bound) {
  if (profile(control, treated, end) <= bound) return end;
  for (int i = 0; i < halvings; ++i) {
    const double middle = (inside + end) / 2;
    (profile(control, treated, middle) <= bound ? inside : end) = middle;
  }
  return end;  // outside by less than anybody sees: on the safe side
}

}  // namespace

std::optional<Effect> effect_of(const Arm& control, const Arm& treated, double alpha) {
  if (control.n == 0 || treated.n == 0) return std::nullopt;
  const double bound = -std::log(alpha);
  Effect effect;
  effect.difference = double(treated.successes) / double(treated.n) - double(control.successes) / double(control.n);
  effect.low = edge(control, treated, effect.difference, -1, bound);
  effect.high = edge(control, treated, effect.difference, 1, bound);
  return effect;
}

double log_evidence(const Arm& control, const Arm& treated) {
  const std::uint64_t n = control.n + treated.n;
  if (n == 0) return 0;
  const double pooled = double(control.successes + treated.successes) / double(n);  // where one share explains both best
  return log_mixture(control, pooled) + log_mixture(treated, pooled);
}

std::optional<double> sample_ratio_p(std::span<const std::uint64_t> counts, std::span<const double> shares) {
  double all = 0, intended = 0;
  for (const std::uint64_t count : counts) all += double(count);
  for (const double share : shares) intended += share;
  if (counts.size() < 2 || all == 0 || (!shares.empty() && (shares.size() != counts.size() || intended <= 0))) return std::nullopt;
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = shares.empty() ? all / double(counts.size()) : all * shares[i] / intended;
    if (expected <= 0) return std::nullopt;
    statistic += (double(counts[i]) - expected) * (double(counts[i]) - expected) / expected;
  }
  // Q(k/2, x/2) for k degrees of freedom, from Q(½, y) = erfc(√y) or Q(1, y) = e^−y by Q(a+1, y) = Q(a, y) + y^a e^−y / Γ(a+1).
  const double y = statistic / 2, top = double(counts.size() - 1) / 2;
  double a = counts.size() % 2 == 0 ? 0.5 : 1, q = counts.size() % 2 == 0 ? std::erfc(std::sqrt(y)) : std::exp(-y);
  for (; a < top; a += 1)
    if (y > 0) q += std::exp(a * std::log(y) - y - std::lgamma(a + 1));
  return std::min(q, 1.0);
}

}  // namespace aybiza
