// The reading side of the embedded store: a bounded pool of connections, each answer in a snapshot of its own.
//
// Shape    what store.h says of rows(), find_call(), sql() and export_table(). `schemas` is where tables are looked for, in order:
//          with the views of what was archived before the tables themselves, the same statements read both.
// Errors   unavailable: all connections are in use, out of time, or suspended: the store is opened anew.
// Threads  any. REQUIRES: the database and the clock outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/duck_rows.h"
#include "store/select.h"
#include "store/store.h"

namespace aybiza {

struct DuckReading {
  const Clock* clock = nullptr;
  std::string scratch, node;
  std::string schemas;  // "archived,main"; empty: main
};

class DuckReader {
 public:
  explicit DuckReader(DuckReading reading) : reading_(std::move(reading)) {}
  DuckReader(const DuckReader&) = delete;  // one per set of schemas
  DuckReader& operator=(const DuckReader&) = delete;

  Result<RowBatch> rows(const RowFilter& filter);
  Result<RowBatch> find_call(std::string_view id, std::string_view customer);
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline);
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options);
  void closing() { closing_ = true; }  // nobody waits any more: what is asked ends where it is
  // Between the two nothing is read. suspend() ends what is being read and gives up the connections, so that the database can be closed;
  // false: an answer was not given back within `patience`, ask again. A reader begins suspended.
  bool suspend(std::chrono::milliseconds patience);
  void resume(duckdb_database database);

 private:
  Result<DuckLease> borrow();
  Result<DuckLease> borrow_for(const ExportOptions& options);
  Status export_parquet(std::string_view table, const Where& where, const ByteSink& sink, const ExportOptions& options);

  const DuckReading reading_;
  std::mutex lending_;
  std::condition_variable given_back_;
  duckdb_database database_ = nullptr;                 // behind lending_
  std::vector<std::unique_ptr<DuckConnection>> idle_;  // behind lending_
  std::size_t lent_ = 0;                               // behind lending_
  std::atomic<std::uint64_t> exports_{0};
  std::atomic<bool> closing_{false}, suspended_{true};
};

}  // namespace aybiza
