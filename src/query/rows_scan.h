// A question answered by walking over finished rows: slow, exact, and simple enough to be believed.
//
// Shape    every engine's rival: the memory store and `aybiza recompute` answer with it, DuckDB and the live state are
//          compared to it (figures: row_figures.h).
// Cost     O(rows x measures); no index.
// Threads  pure.
#pragma once

#include <vector>

#include "model/rows.h"
#include "query/answer.h"

namespace aybiza {

struct RowSet {
  std::vector<CallRow> calls;
  std::vector<TurnRow> turns;
  std::vector<UsageRow> usage;
  std::vector<AgentStatusRow> agent_status;
  std::vector<MetricSeriesRow> metric_series;
  std::vector<MetricPointRow> metric_points;  // of one series in the order of the log
  std::vector<MetricDistributionRow> metric_distributions;
  std::vector<LearningRow> learning;
  std::vector<ChangeRow> changes;
};

Answered<Answer> answer_from_rows(const Question& question, const RowSet& rows, Instant as_of, std::string source);

// The value of a common dimension; nullopt: unknown, or none of those.
std::optional<std::string_view> dimension_of(const Dimensions& dims, Dimension dimension);
// The value of a call's dimension; nullopt: unknown.
std::optional<std::string_view> dimension_of(const CallRow& call, Dimension dimension);

}  // namespace aybiza
