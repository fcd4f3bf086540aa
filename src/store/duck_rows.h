// A DuckAnswer as the seam's Rows.
//
// Errors   unsupported when a column has a type that Cell has no word for (lists, structs, intervals): cast it in SQL.
// Threads  as Rows.
#pragma once

#include <functional>
#include <memory>

#include "store/duck.h"

namespace aybiza {

// A connection on loan; the deleter gives it back.
using DuckLease = std::unique_ptr<DuckConnection, std::function<void(DuckConnection*)>>;

Result<std::unique_ptr<Rows>> make_duck_rows(DuckLease lease, DuckAnswer answer);

}  // namespace aybiza
