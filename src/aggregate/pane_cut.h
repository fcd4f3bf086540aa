// How a question to live state is cut: what panes answer, and what is left to the calls that are still held.
//
// Shape    ranges ascending and disjoint, each with the question's bucket it belongs to.
// Cost     O(buckets).
// Threads  pure.
// Source   decisions.md 20-22.
#pragma once

#include <vector>

#include "aggregate/live_question.h"
#include "aggregate/series.h"

namespace aybiza {

struct PaneCut {
  struct Range { Instant from{}, to{}; std::size_t bucket = 0; };
  std::vector<Range> panes, rest;
  Axis axis = Axis::total;  // of the panes; meaningless when there are none
};

// `newest`: of all events, never when there are none. REQUIRES: at least two edges.
PaneCut cut_to_panes(const LiveQuestion& question, const Floors (&floors)[axis_count], Instant newest);

// The range that t lies in; null: none.
const PaneCut::Range* range_of(const std::vector<PaneCut::Range>& ranges, Instant t);

}  // namespace aybiza
