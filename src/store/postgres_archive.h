// What retention moved out of a PostgreSQL server: Parquet files by day, and how both are read as one.
//
// Shape    archived_slices lists the files and archived_replaced the rows of theirs that were written again; move() changes both and
//          the table in one transaction of the writer. Reading happens in a DuckDB in memory, made for one question: its views are
//          the files beside the server's rows of the question's range, which stream in through table functions
//          (store/duck_foreign). All of it is of one snapshot of the server's, so each row is seen once whatever retention does meanwhile.
// Errors   of the server; io and corrupt of files, with their names.
// Cost     tens of ms to make a reader; then the server's rows of the range in each table that a statement names, columns as needed.
// Threads  open, move by the store's writer; moved_before, reader any; a reader one at a time.
// Source   docs/retention.md.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "store/duck_foreign.h"
#include "store/duck_reader.h"
#include "store/postgres_pool.h"

namespace aybiza {

namespace limits {
inline constexpr std::size_t archive_reader_bytes = 256 * 1024 * 1024;  // of the engine that reads an archive for one question; beyond it spills to disk
}  // namespace limits

struct ArchiveReading {
  Instant from = Instant::min(), to = Instant::max();  // the server's rows that are looked at, of what grows with every event
  bool files = true;                                   // and the archive's
  std::string snapshot = {};                           // of the server's, to read in; empty: its own
  Duration deadline = no_deadline;
};

// One question's tables. Its views are those that are published, over what is archived and what is not.
class ArchiveReader {
 public:
  ArchiveReader() = default;
  ArchiveReader(const ArchiveReader&) = delete;
  DuckReader& rows() { return *reader_; }
  DuckConnection& connection() { return connection_; }

 private:
  friend class PostgresArchive;
  PostgresLease held_;      // its transaction is the snapshot
  DuckForeign foreign_;
  DuckDatabase database_;
  DuckConnection connection_;
  std::unique_ptr<DuckReader> reader_;
};

class PostgresArchive {
 public:
  struct Place {
    std::string folder, scratch, node;
    const Clock* clock = nullptr;
    PostgresPool* readers = nullptr;
  };
  explicit PostgresArchive(Place place) : place_(std::move(place)) {}

  Status open(PostgresConnection& writer, bool starting);  // knows what is listed
  // Tables of which files were missing at the start, with their last slices' ends: read without their archive. And that in words.
  const std::vector<std::pair<Table, Instant>>& lost() const { return lost_; }
  const std::string& trouble() const { return trouble_; }
  // REQUIRES: the first of a transaction of the writer, which is rolled back when this fails.
  Result<ArchivedSlice> move(PostgresConnection& writer, Table table, Instant from, Instant to);
  void moved(const ArchivedSlice& slice);  // it has committed

  Instant moved_before() const;  // ends of slices; min: nothing is archived
  const std::string& folder() const { return place_.folder; }
  Result<std::unique_ptr<ArchiveReader>> reader(const ArchiveReading& reading);

 private:
  Status make_tables(ArchiveReader& reader, const ArchiveReading& reading, const std::string& snapshot) const;
  Status make_view(ArchiveReader& reader, Table table, const ArchiveReading& reading, const std::string& snapshot, std::vector<ParquetColumn> columns) const;

  const Place place_;
  std::vector<std::pair<Table, Instant>> lost_;  // set by the start
  std::string trouble_;
  std::atomic<std::int64_t> moved_before_{0};  // microseconds; 0: nothing
};

// Writes down which archived rows are written again: `keys` names the columns of `old`, the rows' places (store/postgres_write.h).
std::string note_replaced_text(Table table, std::string_view keys, std::string_view old);

}  // namespace aybiza
