// Generic metrics answered by walking over points and distributions: the part of rows_scan.h that is of no call.
//
// Shape    add_metrics() fills the metric measures of `cells`, those with moving averages or those without.
// Cost     O(points x measures); quantiles sort.
// Threads  pure.
// Source   docs/generic-metrics.md; docs/sampling.md for the errors of sampled points.
#pragma once

#include "query/answer.h"
#include "query/rows_scan.h"
#include "query/zone.h"

namespace aybiza {

void add_metrics(const Question& question, const Grid& grid, const Zone& zone, const RowSet& rows, bool moving, Cells& cells, Estimates& estimates);

}  // namespace aybiza
