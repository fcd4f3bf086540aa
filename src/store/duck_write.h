// Whole batches of rows into DuckDB: column-wise chunks through an appender.
//
// Shape    insert_rows() appends to a table in time order, so that row groups prune by time; delete_rows() deletes by
//          key through a join with the appended keys. Both run inside the caller's transaction.
// Cost     one indirect call a cell; the appender's copy costs more.
// Threads  as the connection.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "store/duck.h"
#include "store/columns.h"

namespace aybiza {

// Appends `rows` to an open appender, a chunk at a time, and flushes it. Counts numbers that did not fit.
template <typename Row>
Status fill(const DuckAppender& appender, std::span<const Column<Row>> columns, std::span<const Row* const> rows,
            std::uint64_t& out_of_range) {
  std::vector<DuckType> types;
  std::vector<duckdb_logical_type> raw_types;
  for (const Column<Row>& column : columns) raw_types.push_back(types.emplace_back(make_type(column.type)).get());
  const DuckChunk chunk(duckdb_create_data_chunk(raw_types.data(), raw_types.size()));
  const std::size_t step = duckdb_vector_size();
  for (std::size_t begin = 0; begin < rows.size(); begin += step) {
    const std::size_t count = std::min(step, rows.size() - begin);
    duckdb_data_chunk_reset(chunk.get());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      VectorWriter writer(duckdb_data_chunk_get_vector(chunk.get(), c), columns[c].type);
      for (std::size_t i = 0; i < count; ++i) columns[c].put(writer, i, *rows[begin + i]);
      out_of_range += writer.out_of_range();
    }
    duckdb_data_chunk_set_size(chunk.get(), count);
    if (duckdb_append_data_chunk(appender.get(), chunk.get()) != DuckDBSuccess)
      return duck_error(duckdb_appender_error(appender.get()));
  }
  if (duckdb_appender_flush(appender.get()) != DuckDBSuccess)
    return duck_error(duckdb_appender_error(appender.get()));
  return {};
}

template <typename Row>
Status insert_rows(DuckConnection& connection, const char* schema, const char* name, std::span<const Row* const> rows, std::uint64_t& out_of_range) {
  if (rows.empty()) return {};
  DuckAppender appender;
  if (duckdb_appender_create(connection.get(), schema, name, appender.out()) != DuckDBSuccess)
    return duck_error(duckdb_appender_error(appender.get()), name);
  const std::span<const Column<Row>> columns = columns_of<Row>();
  for (const Column<Row>& column : columns)
    if (duckdb_appender_add_column(appender.get(), column.name) != DuckDBSuccess)
      return duck_error(duckdb_appender_error(appender.get()), name);
  if (Status done = fill(appender, columns, rows, out_of_range); !done) return wrap(done.error(), name);
  return {};
}

template <typename Row>
Status insert_rows(DuckConnection& connection, Table table, std::span<const Row* const> rows, std::uint64_t& out_of_range) {
  return insert_rows<Row>(connection, nullptr, std::string(to_string(table)).c_str(), rows, out_of_range);
}

// `statement` deletes from a table USING old (or does what else it says with old), whose columns are `keys`.
template <typename Row>
Status delete_rows(DuckConnection& connection, const std::string& statement, std::span<const Column<Row>> keys,
                   std::span<const Row* const> rows) {
  if (rows.empty()) return {};
  std::vector<DuckType> types;
  std::vector<duckdb_logical_type> raw_types;
  std::vector<const char*> names;
  for (const Column<Row>& key : keys) {
    raw_types.push_back(types.emplace_back(make_type(key.type)).get());
    names.push_back(key.name);
  }
  DuckAppender appender;
  if (duckdb_appender_create_query(connection.get(), statement.c_str(), keys.size(), raw_types.data(), "old",
                                   names.data(), appender.out()) != DuckDBSuccess)
    return duck_error(duckdb_appender_error(appender.get()), "deleting");
  std::uint64_t none = 0;
  if (Status done = fill(appender, keys, rows, none); !done) return wrap(done.error(), "deleting");
  return {};
}

}  // namespace aybiza
