// Questions about long ranges, answered from rollups where these are in step with the rows and from the rows elsewhere.
//
// Shape    a range is covered by days, hours and, where the dimension has them, minutes; what is left at its edges, what lies
//          in an hour that has no minutes, and what the store says has changed since its rollup was made, is folded from the rows. Everything is merged as tallies, so
//          counts, sums, money and extremes are those of the rows; quantiles are within 0.5 % (relative_error says so).
//          Answered are measures of calls, turns and usage but histograms, moving averages and occupancy, with at most one
//          dimension besides the customer among groups and filters; topics are not filtered by.
//          `store` is the one without its archive: rows that were archived are read from there where they are needed.
//          Where rows are gone by retention (`kept`), rollups answer alone: what they lack there is left out and noted.
// Cost     rollup rows of the range and dimension; sketches only where a quantile is asked.
// Threads  any; each call uses its own connections of the store.
// Source   docs/metrics.md; docs/sql.md "Rollups".
#pragma once

#include <optional>

#include "query/answer.h"
#include "query/grid.h"
#include "query/kept_range.h"
#include "store/store.h"

namespace aybiza {

inline constexpr std::size_t rollup_folded_rows = 20'000;  // folded from the rows without a second thought

// nullopt: a question for the rows; so is one whose range, or most of whose rows, lie in what has changed, or is shorter than `least`.
Answered<std::optional<Answer>> answer_from_rollups(const Question& question, const Grid& grid, Store& store, Instant as_of, Duration deadline,
                                                    Duration least, const KeptRange& kept = {});

}  // namespace aybiza
