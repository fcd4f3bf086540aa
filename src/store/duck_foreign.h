// Tables of DuckDB's whose rows come from elsewhere: table functions that ask for them anew with each scan.
//
// Shape    add() registers name() with columns; a scan calls `open` with those that the statement needs and streams what it answers,
//          found by name. Values come as what carrier_of() says; foreign_columns_text() casts them to their types.
// Errors   of `open` and of the rows: they end the statement, and the first is kept in done().
// Cost     a copy of each cell.
// Threads  scans run on DuckDB's threads, several at a time if a statement has several. REQUIRES: it outlives every statement.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/duck.h"
#include "store/parquet.h"

namespace aybiza {

class DuckForeign {
 public:
  using Open = std::function<Result<std::unique_ptr<Rows>>(const std::vector<std::string>& columns)>;

  DuckForeign();
  ~DuckForeign();
  DuckForeign(const DuckForeign&) = delete;

  Status add(duckdb_connection connection, const char* name, std::vector<ParquetColumn> columns, Open open);
  Status done() const;  // the first failure of a scan

 private:
  struct Function;
  std::vector<std::unique_ptr<Function>> functions_;
  mutable std::mutex mutex_;  // guards done_
  Status done_;
};

// "CAST("time" AS TIMESTAMP WITH TIME ZONE) AS "time", …"
std::string foreign_columns_text(std::span<const ParquetColumn> columns);
std::string quoted_text(std::string_view text, char mark);  // doubled within

}  // namespace aybiza
