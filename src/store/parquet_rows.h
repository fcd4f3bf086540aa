// A Parquet file as rows, read by an engine in memory that sees this file and nothing else.
//
// Errors   not_found, corrupt or invalid with the engine's words; unsupported when a column is of a type without a text.
// Threads  the rows belong to one thread and keep their engine.
// Source   docs/import.md.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "store/store.h"

namespace aybiza {

// Every column as text: times as RFC 3339, decimals with all their digits, unknown as NULL.
Result<std::unique_ptr<Rows>> open_parquet(const std::string& path, const Clock& clock);

// One cell as the text an import reads; unknown is empty.
std::string cell_text(const Cell& cell);

}  // namespace aybiza
