// The reading side of a PostgreSQL store: each answer on a connection of the pool, in a snapshot of its own.
//
// Shape    what store.h says of rows(), find_call(), sql() and export_table(), as store/duck_reader is for the embedded engine.
// Errors   as the pool's, the connection's and the sink's.
// Threads  any. REQUIRES: the pool and the clock outlive it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "store/postgres_pool.h"
#include "store/select.h"
#include "store/store.h"

namespace aybiza {

struct PostgresReading {
  PostgresPool* pool = nullptr;
  const Clock* clock = nullptr;
  std::string scratch, node;
};

class PostgresReader {
 public:
  explicit PostgresReader(PostgresReading reading) : reading_(std::move(reading)) {}
  void cut_nodes(bool wanted) { nodes_ = wanted; }  // tables lie on several nodes (store/postgres_citus); before anybody reads
  PostgresReader(const PostgresReader&) = delete;  // one per store
  PostgresReader& operator=(const PostgresReader&) = delete;

  Result<RowBatch> rows(const RowFilter& filter);
  Result<RowBatch> find_call(std::string_view id, std::string_view customer);
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline);
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options);

 private:
  Status export_parquet(std::string_view table, const Where& where, const ByteSink& sink, const ExportOptions& options);
  Result<std::unique_ptr<Rows>> snapshot(const std::string& text, std::span<const Param> params, const ExportOptions& options);

  const PostgresReading reading_;
  bool nodes_ = false;
  std::atomic<std::uint64_t> exports_{0};
};

}  // namespace aybiza
