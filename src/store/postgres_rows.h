// A PostgresAnswer as the seam's Rows.
//
// Errors   unsupported when a column has a type that Cell has no word for (lists but of numbers, intervals): cast it in SQL.
// Threads  as Rows.
#pragma once

#include <functional>
#include <memory>

#include "store/postgres.h"

namespace aybiza {

// A connection on loan; the deleter gives it back.
using PostgresLease = std::unique_ptr<PostgresConnection, std::function<void(PostgresConnection*)>>;

Result<std::unique_ptr<Rows>> make_postgres_rows(PostgresLease lease, PostgresAnswer answer);

}  // namespace aybiza
