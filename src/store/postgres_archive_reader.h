// What is archived and what is in a PostgreSQL server, read as one: a DuckDB in memory whose views are Parquet files beside the server's rows.
//
// Shape    begin() takes a snapshot of the server's for one question; show() makes the views of the tables it names, over the files that
//          reach into its range and the server's rows of it, which stream in by COPY (store/duck_foreign, store/postgres_copy_out). All is
//          of that snapshot, so each row is seen once whatever retention does meanwhile. After end() it may begin anew.
// Errors   of the server; io and corrupt of files, with their names.
// Cost     made in tens of ms, begun and shown in a few; then the server's rows of the range in each table that a statement names, columns
//          as needed.
// Threads  one at a time; the server's rows come on DuckDB's.
// Source   docs/retention.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/duck_foreign.h"
#include "store/duck_reader.h"
#include "store/postgres_pool.h"

namespace aybiza {

namespace limits {
inline constexpr std::size_t archive_reader_bytes = 256 * 1024 * 1024;  // of the engine that reads an archive for one question; beyond it spills to disk
}  // namespace limits

struct ArchivePlace {
  std::string folder, scratch, node;
  const Clock* clock = nullptr;
  PostgresPool* readers = nullptr;
};

struct ArchiveReading {
  Instant from = Instant::min(), to = Instant::max();  // what is asked about; calls that began a while before are looked at, too
  bool exact = false;             // nothing else is
  bool files = true, live = true;  // the archive's rows, the server's
  std::uint16_t lost = 0;          // tables whose archive is not read: of bit()
  bool still = false;              // rows lie on nodes that have no snapshot in common: until end() none move, nor do they change where there is a deadline
                                   // and no table that is read whole
  std::string snapshot = {};       // of the server's, to read in; empty: its own
  Duration deadline = no_deadline;
  std::optional<Table> whole = {};  // a table that is read once from end to end, of one moment also where nodes have none in common
};

class ArchiveReader {
 public:
  static Result<std::unique_ptr<ArchiveReader>> make(const ArchivePlace& place);
  ArchiveReader(const ArchiveReader&) = delete;  // a statement reads from it
  ArchiveReader& operator=(const ArchiveReader&) = delete;
  ~ArchiveReader();

  Status begin(const ArchiveReading& reading, bool fresh);  // fresh: by a new connection
  void end();  // the server's snapshot goes
  // REQUIRES: begun.
  Status show(std::uint16_t tables);
  Status show_named(std::string_view text);  // the tables that a statement may name
  DuckReader& rows() { return *reader_; }
  DuckConnection& connection() { return connection_; }

 private:
  explicit ArchiveReader(const ArchivePlace& place) : place_(place) {}
  Status open();
  Status show_one(Table table);
  Status begin_held();
  Result<PostgresLease> borrow_in_snapshot() const;
  Result<std::unique_ptr<ForeignRows>> scan(Table table, std::span<const ForeignColumn> columns);
  Result<std::unique_ptr<Rows>> scan_replaced(std::span<const std::string> columns) const;

  const ArchivePlace place_;
  std::string folder_;  // of its own, for what spills
  std::vector<std::vector<ParquetColumn>> columns_;  // by Table
  PostgresLease held_;  // its transaction is the snapshot
  PostgresLease cut_;   // of the same moment, on all nodes: for the table that is read whole
  ArchiveReading reading_;
  std::uint16_t shown_ = 0;
  bool published_ = false;
  DuckForeign foreign_;
  DuckDatabase database_;
  DuckConnection connection_;
  std::unique_ptr<DuckReader> reader_;
};

// The slices of a table, or of all ("").
Result<std::vector<ArchivedSlice>> listed_slices(PostgresConnection& connection, std::string_view table);
bool has_place(Table table);  // its points have an order of writing

}  // namespace aybiza
