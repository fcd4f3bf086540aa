// Tables of DuckDB's whose rows come from elsewhere: table functions that ask for them anew with each scan.
//
// Shape    add() registers name() with columns; a scan calls `open` with those that the statement needs and streams what it answers,
//          found by name. Values come as what carrier_of() says; foreign_columns_text() casts them to their types. add_typed() is for who
//          fills vectors of the columns' own types.
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
#include "store/duck_vector.h"
#include "store/parquet.h"

namespace aybiza {

struct ForeignColumn {
  std::string name;
  SqlType type{};
};

// Rows that go into DuckDB's vectors as they are.
class ForeignRows {
 public:
  virtual ~ForeignRows() = default;
  // At most `room` rows, one writer for each column that was asked for; 0: there are no more.
  virtual Result<std::size_t> fill(std::span<VectorWriter> columns, std::size_t room) = 0;
};

class DuckForeign {
 public:
  using OpenTyped = std::function<Result<std::unique_ptr<ForeignRows>>(std::span<const ForeignColumn> columns)>;
  using Open = std::function<Result<std::unique_ptr<Rows>>(const std::vector<std::string>& columns)>;

  DuckForeign();
  ~DuckForeign();
  DuckForeign(const DuckForeign&) = delete;

  Status add(duckdb_connection connection, const char* name, std::vector<ParquetColumn> columns, Open open);
  Status add_typed(duckdb_connection connection, const char* name, std::vector<ForeignColumn> columns, OpenTyped open);
  Status done() const;  // the first failure of a scan

 private:
  struct Function;
  std::vector<std::unique_ptr<Function>> functions_;
  mutable std::mutex mutex_;  // guards done_
  Status done_;
};

// The type of ours that a column of DuckDB's has; text for what we have none for.
SqlType sql_type_of(std::string_view duck_type);
// "CAST("time" AS TIMESTAMP WITH TIME ZONE) AS "time", …"
std::string foreign_columns_text(std::span<const ParquetColumn> columns);
std::string quoted_text(std::string_view text, char mark);  // doubled within

}  // namespace aybiza
