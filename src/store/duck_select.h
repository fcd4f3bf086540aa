// DuckDB's part of reading rows back: a chunk's vectors into structs.
//
// Threads  as the connection.
#pragma once

#include "store/duck.h"
#include "store/select_rows.h"

namespace aybiza {

inline std::string_view insertion_order(const DuckConnection&) { return "rowid"; }

template <typename Row>
void read_chunk(const DuckAnswer& answer, std::span<const Column<Row>* const> columns, std::span<Row> out) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const VectorReader reader(answer.vector(c), columns[c]->type);
    for (std::size_t i = 0; i < out.size(); ++i) columns[c]->get(reader, i, out[i]);
  }
}

}  // namespace aybiza
