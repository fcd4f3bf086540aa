// What retention moved out of the embedded store: Parquet files by day, and the views that show them beside the rows.
//
// Shape    <folder>/<table>/day=2026-11-21/0000-1.parquet: rows of [from, to) ordered by time, zstd. archived_slices lists the
//          files, and archived.<table> is a view over the table and them, and the
//          published views are there once more over those; a row of the table stands in for an archived one of the
//          same key, and archived_replaced names those that were removed. move() changes rows, list and view in one transaction, so at every moment a row is seen once. A file
//          that nothing lists is of a transaction that did not commit and is removed.
// Errors   a file that is missing or damaged: open() says so and leaves the table's archive out of the views.
// Threads  open, move by the store's writer; moved_before any.
// Source   docs/retention.md.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "store/duck.h"
#include "store/store.h"

namespace aybiza {

class DuckArchive {
 public:
  explicit DuckArchive(std::string folder) : folder_(std::move(folder)) {}

  // Makes the views of what is listed; answers for which tables that failed, with their last slices' ends.
  Result<std::vector<std::pair<Table, Instant>>> open(DuckConnection& writer, std::string& trouble);
  // REQUIRES: within a transaction of the writer, which is rolled back when this fails.
  Result<ArchivedSlice> move(DuckConnection& writer, Table table, Instant from, Instant to);
  void moved(const ArchivedSlice& slice);  // it has committed

  Instant moved_before() const;  // ends of slices; min: nothing is archived
  const std::string& folder() const { return folder_; }

 private:
  Result<std::vector<ArchivedSlice>> listed(DuckConnection& writer, Table table);
  Status make_view(DuckConnection& writer, Table table);

  const std::string folder_;
  std::atomic<std::int64_t> moved_before_{0};  // microseconds; 0: nothing
};

}  // namespace aybiza
