#include "store/duck_archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/archive_files.h"
#include "store/duck_vector.h"
#include "store/migrate.h"
#include "store/select.h"

namespace aybiza {

Instant DuckArchive::moved_before() const {
  const std::int64_t micros = moved_before_;
  return micros == 0 ? Instant::min() : from_micros(micros);
}

void DuckArchive::moved(const ArchivedSlice& slice) {
  moved_before_ = std::max(moved_before_.load(), to_micros(slice.to));  // the writer alone
}

Result<std::vector<ArchivedSlice>> DuckArchive::listed(DuckConnection& writer, Table table) {
  auto answer = writer.open("SELECT file, slice_from, slice_to, row_count FROM archived_slices WHERE table_name = $1 ORDER BY slice_from, file", {to_string(table)});
  if (!answer) return std::unexpected(answer.error());
  std::vector<ArchivedSlice> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    const VectorReader files(answer->vector(0), SqlType::text), froms(answer->vector(1), SqlType::time), tos(answer->vector(2), SqlType::time), counts(answer->vector(3), SqlType::integer);
    for (std::size_t row = 0; row < answer->row_count(); ++row) {
      ArchivedSlice& slice = out.emplace_back();
      std::int64_t count = 0;
      slice.table = table;
      files.get(row, slice.file), froms.get(row, slice.from), tos.get(row, slice.to), counts.get(row, count);
      slice.rows = std::uint64_t(count);
    }
  }
}

// Both sides by name, so that a column of a later version is unknown in older files.
Status DuckArchive::make_view(DuckConnection& writer, Table table) {
  const std::string_view name = to_string(table);
  const auto slices = listed(writer, table);
  if (!slices) return std::unexpected(slices.error());
  // Views are bound to the tables they were made over, so the one that joins points with their series has a sister here.
  const std::string points = table == Table::metric_values ? "DROP VIEW IF EXISTS archived.metric_points; " : "";
  if (slices->empty()) return writer.script(points + fmt::format("DROP VIEW IF EXISTS archived.{}", name));
  std::string files;
  for (const ArchivedSlice& slice : *slices) files += (files.empty() ? "" : ", ") + sql_text(folder_ + "/" + slice.file);
  const std::string newer = same_archive_key(table, "old", "live");
  // Points have an order of writing, which their questions ask for as rowid; archived ones were written before all others.
  const bool ordered = newer.empty();
  AYBIZA_TRY(writer.script(fmt::format(
      "CREATE OR REPLACE VIEW archived.{0} AS SELECT *{1} FROM main.{0} UNION ALL BY NAME SELECT *{2} FROM read_parquet([{3}], union_by_name = true, hive_partitioning = false{4}) old{5}", name,
      ordered ? ", rowid" : "", ordered ? " EXCLUDE (file_row_number), file_row_number - 4611686018427387904 AS rowid" : "", files, ordered ? ", file_row_number = true" : "",
      ordered ? "" : fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM main.{0} live WHERE {1}) AND NOT EXISTS (SELECT 1 FROM main.archived_replaced again WHERE again.table_name = '{0}' AND {2})",
                                 name, newer, same_archive_key(table, "old", "again")))));
  if (points.empty()) return {};
  return writer.script("CREATE OR REPLACE VIEW archived.metric_points AS SELECT v.time, s.customer_id, s.name, s.kind, s.unit, s.tags, v.value, s.sample_rate "
                       "FROM archived.metric_values v JOIN main.metric_series s ON s.series = v.series");
}

Result<std::vector<std::pair<Table, Instant>>> DuckArchive::open(DuckConnection& writer, std::string& trouble) {
  std::vector<std::pair<Table, Instant>> lost;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < table_count; ++i) {
    const Table table = Table(i);
    const auto slices = listed(writer, table);
    if (!slices) return std::unexpected(slices.error());
    for (const ArchivedSlice& slice : *slices) known.push_back(slice.file);
    if (slices->empty()) continue;
    const Status made = make_view(writer, table);
    for (const ArchivedSlice& slice : *slices) moved(slice);
    if (made) continue;
    trouble += fmt::format("{}the archive of {} cannot be read ({}): put its files back to {}, and start again", trouble.empty() ? "" : "; ", to_string(table), made.error().message, folder_);
    AYBIZA_TRY(writer.script(fmt::format("DROP VIEW IF EXISTS archived.{}", to_string(table))));
    lost.emplace_back(table, std::ranges::max(*slices, {}, &ArchivedSlice::to).to);
  }
  remove_unlisted_files(folder_, known);
  if (!known.empty()) AYBIZA_TRY(publish_over_archive(writer));
  return lost;
}

Result<ArchivedSlice> DuckArchive::move(DuckConnection& writer, Table table, Instant from, Instant to) {
  const std::string_view name = to_string(table);
  auto slices = listed(writer, table);
  if (!slices) return std::unexpected(slices.error());
  ArchivedSlice out = grown_slice(table, from, to, *slices);
  const auto raw = begin_archive_file(folder_, out);
  if (!raw) return std::unexpected(raw.error());
  const auto copied = writer.run(fmt::format("COPY (SELECT *{} FROM {}{} WHERE time >= make_timestamptz({}::BIGINT) AND time < make_timestamptz({}::BIGINT) ORDER BY {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                                             !out.replaced.empty() && archive_keys(table).empty() ? " EXCLUDE (rowid)" : "", out.replaced.empty() ? "main." : "archived.", name, to_micros(out.from), to_micros(out.to), archive_order(table), sql_text(*raw)));
  if (!copied) return std::unexpected(copied.error());
  out.rows = *copied;
  AYBIZA_TRY(finish_archive_file(folder_, out));
  for (const std::string& old : out.replaced) {
    const auto gone = writer.run("DELETE FROM archived_slices WHERE table_name = $1 AND file = $2", {name, old});
    if (!gone) return std::unexpected(gone.error());
  }
  const auto unnoted = writer.run("DELETE FROM archived_replaced WHERE table_name = $1 AND time >= $2 AND time < $3", {name, out.from, out.to});
  if (!unnoted) return std::unexpected(unnoted.error());
  const auto added = writer.run("INSERT INTO archived_slices VALUES ($1, $2, $3, $4, $5)", {name, out.from, out.to, out.file, std::int64_t(out.rows)});
  if (!added) return std::unexpected(added.error());
  const auto deleted = writer.run(fmt::format("DELETE FROM main.{} WHERE time >= $1 AND time < $2", name), {out.from, out.to});
  if (!deleted) return std::unexpected(deleted.error());
  AYBIZA_TRY(make_view(writer, table));
  if (slices->empty()) AYBIZA_TRY(publish_over_archive(writer));  // a view is bound to the tables it was made over
  return out;
}

}  // namespace aybiza
