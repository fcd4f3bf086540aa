// What agents learn: patterns found, proven and taken over, improvements told and knowledge, of all of them and of each.
//
// Shape    questions only, so every figure is one of /api/v1/query; agents that told nothing in the range are left out, the busiest come first.
// Units    wire units.
// Errors   a refused question leaves its reason.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Agents"; docs/learning.md.
#pragma once

#include "live/asking.h"

namespace aybiza {

struct Learner {
  std::string agent;                                // "": of all
  double patterns = 0, successful = 0, replicated = 0, improvements = 0;
  Known knowledge_nodes, unanswered;                // none was told of: unknown
  double told() const { return patterns + successful + replicated + improvements; }
};
struct Learners {
  Instant as_of{};
  Learner all;
  std::vector<Learner> agents;
  std::size_t learning = 0;                         // agents that told something, also those beyond learners_shown
  std::size_t experiments = 0;                      // that calls of the range belong to
  std::string error;
};

inline constexpr std::size_t learners_shown = 20;

Learners compute_learners(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
