// Experiments as they stand: per variant what its calls came to, and against the first variant how sure one may be.
//
// Shape    two questions: averages by variant, and counts by variant and outcome of calls that have ended. An experiment is counted
//          from its first call (at most limits::experiment_life back), whatever range is chosen: an interval that may be watched holds for
//          data that grow, not for a window that slides. The first variant is the one called control, baseline, a or off, else by name.
//          α = 5 % is shared by the comparisons of one experiment; guardrails (escalation, errors) are compared alike.
// Units    shares 0..1, wire units.
// Errors   a refused question becomes `error`.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   live/always_valid.h; interface.md "Learning"; docs/metrics.md "Experiments".
#pragma once

#include "live/always_valid.h"
#include "live/asking.h"

namespace aybiza {

inline constexpr double experiment_alpha = 0.05;
inline constexpr double ratio_suspect = 0.001;  // below it calls were hardly assigned evenly

enum Compared { success_compared, escalation_compared, error_compared, compared_count };

struct Variant {
  std::string name;                                    // "" = not told
  double calls = 0;
  Known success_rate, escalation_rate, error_rate, avg_satisfaction, avg_duration_ms, cost_per_call;
  std::array<Arm, compared_count> arms;                // of ended calls: successes are successful, escalated, with an error
  std::array<std::optional<Effect>, compared_count> effects;  // against the first variant; empty for that one
};

enum class ExperimentVerdict : std::uint8_t { too_early, better, worse, guarded };  // guarded: better, but a guardrail got worse
struct Experiment {
  std::string name;
  std::vector<Variant> variants;                       // the first is the one compared with
  std::optional<double> ratio_p;                       // against an even split
  bool uneven() const { return ratio_p && *ratio_p < ratio_suspect; }
};
ExperimentVerdict verdict_of(const Variant& variant);

struct Experiments {
  Instant as_of{}, from{};
  std::vector<Experiment> list;                        // by name
  bool estimate = false;                               // calls were sampled: weighed counts are no observations, so there are no intervals
  std::string error;
};

Experiments compute_experiments(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
