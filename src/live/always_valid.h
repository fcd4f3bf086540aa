// Two shares compared while they grow: an interval that may be looked at after every call and still keeps its promise.
//
// Shape    per arm the beta-binomial mixture M(θ) = B(s+½, f+½) / (B(½,½) θ^s (1−θ)^f) is a martingale where θ is the arm's true share,
//          and so is the product over both arms, in whatever order calls come and however they are assigned. By Ville's inequality
//          it ever exceeds 1/α with probability at most α, so the shares with a product below 1/α are a confidence region at all
//          times at once, and the extremes of θ₂ − θ₁ in it an interval for the effect. Exact, not asymptotic: no smallest sample,
//          no plan of looks, no normality. It is wider than an interval for one look; that is its price.
// Units    shares 0..1; effect = treated − control.
// Errors   an arm without observations is all unknown: [−1, 1].
// Cost     some 60 x 60 evaluations an interval.
// Threads  pure.
// Source   Ville 1939; Robbins, "Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat. 41 (1970);
//          Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Stat. 49 (2021);
//          for 2x2 tables Turner and Grünwald, Stat. Prob. Letters 198 (2023). Sample ratio: Fabijan et al., KDD 2019.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace aybiza {

struct Arm {
  std::uint64_t n = 0, successes = 0;  // REQUIRES: successes <= n
};

struct Effect {
  double difference = 0, low = -1, high = 1;
  bool known() const { return low > 0 || high < 0; }  // the interval leaves no doubt about the sign
};

// nullopt: an arm has no observations.
std::optional<Effect> effect_of(const Arm& control, const Arm& treated, double alpha);
// The logarithm of the evidence against both arms having the same share: an e-value, so 1/e^x is a p-value at any time.
double log_evidence(const Arm& control, const Arm& treated);

// The probability of counts at least so far from the intended shares, if calls were assigned as intended (chi-square).
// `shares` empty: equal ones. nullopt: fewer than two counts, or nothing counted.
std::optional<double> sample_ratio_p(std::span<const std::uint64_t> counts, std::span<const double> shares = {});

}  // namespace aybiza
