#include "store/duck_archive.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "store/duck_vector.h"
#include "store/select.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

// By what a row of the table stands in for an archived one; empty: rows are never replaced.
std::vector<std::string_view> key_of(Table table) {
  switch (table) {
    case Table::call_analytics: return {"call_id"};
    case Table::conversation_turns: return {"call_id", "turn_number"};
    case Table::metric_values:
    case Table::metric_distributions: return {};
    default: return {"event_id"};
  }
}

std::string archive_order(Table table) {
  const auto keys = key_of(table);
  return keys.empty() ? "time, series, rowid" : fmt::format("time, {}", fmt::join(keys, ", "));
}

Status sync_path(const fs::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool done = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  return done ? Status{} : fail(Code::io, "{}: {}", path.string(), std::generic_category().message(error));
}

// Names of directories, too, are on disk before rows leave the table.
Status sync_up(const fs::path& file, const fs::path& top) {
  AYBIZA_TRY(sync_path(file, O_RDONLY));
  for (fs::path at = file.parent_path();; at = at.parent_path()) {
    AYBIZA_TRY(sync_path(at, O_RDONLY | O_DIRECTORY));
    if (at == top || at == at.root_path()) return sync_path(top.parent_path().empty() ? "." : top.parent_path(), O_RDONLY | O_DIRECTORY);
  }
}

Status make_private(const fs::path& directory, const fs::path& top) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(Code::io, "cannot make {}: {}", directory.string(), error.message());
  for (fs::path at = directory;; at = at.parent_path()) {
    fs::permissions(at, fs::perms::owner_all, error);
    if (at == top || at == at.root_path()) return {};
  }
}

}  // namespace

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
  std::string newer;
  for (const std::string_view key : key_of(table)) newer += fmt::format("{}live.{} = old.{}", newer.empty() ? "" : " AND ", key, key);
  // Points have an order of writing, which their questions ask for as rowid; archived ones were written before all others.
  const bool ordered = newer.empty();
  AYBIZA_TRY(writer.script(fmt::format(
      "CREATE OR REPLACE VIEW archived.{0} AS SELECT *{1} FROM main.{0} UNION ALL BY NAME SELECT *{2} FROM read_parquet([{3}], union_by_name = true, hive_partitioning = false{4}) old{5}", name,
      ordered ? ", rowid" : "", ordered ? " EXCLUDE (file_row_number), file_row_number - 4611686018427387904 AS rowid" : "", files, ordered ? ", file_row_number = true" : "",
      ordered ? "" : fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM main.{} live WHERE {})", name, newer))));
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
  remove_unlisted(known);
  return lost;
}

void DuckArchive::remove_unlisted(const std::vector<std::string>& known) const {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string file = at->path().lexically_relative(folder_).string();
    const bool ours = file.ends_with(".parquet") || file.ends_with(".parquet.tmp");
    std::error_code ignored;  // tried again at the next start
    if (ours && at->is_regular_file(ignored) && std::ranges::find(known, file) == known.end()) fs::remove(at->path(), ignored);
  }
}

Result<ArchivedSlice> DuckArchive::move(DuckConnection& writer, Table table, Instant from, Instant to) {
  const std::string_view name = to_string(table);
  auto slices = listed(writer, table);
  if (!slices) return std::unexpected(slices.error());
  ArchivedSlice out{.table = table, .from = from, .to = to, .file = {}, .rows = 0, .replaced = {}};
  // Whole slices only: what overlaps is written anew with what came late for it.
  for (bool grown = true; std::exchange(grown, false);)
    for (const ArchivedSlice& old : *slices)
      if (old.from < out.to && old.to > out.from && (old.from < out.from || old.to > out.to)) out.from = std::min(out.from, old.from), out.to = std::max(out.to, old.to), grown = true;
  for (const ArchivedSlice& old : *slices)
    if (old.from < out.to && old.to > out.from) out.replaced.push_back(old.file);

  const std::string stamp = format_rfc3339(out.from);  // 2026-11-21T09:00:00Z
  const std::string folder = fmt::format("{}/day={}", name, stamp.substr(0, 10));
  AYBIZA_TRY(make_private(fs::path(folder_) / folder, folder_));
  for (int n = 1; out.file.empty() || fs::exists(fs::path(folder_) / out.file); ++n) out.file = fmt::format("{}/{}{}-{}.parquet", folder, stamp.substr(11, 2), stamp.substr(14, 2), n);
  const fs::path path = fs::path(folder_) / out.file, raw = path.string() + ".tmp";
  const auto copied = writer.run(fmt::format("COPY (SELECT *{} FROM {}{} WHERE time >= make_timestamptz({}::BIGINT) AND time < make_timestamptz({}::BIGINT) ORDER BY {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                                             !out.replaced.empty() && key_of(table).empty() ? " EXCLUDE (rowid)" : "", out.replaced.empty() ? "main." : "archived.", name, to_micros(out.from), to_micros(out.to), archive_order(table), sql_text(raw.string())));
  if (!copied) return std::unexpected(copied.error());
  out.rows = *copied;
  fs::permissions(raw, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(raw, path);
  AYBIZA_TRY(sync_up(path, folder_));
  for (const std::string& old : out.replaced) {
    const auto gone = writer.run("DELETE FROM archived_slices WHERE table_name = $1 AND file = $2", {name, old});
    if (!gone) return std::unexpected(gone.error());
  }
  const auto added = writer.run("INSERT INTO archived_slices VALUES ($1, $2, $3, $4, $5)", {name, out.from, out.to, out.file, std::int64_t(out.rows)});
  if (!added) return std::unexpected(added.error());
  const auto deleted = writer.run(fmt::format("DELETE FROM main.{} WHERE time >= $1 AND time < $2", name), {out.from, out.to});
  if (!deleted) return std::unexpected(deleted.error());
  AYBIZA_TRY(make_view(writer, table));
  return out;
}

}  // namespace aybiza
