// Rows of any engine as a Parquet file, by the writer inside DuckDB.
//
// Shape    the rows stream through a table function of a DuckDB in memory into COPY … TO: nothing is stored on the way but the file.
//          published_columns() are those of DuckDB's own table or view, so that a table looks the same from whatever engine it came.
// Units    as each column's type says; DECIMALs keep every digit.
// Errors   of the rows; io of the file. A cell its column cannot hold ends the export.
// Cost     a row group in memory, some µs a row; published_columns() makes the whole schema in memory, tens of ms.
// Threads  the caller's, and one of DuckDB's; the rows are read by one at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace aybiza {

struct ParquetColumn {
  std::string name, type;  // DuckDB's name of it: "DECIMAL(18,3)"
};

// Empty: there is no such table.
Result<std::vector<ParquetColumn>> published_columns(std::string_view table, const Clock& clock);
// REQUIRES: the rows have these columns, in this order. `path` is a new file.
Status write_parquet(Rows& rows, std::span<const ParquetColumn> columns, const std::string& path, const Clock& clock);
// Gives a file to `sink`, a piece at a time.
Status send_file(const std::string& path, const ByteSink& sink);

}  // namespace aybiza
