// The tables of rollups, as every engine of SQL keeps them: buckets, the marks of those that have changed, the floor.
//
// Shape    texts that engines share, and functions that run them on a connection inside the caller's transaction. An engine
//          brings read_chunk() for its connection, as for every table, insert_rollups() and delete_rollups_text().
// Threads  as the connection.
// Source   docs/sql.md "Rollups".
#pragma once

#include <algorithm>

#include "store/changed.h"
#include "store/columns.h"
#include "store/select.h"

namespace aybiza {

// What the tables say was changed and not made anew, and what has lost its rows.
struct RollupMarks {
  std::vector<RollupBucket> buckets;
  Instant floor = Instant::min();
};

std::span<const Column<DirtyBucket>> mark_columns();  // step_seconds and bucket; step 0 is the floor
std::string_view marks_text();
std::vector<std::string> insert_marks_text(std::span<const RollupBucket> buckets);
std::vector<std::pair<Duration, std::string>> buckets_condition(std::span<const DirtyBucket> buckets);  // by step
// [from, to) within what times can say, from the beginning of a day: a day's rollup is the merge of its hours.
std::pair<Instant, Instant> whole_days(Instant from, Instant to);
std::string mark_range_text(Instant from, Instant to);
std::string raise_floor_text(Instant before);
std::vector<const RollupRow*> rows_of(std::span<const DirtyBucket> buckets, const std::vector<RollupRow>& rows);

// Whether rollups are made of this table's rows.
constexpr bool is_rolled(Table table) {
  return table == Table::call_analytics || table == Table::conversation_turns || table == Table::usage_events;
}

template <typename Connection>
Result<RollupMarks> read_marks(Connection& connection, Duration deadline = no_deadline) {
  auto answer = connection.open(marks_text(), std::span<const Param>(), deadline);
  if (!answer) return std::unexpected(answer.error());
  std::vector<const Column<DirtyBucket>*> columns;
  for (const auto& column : mark_columns()) columns.push_back(&column);
  RollupMarks out;
  for (std::vector<DirtyBucket> some;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    some.assign(answer->row_count(), {});
    read_chunk<DirtyBucket>(*answer, columns, std::span(some));
    for (const DirtyBucket& one : some) {
      if (one.step == Duration(0)) out.floor = one.bucket;
      else out.buckets.emplace_back(one.step, one.bucket);
    }
  }
}

template <typename Connection>
Status mark_buckets(Connection& writer, std::span<const RollupBucket> buckets) {
  for (const std::string& text : insert_marks_text(buckets)) AYBIZA_TRY(writer.script(text));
  return {};
}

// What `buckets` hold is `rows` now, as far as these are theirs; they are not marked any more.
template <typename Connection>
Status replace_buckets(Connection& writer, std::span<const DirtyBucket> buckets, const std::vector<RollupRow>& rows) {
  for (const auto& [step, condition] : buckets_condition(buckets)) {
    AYBIZA_TRY(writer.script("DELETE FROM rollup_dirty WHERE " + condition));
    for (const std::string& text : delete_rollups_text(writer, step, condition)) AYBIZA_TRY(writer.script(text));
  }
  return insert_rollups(writer, rows_of(buckets, rows));
}

}  // namespace aybiza
