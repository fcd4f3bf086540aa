// How a line of columns.cc becomes a column: one text, compiled for DuckDB's vectors and for PostgreSQL's cells.
//
// Shape    ColumnsFor<Row>, `make` where columns are listed: column() of what writes and what reads, member() of one member.
// Threads  constant data; any.
#pragma once

#include <type_traits>

#include "store/columns.h"

namespace aybiza {

// What `put` writes and `get` reads, for every engine. A null `get`: the column follows from others.
template <typename Row, typename Put, typename Get>
constexpr Column<Row> column(const char* name, SqlType type, Put, Get) {
  Column<Row> made{name, type, [](VectorWriter& out, idx_t i, const Row& row) { Put{}(out, i, row); }, nullptr,
                   [](CellWriter& out, idx_t i, const Row& row) { Put{}(out, i, row); }, nullptr};
  if constexpr (!std::is_null_pointer_v<Get>) {
    made.get = [](const VectorReader& in, idx_t i, Row& row) { Get{}(in, i, row); };
    made.receive = [](const CellReader& in, idx_t i, Row& row) { Get{}(in, i, row); };
  }
  return made;
}

template <typename Row>
struct ColumnsFor {
  template <typename Put, typename Get>
  static constexpr Column<Row> column(const char* name, SqlType type, Put put, Get get) {
    return aybiza::column<Row>(name, type, put, get);
  }
  // A column that is one member: `access` gives a reference to it, const or not.
  template <typename Access>
  static constexpr Column<Row> member(const char* name, SqlType type, Access) {
    return column(name, type, [](auto& out, idx_t i, const Row& row) { out.put(i, Access{}(row)); },
                  [](auto& in, idx_t i, Row& row) { in.get(i, Access{}(row)); });
  }
};

#define MEMBER(name, type, member_name) make::member(name, type, [](auto& row) -> auto& { return row.member_name; })

}  // namespace aybiza
