// Whole batches of rows into PostgreSQL: COPY BINARY for what is new, one statement with arrays for what goes.
//
// Shape    insert_rows() copies into a table; with_arrays() runs a statement over the rows' columns as arrays ($1, $2, …), which
//          unnest() makes rows of again: a staging table that costs no catalogue, no file and no further round trip.
// Cost     a cell is one indirect call and some bytes appended; the server does the rest.
// Threads  as the connection.
#pragma once

#include <span>
#include <vector>

#include "store/columns.h"
#include "store/postgres.h"

namespace aybiza {

template <typename Row>
std::string column_names(std::span<const Column<Row>> columns) {
  std::string out;
  for (const Column<Row>& column : columns) out.append(out.empty() ? "" : ", ").append(column.name);
  return out;
}

template <typename Row>
Status insert_rows(PostgresConnection& connection, Table table, std::span<const Row* const> rows, std::uint64_t& out_of_range) {
  if (rows.empty()) return {};
  const std::span<const Column<Row>> columns = columns_of<Row>();
  std::size_t next = 0;
  const Status done = connection.copy(
      fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", to_string(table), column_names(columns)), [&](std::string& out) {
        append_integer(out, columns.size(), 2);
        for (const Column<Row>& column : columns) {
          CellWriter writer(out, column.type);
          column.send(writer, 0, *rows[next]);
          out_of_range += writer.out_of_range();
        }
        return ++next < rows.size();
      });
  return done ? done : wrap(done.error(), to_string(table));
}

// As the embedded store has them in parts.
inline std::vector<std::string> delete_rollups_text(const PostgresConnection&, Duration, std::string_view condition) {
  return {fmt::format("DELETE FROM rollups AS made WHERE {}", condition)};
}
inline Status insert_rollups(PostgresConnection& writer, std::span<const RollupRow* const> rows) {
  std::uint64_t none = 0;  // counts and bytes fit
  return insert_rows<RollupRow>(writer, Table::rollups, rows, none);
}

// "unnest($1::timestamptz[], $2::uuid[]) AS old(time, call_id)"
template <typename Row>
std::string unnested(std::span<const Column<Row>> columns) {
  std::string arrays;
  for (std::size_t i = 0; i < columns.size(); ++i)
    arrays += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, sql_name(columns[i].type));
  return fmt::format("unnest({}) AS old({})", arrays, column_names(columns));
}

template <typename Row>
Status with_arrays(PostgresConnection& connection, const std::string& statement, std::span<const Column<Row>> columns,
                   std::span<const Row* const> rows) {
  if (rows.empty()) return {};
  std::vector<PgParam> params;
  for (const Column<Row>& column : columns) {
    std::string cells;
    CellWriter writer(cells, column.type);
    for (const Row* row : rows) column.send(writer, 0, *row);
    const PgType element = type_of(column.type);
    params.push_back({array_of(element), array_cells(element, rows.size(), cells)});
  }
  const auto done = connection.run(statement, params);
  if (!done) return wrap(done.error(), "replacing rows");
  return {};
}

}  // namespace aybiza
