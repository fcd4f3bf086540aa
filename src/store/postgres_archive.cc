#include "store/postgres_archive.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/limits.h"
#include "store/archive_files.h"
#include "store/duck_vector.h"
#include "store/postgres_citus.h"
#include "store/select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration sampled_reach = 8 * 24h;  // of calls that reach into a range

// Of these files, those with a call that has a weight: by what stands at their ends.
Result<std::set<std::string, std::less<>>> sampled_files(const std::vector<std::string>& paths, const Clock& clock) {
  DuckDatabase database;
  if (duckdb_open(nullptr, database.out()) != DuckDBSuccess) return fail(Code::io, "no memory to read the archive");
  auto connection = DuckConnection::open(database.get(), clock);
  if (!connection) return std::unexpected(connection.error());
  std::vector<std::string> texts;
  for (const std::string& path : paths) texts.push_back(sql_text(path));
  auto answer = connection->open(fmt::format("SELECT DISTINCT file_name FROM parquet_metadata([{}]) WHERE path_in_schema = 'sample_weight' AND (stats_null_count IS NULL OR stats_null_count < num_values)",
                                             fmt::join(texts, ", ")), {});
  if (!answer) return std::unexpected(answer.error());
  std::set<std::string, std::less<>> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    const VectorReader names(answer->vector(0), SqlType::text);
    for (std::size_t row = 0; row < answer->row_count(); ++row) out.emplace(names.text(row));
  }
}

}  // namespace

std::string note_replaced_text(Table table, std::string_view keys, std::string_view old) {
  return fmt::format("INSERT INTO archived_replaced (table_name, {0}) SELECT {1}, {0} FROM {2} WHERE EXISTS "
                     "(SELECT FROM archived_slices s WHERE s.table_name = {1} AND old.time >= s.slice_from AND old.time < s.slice_to)",
                     keys, sql_text(to_string(table)), old);
}

Instant PostgresArchive::moved_before() const {
  const std::int64_t micros = moved_before_;
  return micros == 0 ? Instant::min() : from_micros(micros);
}

void PostgresArchive::moved(const ArchivedSlice& slice) {
  moved_before_ = std::max(moved_before_.load(), to_micros(slice.to));  // the writer alone
  if (slice.table != Table::call_analytics) return;
  const std::lock_guard lock(looking_);
  std::erase_if(calls_, [&](const ArchivedSlice& old) { return old.file == slice.file || std::ranges::find(slice.replaced, old.file) != slice.replaced.end(); });
  calls_.push_back(slice);
}

Status PostgresArchive::open(PostgresConnection& writer, bool starting) {
  const auto slices = listed_slices(writer, "");
  if (!slices) return std::unexpected(slices.error());
  if (place_.folder.empty()) return {};
  std::vector<std::string> known;
  for (const ArchivedSlice& slice : *slices) moved(slice), known.push_back(slice.file);
  if (!starting) return {};
  remove_unlisted_files(place_.folder, known);
  for (const ArchivedSlice& slice : *slices) {
    if (std::filesystem::exists(place_.folder + "/" + slice.file)) continue;
    trouble_ += fmt::format("{}the archive of {} lacks {}: put it back to {}, and start again", trouble_.empty() ? "" : "; ", to_string(slice.table), slice.file, place_.folder);
    Instant end = slice.to;
    for (const ArchivedSlice& other : *slices)
      if (other.table == slice.table) end = std::max(end, other.to);
    lost_.emplace_back(slice.table, end);
  }
  return {};
}

// --- Reading --------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<ArchiveReader>> PostgresArchive::take(bool fresh) {
  {
    const std::lock_guard lock(lending_);
    if (idle_ && !fresh) return std::move(idle_);
  }
  return ArchiveReader::make(place_);
}

// One rests, others go.
void PostgresArchive::give_back(ArchiveReader* reader) {
  std::unique_ptr<ArchiveReader> back(reader);
  back->end();
  const std::lock_guard lock(lending_);
  if (!idle_) idle_ = std::move(back);
}

Result<ArchiveLease> PostgresArchive::reader(ArchiveReading reading) {
  for (const auto& [table, until] : lost_) reading.lost |= bit(table);
  reading.still = nodes_ && reading.snapshot.empty();
  // What lay idle may have died with a server that was restarted: then once more with new ones.
  Status begun;
  for (const bool fresh : {false, true}) {
    auto made = take(fresh);
    if (!made) return std::unexpected(made.error());
    begun = (*made)->begin(reading, fresh);
    if (begun) return ArchiveLease(made->release(), [this](ArchiveReader* one) { give_back(one); });
  }
  return wrap(begun.error(), "reading the archive");
}

bool PostgresArchive::samples(Instant from, Instant to) {
  const std::lock_guard lock(looking_);
  std::vector<std::string> paths, files;
  for (const ArchivedSlice& slice : calls_) {
    const bool reaches = (from < Instant::min() + sampled_reach || slice.to > from - sampled_reach) && (to > Instant::max() - sampled_reach || slice.from < to + sampled_reach);
    if (reaches && !single_.contains(slice.file)) files.push_back(slice.file), paths.push_back(place_.folder + "/" + slice.file);
  }
  if (paths.empty()) return false;
  const auto sampled = sampled_files(paths, *place_.clock);
  if (!sampled) return true;
  for (std::size_t i = 0; i < files.size(); ++i)
    if (!sampled->contains(paths[i])) single_.insert(files[i]);
  return !sampled->empty();
}

// --- Moving ---------------------------------------------------------------------------------------------------------

Result<ArchivedSlice> PostgresArchive::move(PostgresConnection& writer, Table table, Instant from, Instant to) {
  // What is written to the file and what is deleted are the same rows, whoever else writes to the table.
  AYBIZA_TRY(writer.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  AYBIZA_TRY(writer.take_time(limits::postgres_day));
  if (nodes_) AYBIZA_TRY(hold_writers(writer, to_string(table)));  // nodes have no snapshot in common
  const auto slices = listed_slices(writer, to_string(table));
  const auto snapshot = writer.word("SELECT pg_export_snapshot()");
  if (!slices) return std::unexpected(slices.error());
  if (!snapshot) return std::unexpected(snapshot.error());
  if (place_.folder.empty()) return fail(Code::unsupported, "no folder is named where rows could be archived");
  if (std::ranges::any_of(lost_, [&](const auto& one) { return one.first == table; })) return fail(Code::io, "{}", trouble_);
  ArchivedSlice out = grown_slice(table, from, to, *slices);
  const auto raw = begin_archive_file(place_.folder, out);
  if (!raw) return std::unexpected(raw.error());
  {
    auto both = reader({.from = out.from, .to = out.to, .exact = true, .files = !out.replaced.empty(), .snapshot = snapshot->value_or("")});
    if (!both) return std::unexpected(both.error());
    AYBIZA_TRY((*both)->show(bit(table)));
    const auto copied = (*both)->connection().run(fmt::format(
        "COPY (SELECT *{} FROM archived.{} WHERE time >= make_timestamptz({}::BIGINT) AND time < make_timestamptz({}::BIGINT) ORDER BY {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
        has_place(table) ? " EXCLUDE (rowid)" : "", to_string(table), to_micros(out.from), to_micros(out.to), archive_order(table), sql_text(*raw)));
    if (!copied) return std::unexpected(copied.error());
    out.rows = *copied;
  }
  AYBIZA_TRY(finish_archive_file(place_.folder, out));
  if (nodes_) AYBIZA_TRY(hold_moves(writer));
  const auto run = [&](const std::string& text, std::initializer_list<Param> params) -> Status {
    std::vector<PgParam> encoded;
    for (const Param& param : params) encoded.push_back(pg_param(param));
    const auto done = writer.run(text, encoded, limits::postgres_day);
    return done ? Status() : std::unexpected(done.error());
  };
  for (const std::string& old : out.replaced) AYBIZA_TRY(run("DELETE FROM archived_slices WHERE table_name = $1 AND file = $2", {to_string(table), std::string_view(old)}));
  AYBIZA_TRY(run("DELETE FROM archived_replaced WHERE table_name = $1 AND \"time\" >= $2 AND \"time\" < $3", {to_string(table), out.from, out.to}));
  AYBIZA_TRY(run("INSERT INTO archived_slices VALUES ($1, $2, $3, $4, $5)", {to_string(table), out.from, out.to, std::string_view(out.file), std::int64_t(out.rows)}));
  AYBIZA_TRY(run(fmt::format("DELETE FROM {} WHERE \"time\" >= $1 AND \"time\" < $2", to_string(table)), {out.from, out.to}));
  return out;
}

}  // namespace aybiza
