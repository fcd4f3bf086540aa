// Figures out of plain sums and lists of rows: slow, exact, and simple enough to be believed.
//
// Shape    RowSums is all that any measure needs of one group in one bucket; value_of() makes the figure of it, parts_of() what
//          the figure is made of. Quantiles sort and interpolate like percentile_cont.
// Threads  pure.
// Source   docs/metrics.md "Measures".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/measure.h"
#include "query/answer.h"

namespace aybiza {

using Samples = std::vector<std::int64_t>;

struct RowSums {
  std::int64_t calls = 0, known_outcome = 0, successful = 0, known_resolution = 0, resolved = 0, escalated = 0,
               intervened = 0, errors = 0, with_errors = 0;
  Samples satisfaction, quality, efficiency;
  std::int64_t turns = 0, interruptions = 0, usages = 0;
  Samples sentiment, confidence;
  std::optional<std::int64_t> cost, tokens, input, output, cache_read;
  Samples samples[quantity_count];
};

Figure value_of(const Measure& measure, const RowSums& sums);

// A sum, or a mean's sum and count, in wire units; neither for what is no sum of rows.
struct MeasureParts {
  std::optional<double> sum, count;
};
MeasureParts parts_of(const Measure& measure, const RowSums& sums);

// percentile_cont over a sorted, non-empty list: rank q * (n - 1), linear between its neighbours.
double percentile_cont(const std::vector<std::int64_t>& sorted, double q);

}  // namespace aybiza
