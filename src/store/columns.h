// Which member of which row is which column: one table per published table, read by every engine's writer and reader.
//
// Shape    columns_of<CallRow>() and so on; a new column is one line in columns.cc and a migration of each engine. What a line says
//          is written once and compiled for DuckDB's vectors (put, get) and for PostgreSQL's binary cells (send, receive).
// Threads  constant data; any.
// Source   docs/sql.md; decisions.md 26.
#pragma once

#include <span>

#include "model/rows.h"
#include "store/duck_vector.h"
#include "store/postgres_cells.h"
#include "store/store.h"

namespace aybiza {

template <typename Row>
struct Column {
  const char* name;
  SqlType type;
  void (*put)(VectorWriter&, idx_t, const Row&);
  void (*get)(const VectorReader&, idx_t, Row&);  // null for columns that follow from others
  void (*send)(CellWriter&, idx_t, const Row&);
  void (*receive)(const CellReader&, idx_t, Row&);  // null likewise
};

template <typename Row>
std::span<const Column<Row>> columns_of();

template <> std::span<const Column<CallRow>> columns_of();
template <> std::span<const Column<TurnRow>> columns_of();
template <> std::span<const Column<UsageRow>> columns_of();
template <> std::span<const Column<InterventionRow>> columns_of();
template <> std::span<const Column<SystemRow>> columns_of();
template <> std::span<const Column<AgentStatusRow>> columns_of();
template <> std::span<const Column<MetricSeriesRow>> columns_of();
template <> std::span<const Column<MetricPointRow>> columns_of();
template <> std::span<const Column<MetricDistributionRow>> columns_of();
template <> std::span<const Column<LearningRow>> columns_of();
template <> std::span<const Column<ChangeRow>> columns_of();
template <> std::span<const Column<RawRow>> columns_of();
template <> std::span<const Column<RollupRow>> columns_of();

// Under which key the store has, or may have, an older version of a row. REQUIRES: stored_start, stored_time are known.
template <typename Row>
std::span<const Column<Row>> stored_keys_of();
template <> std::span<const Column<CallRow>> stored_keys_of();
template <> std::span<const Column<TurnRow>> stored_keys_of();
template <> std::span<const Column<UsageRow>> stored_keys_of();
template <> std::span<const Column<RollupRow>> stored_keys_of();

}  // namespace aybiza
