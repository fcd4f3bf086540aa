// What the Learning page and its charts ask: `GET /api/v1/learning` and `GET /api/v1/changes`.
//
// Shape    both answer JSON; rows come live where live state has them, otherwise from the store, and the answer says which.
// Errors   Refusal, as of questions.
// Cost     O(rows of the range); lists end at limits::learning_list, the newest first, and say so.
// Threads  any but the shards' own.
// Source   docs/learning.md; decisions.md 20, 27.
#pragma once

#include <string>
#include <vector>

#include "server/pipeline.h"

namespace aybiza {

struct LearningScope {
  Instant from{}, to{};
  std::vector<std::string> customers;                     // whom the reader may see; empty: everybody
  std::string customer, agent, what;                      // filters; empty: any
  Source source = Source::automatic;
};

Answered<std::string> learning_json(Pipeline& pipeline, const LearningScope& scope);
Answered<std::string> changes_json(Pipeline& pipeline, const LearningScope& scope);

}  // namespace aybiza
