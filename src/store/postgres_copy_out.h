// Many rows of a PostgreSQL server, fast: COPY … TO STDOUT in binary, row by row from one buffer.
//
// Shape    open() sends COPY of a SELECT without parameters; next() moves to the next row, whose cells are read in place until the next call.
//          A result of libpq's is made for none of them, which is most of what a streamed row costs otherwise.
// Errors   as the connection's. Dropped before its end, it takes the connection with it.
// Threads  as the connection.
// Source   PostgreSQL 15 manual, COPY "Binary Format".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres.h"

namespace aybiza {

class PostgresCopyOut {
 public:
  // REQUIRES: the connection outlives it. `deadline` is on the clock's elapsed() axis.
  static Result<PostgresCopyOut> open(PostgresConnection& connection, std::string_view select, Duration deadline);
  PostgresCopyOut(PostgresCopyOut&& other) noexcept;
  PostgresCopyOut& operator=(PostgresCopyOut&&) = delete;  // open another one
  ~PostgresCopyOut();

  Result<bool> next();  // false at the end
  std::size_t column_count() const { return cells_.size(); }
  CellReader cell(std::size_t column, SqlType type) const {
    const Place& place = cells_[column];
    return {buffer_.data() + place.at, place.length, type};
  }

 private:
  struct Place {
    std::size_t at = 0;
    std::int32_t length = 0;  // below zero: NULL
  };
  PostgresCopyOut(PostgresConnection& connection, Duration deadline) : connection_(&connection), deadline_(deadline) {}
  Status begin();
  Status read_row(std::size_t columns);
  Result<bool> more();                      // of the server's bytes; false at their end
  Status have(std::size_t bytes);           // are in the buffer
  std::int32_t integer(std::size_t bytes);  // REQUIRES: have()
  Status finish();

  PostgresConnection* connection_;  // null: moved away, or at its end
  Duration deadline_;
  std::string buffer_;
  std::size_t at_ = 0;              // of what is not read yet
  std::vector<Place> cells_;
  bool begun_ = false;
};

}  // namespace aybiza
