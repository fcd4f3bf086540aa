// What retention moved out of a PostgreSQL server: Parquet files by day, and readers of both as one.
//
// Shape    archived_slices lists the files and archived_replaced the rows of theirs that were written again; move() changes both and
//          the table in one transaction of the writer. A reader (store/postgres_archive_reader) is lent for one question; one that is given
//          back rests for the next.
// Errors   of the server; io and corrupt of files, with their names.
// Threads  open, move, moved by the store's writer; the rest any; a reader one at a time.
// Source   docs/retention.md.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/postgres_archive_reader.h"

namespace aybiza {

// The deleter gives it back.
using ArchiveLease = std::unique_ptr<ArchiveReader, std::function<void(ArchiveReader*)>>;

class PostgresArchive {
 public:
  explicit PostgresArchive(ArchivePlace place) : place_(std::move(place)) {}

  Status open(PostgresConnection& writer, bool starting);  // knows what is listed
  void cut_nodes(bool wanted) { nodes_ = wanted; }         // tables lie on several nodes (store/postgres_citus); before anybody reads
  // Tables of which files were missing at the start, with their last slices' ends: read without their archive. And that in words.
  const std::vector<std::pair<Table, Instant>>& lost() const { return lost_; }
  const std::string& trouble() const { return trouble_; }
  // REQUIRES: the first of a transaction of the writer, which is rolled back when this fails.
  Result<ArchivedSlice> move(PostgresConnection& writer, Table table, Instant from, Instant to);
  void moved(const ArchivedSlice& slice);  // it has committed

  Instant moved_before() const;  // ends of slices; min: nothing is archived
  const std::string& folder() const { return place_.folder; }
  // Begun. REQUIRES: the archive outlives it.
  Result<ArchiveLease> reader(ArchiveReading reading);
  // Whether archived calls of about [from, to) may stand for several: true where it cannot be known.
  bool samples(Instant from, Instant to);

 private:
  Result<std::unique_ptr<ArchiveReader>> take(bool fresh);
  void give_back(ArchiveReader* reader);

  const ArchivePlace place_;
  bool nodes_ = false;
  std::vector<std::pair<Table, Instant>> lost_;  // set by the start
  std::string trouble_;
  std::atomic<std::int64_t> moved_before_{0};  // microseconds; 0: nothing
  std::mutex lending_;
  std::unique_ptr<ArchiveReader> idle_;        // behind lending_
  std::mutex looking_;
  std::vector<ArchivedSlice> calls_;           // behind looking_: slices of calls
  std::set<std::string, std::less<>> single_;  // behind looking_: files whose calls stand for themselves alone
};

// Writes down which archived rows are written again: `keys` names the columns of `old`, the rows' places (store/postgres_write.h).
std::string note_replaced_text(Table table, std::string_view keys, std::string_view old);

}  // namespace aybiza
