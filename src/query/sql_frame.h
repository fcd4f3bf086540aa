// What the statements of one question have in common: the tables of an entity, its groups, filters and buckets.
//
// Shape    frame() is "SELECT bucket, g0, g1 …" and "FROM … WHERE …"; what stands between them is the caller's, as is GROUP BY (group_by).
// Threads  none: as the question.
#pragma once

#include <string>
#include <vector>

#include "query/grid.h"
#include "query/sql_dialect.h"
#include "query/sql_text.h"

namespace aybiza {

struct SqlFrame {
  std::string select, from;
  std::size_t keys = 0;         // groups
  std::string group_by() const; // " GROUP BY bucket, g0, …"
};

class SqlFrames {
 public:
  // REQUIRES: all three outlive it.
  SqlFrames(const Question& question, const Grid& grid, const SqlDialect& dialect);

  // moving: buckets are windows that reach back from a bucket's end. cost: what calls report of themselves is asked for. `condition` begins with " AND ".
  SqlFrame frame(SqlText& sql, Entity entity, bool moving, bool cost, std::string_view condition = "", std::string_view metric = "") const;
  std::string dimension(SqlText& sql, const Group& group, Entity entity) const;
  std::string filter(SqlText& sql, const Filter& asked, Entity entity) const;

 private:
  bool needs_calls(Entity entity, bool cost) const;
  std::string bucket_list(bool moving) const;
  std::string metric_rows(SqlText& sql, std::string_view name) const;

  const Question& question_;
  const Grid& grid_;
  const SqlDialect& dialect_;
  std::vector<std::string> tags_;  // that groups and filters name
};

}  // namespace aybiza
