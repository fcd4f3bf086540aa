// Where DuckDB keeps rollups: tables of those that are read together, which the view `rollups` shows as one.
//
// Shape    minutes; totals and regions, agents, and all else of hours and days. A block of a column is read as a whole, so a row that
//          few questions need is not to lie among those that many do.
// Errors   of the connection.
// Threads  as the connection.
// Source   docs/sql.md "Rollups"; sql/duckdb/0012_rollup_parts.sql.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/changed.h"
#include "store/duck.h"
#include "store/store.h"

namespace aybiza {

// The deletion of what the condition means from each part that holds this step (of all, where none is named); it may call the part `made`.
// Steps above a minute share theirs.
std::vector<std::string> delete_rollups_text(const DuckConnection& writer, std::optional<Duration> step, std::string_view condition);
Status insert_rollups(DuckConnection& writer, std::span<const RollupRow* const> rows);

}  // namespace aybiza
