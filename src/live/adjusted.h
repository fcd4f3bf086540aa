// Agents compared as if each had taken the same mix of calls: success by direct standardisation.
//
// Shape    calls with a known outcome are split into strata: region x direction x channel x campaign x language. An agent's rate is the mean of its
//          rates in the strata, weighed by how many such calls all agents had in each; strata in which it had none are left out, and `covered` says what share
//          of the mix is left. The interval is normal, the variance of a stratum (x + 1)(n − x + 1) / (n + 2)², so that none is certain after a few calls.
//          An interval of 95 % each: of twenty equal agents one lies outside.
// Units    shares 0..1.
// Errors   a refused question becomes `error`. Sampled calls are no observations: then nothing is compared, and `estimate` says why.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   docs/metrics.md "Agents compared"; Breslow and Day, Statistical Methods in Cancer Research II (1987), 2.3.
#pragma once

#include <map>

#include "live/asking.h"
#include "live/league.h"

namespace aybiza {

inline constexpr double adjusted_least_calls = 30;      // with a known outcome
inline constexpr double adjusted_least_covered = 0.8;   // of the mix

struct Stratum {
  double n = 0, successes = 0;
};
using Strata = std::map<std::vector<std::string>, Stratum>;  // by the values of the dimensions

struct Adjusted {
  double rate = 0, low = 0, high = 0, covered = 0, n = 0;
  bool comparable() const { return n >= adjusted_least_calls && covered >= adjusted_least_covered; }
};
Adjusted adjusted(const Strata& own, const Strata& all);

struct AdjustedState {
  Instant as_of{};
  std::map<std::string, Adjusted> agents;  // of those the league shows
  Known standard;                          // success of all calls of the mix
  bool estimate = false, complete = true;  // complete: false where there are more parts than a question answers
  std::string error;
};
// Of the agents in the rows of `league`.
AdjustedState compute_adjusted(const Ask& ask, const ViewScope& scope, const League& league, Instant now);

}  // namespace aybiza
