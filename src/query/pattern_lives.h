// What is known of each pattern in a range: first and last told, by whom, and what was said of it last.
//
// Threads  pure.
// Source   docs/learning.md.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/rows.h"

namespace aybiza {

using Told = std::shared_ptr<const LearningRow>;

struct PatternLife {
  Told first, last;                        // of all rows given; the newest in the range
  std::string name, outcome, replicated_from;
  Number confidence_e4;                    // what was told last of each
  std::set<std::string> agents;
  std::int64_t events = 0;
};

// Those told of at or after `from`, in order of the newest event of each. Rows that are not `seen` do not exist; those that are
// not `told` (of another agent) only say when a pattern was first heard of. REQUIRES: rows ordered by time.
using KeepRow = std::function<bool(const LearningRow&)>;
std::vector<PatternLife> pattern_lives(const std::vector<Told>& rows, Instant from, const KeepRow& seen, const KeepRow& told);

}  // namespace aybiza
