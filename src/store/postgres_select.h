// PostgreSQL's part of reading rows back: a chunk's cells into structs.
//
// Threads  as the connection.
#pragma once

#include "store/postgres.h"
#include "store/select_rows.h"

namespace aybiza {

inline std::string_view insertion_order(const PostgresConnection&) { return "place"; }

template <typename Row>
void read_chunk(const PostgresAnswer& answer, std::span<const Column<Row>* const> columns, std::span<Row> out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c]->receive(answer.cell(i, c, columns[c]->type), 0, out[i]);
}

}  // namespace aybiza
