// A table of figures by one dimension: agents, models, regions; sorted, searched and cut here, so that a page of fifty rows stays one
// however many there are.
//
// Shape    one question of all measures by the dimension; rows in order, unknown figures last. Columns are the spec's measures.
// Units    wire units.
// Errors   a refused question becomes `error`.
// Cost     the question, and a sort of what it answers (at most limits::query_rows_max groups).
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Agents", "Costs".
#pragma once

#include "live/overview.h"

namespace aybiza {

struct LeagueSpec {
  Dimension dimension = Dimension::agent_id;
  std::vector<std::string_view> measures;  // "calls" first: it is the sample of a row
  std::size_t sorted_by = 0;               // into measures
  bool descending = true;
  std::string search;                      // part of the name, whatever its case; empty: all
  std::size_t rows = 50;
};

struct LeagueRow {
  std::string name;  // "" = unknown
  std::vector<std::optional<double>> figures;
};

struct League {
  Instant as_of{};
  std::vector<LeagueRow> rows;
  std::size_t found = 0;                              // before the cut
  bool complete = true;                               // false: there are more groups than a question answers
  std::vector<std::optional<double>> relative_error;  // by measure
  std::string error, source;
  bool estimate = false;                              // some figures rest on sampled calls
};

League compute_league(const Ask& ask, const ViewScope& scope, const LeagueSpec& spec, Instant now);

}  // namespace aybiza
