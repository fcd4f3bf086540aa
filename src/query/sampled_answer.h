// Measures of calls, turns and usage where some of the calls stand for several: out of the rows, each as often as it counts.
//
// Shape    the rows are streamed (fact_scan) and added up as tallies, whose weights, quantiles and errors are those of live
//          state and rollups. Any question of them, histograms and moving averages too; occupancy is asked elsewhere.
// Errors   Refusal unavailable, of the store.
// Cost     a look-up and an add for each row of the range; SQL's own sums are some ten times as fast, and know no errors.
// Threads  any; a connection of the store at a time.
// Source   docs/sampling.md.
#pragma once

#include <map>

#include "query/answer.h"
#include "query/grid.h"
#include "store/store.h"

namespace aybiza {

struct SampledFigures {
  Cells& cells;
  std::map<std::size_t, double>& relative_error;  // by measure
  Estimates& estimates;
};

// Whether any row that counts in the range is of a call that stands for several.
Answered<bool> any_sampled(Store& store, Instant from, Instant to, Duration deadline);

// Adds the measures that are moving averages, or those that are none.
Answered<void> add_sampled(const Question& question, const Grid& grid, const Zone& zone, Store& store, bool moving, Duration deadline, SampledFigures out);

}  // namespace aybiza
