#include "store/postgres_archive.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/limits.h"
#include "store/archive_files.h"
#include "store/duck_vector.h"
#include "store/migrate.h"
#include "store/select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

// A question about a time also looks at calls that began before it and at turns that are told after it.
constexpr Duration reach_before = 8 * 24h, reach_after = 24h;

// Few rows, which later ones rest on: read as a whole.
bool read_whole(Table table) {
  return table == Table::metric_series || table == Table::agent_status || table == Table::learning_events || table == Table::change_events;
}
bool has_place(Table table) { return archive_keys(table).empty() && table != Table::metric_series; }

Result<std::vector<ArchivedSlice>> listed(PostgresConnection& connection, std::string_view table) {
  auto answer = connection.open("SELECT table_name, file, slice_from, slice_to, row_count FROM archived_slices WHERE $1 = '' OR table_name = $1 ORDER BY slice_from, file", {table});
  if (!answer) return std::unexpected(answer.error());
  std::vector<ArchivedSlice> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < answer->row_count(); ++row) {
      ArchivedSlice& slice = out.emplace_back();
      for (std::size_t i = 0; i < table_count; ++i)
        if (to_string(Table(i)) == answer->bytes(row, 0)) slice.table = Table(i);
      slice.file = answer->bytes(row, 1);
      slice.from = read_time(answer->bytes(row, 2)), slice.to = read_time(answer->bytes(row, 3));
      slice.rows = std::uint64_t(read_integer(answer->bytes(row, 4)));
    }
  }
}

Status begin_snapshot(PostgresConnection& connection, const std::string& snapshot) {
  AYBIZA_TRY(connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return snapshot.empty() ? Status() : connection.script(fmt::format("SET TRANSACTION SNAPSHOT {}", sql_text(snapshot)));
}

Result<std::map<std::string, std::vector<ParquetColumn>>> columns_of_tables(DuckConnection& connection) {
  auto answer = connection.open("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY table_name, column_index", {});
  if (!answer) return std::unexpected(answer.error());
  std::map<std::string, std::vector<ParquetColumn>> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    const VectorReader tables(answer->vector(0), SqlType::text), names(answer->vector(1), SqlType::text), types(answer->vector(2), SqlType::text);
    for (std::size_t row = 0; row < answer->row_count(); ++row) out[std::string(tables.text(row))].push_back({std::string(names.text(row)), std::string(types.text(row))});
  }
}

// What the server is asked for one scan.
std::string select_text(Table table, const ArchiveReading& reading, const std::vector<std::string>& columns) {
  std::string names;
  for (const std::string& column : columns) names += fmt::format("{}{}", names.empty() ? "" : ", ", column == "rowid" ? "place AS rowid" : quoted_text(column, '"'));
  std::string where;
  const auto within = [&](std::string_view compared, Instant at, Duration shift) {
    where += fmt::format("{}{} {} make_timestamptz({}::BIGINT)", where.empty() ? " WHERE " : " AND ", time_column(table), compared, to_micros(at + shift));
  };
  if (!read_whole(table) && reading.from > Instant::min() + reach_before) within(">=", reading.from, -reach_before);
  if (!read_whole(table) && reading.to < Instant::max() - reach_after) within("<", reading.to, reach_after);
  return fmt::format("SELECT {} FROM {}{}", names.empty() ? "NULL::int AS nothing" : names, to_string(table), where);
}

Result<DuckDatabase> open_memory_engine() {
  DuckDatabase database;
  if (duckdb_open(nullptr, database.out()) != DuckDBSuccess) return fail(Code::io, "no memory to read the archive");
  return database;
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
}

Status PostgresArchive::open(PostgresConnection& writer, bool starting) {
  const auto slices = listed(writer, "");
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

Status PostgresArchive::make_view(ArchiveReader& reader, Table table, const ArchiveReading& reading, const std::string& snapshot,
                                  std::vector<ParquetColumn> columns) const {
  const std::string name(to_string(table)), function = "live_" + name;
  if (has_place(table)) columns.push_back({"rowid", "BIGINT"});
  const std::string cells = foreign_columns_text(columns);
  const auto ask = [readers = place_.readers, table, reading, snapshot](const std::vector<std::string>& wanted) -> Result<std::unique_ptr<Rows>> {
    auto lease = readers->borrow(false);
    if (!lease) return std::unexpected(lease.error());
    AYBIZA_TRY(begin_snapshot(**lease, snapshot));
    auto answer = (*lease)->open(select_text(table, reading, wanted), std::span<const Param>(), reading.deadline);
    if (!answer) return std::unexpected(answer.error());
    return make_postgres_rows(std::move(*lease), std::move(*answer));
  };
  AYBIZA_TRY(reader.foreign_.add(reader.connection_.get(), function.c_str(), std::move(columns), ask));
  std::string old;
  const bool lost = std::ranges::any_of(lost_, [&](const auto& one) { return one.first == table; });
  const auto slices = reading.files && !lost ? listed(*reader.held_, name) : Result<std::vector<ArchivedSlice>>();
  if (!slices) return std::unexpected(slices.error());
  std::vector<std::string> files;
  for (const ArchivedSlice& slice : *slices) files.push_back(sql_text(place_.folder + "/" + slice.file));
  if (!files.empty()) {
    const bool ordered = has_place(table);
    // Archived points were written before all others.
    old = fmt::format(" UNION ALL BY NAME SELECT *{} FROM read_parquet([{}], union_by_name = true, hive_partitioning = false{}) old{}",
                      ordered ? " EXCLUDE (file_row_number), file_row_number - 4611686018427387904 AS rowid" : "", fmt::join(files, ", "),
                      ordered ? ", file_row_number = true" : "",
                      ordered ? "" : fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM archived_replaced again WHERE again.table_name = {} AND {})", sql_text(name),
                                                 same_archive_key(table, "old", "again")));
  }
  return reader.connection_.script(fmt::format("CREATE VIEW archived.{} AS SELECT {} FROM {}(){}", name, cells, function, old));
}

Status PostgresArchive::make_tables(ArchiveReader& reader, const ArchiveReading& reading, const std::string& snapshot) const {
  DuckConnection& connection = reader.connection_;
  AYBIZA_TRY(migrate(connection, duckdb_migrations(), place_.clock->now()));
  const auto columns = columns_of_tables(connection);
  if (!columns) return std::unexpected(columns.error());
  const auto offset = reader.held_->integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(place_.node)});
  if (!offset) return std::unexpected(offset.error());
  const auto noted = connection.run("INSERT INTO applied VALUES ($1, $2)", {std::string_view(place_.node), offset->value_or(0)});
  if (!noted) return std::unexpected(noted.error());
  AYBIZA_TRY(reader.foreign_.add(connection.get(), "live_replaced", {{"table_name", "VARCHAR"}, {"call_id", "UUID"}, {"turn_number", "INTEGER"}, {"event_id", "UUID"}},
                                 [&reader](const std::vector<std::string>& wanted) -> Result<std::unique_ptr<Rows>> {
    auto answer = reader.held_->open(fmt::format("SELECT {} FROM archived_replaced", fmt::join(wanted, ", ")), {});
    if (!answer) return std::unexpected(answer.error());
    return make_postgres_rows(PostgresLease(reader.held_.get(), [](PostgresConnection*) {}), std::move(*answer));
  }));
  // Their times are of no use here: files are not changed.
  AYBIZA_TRY(connection.script("INSERT INTO archived_replaced SELECT table_name, make_timestamptz(0::BIGINT), call_id, CAST(turn_number AS BIGINT), event_id FROM live_replaced()"));
  for (std::size_t i = 0; i < table_count; ++i)
    if (Table(i) != Table::rollups) AYBIZA_TRY(make_view(reader, Table(i), reading, snapshot, columns->at(std::string(to_string(Table(i))))));
  AYBIZA_TRY(connection.script("CREATE VIEW archived.metric_points AS SELECT v.time, s.customer_id, s.name, s.kind, s.unit, s.tags, v.value, s.sample_rate "
                               "FROM archived.metric_values v JOIN archived.metric_series s ON s.series = v.series"));
  return publish_over_archive(connection);
}

Result<std::unique_ptr<ArchiveReader>> PostgresArchive::reader(const ArchiveReading& reading) {
  auto held = place_.readers->borrow(false);
  if (!held) return std::unexpected(held.error());
  auto out = std::make_unique<ArchiveReader>();
  out->held_ = std::move(*held);
  AYBIZA_TRY(begin_snapshot(*out->held_, reading.snapshot));
  std::string snapshot = reading.snapshot;
  if (snapshot.empty()) {
    const auto exported = out->held_->word("SELECT pg_export_snapshot()");
    if (!exported) return std::unexpected(exported.error());
    snapshot = exported->value_or("");
  }
  auto database = open_memory_engine();
  if (!database) return std::unexpected(database.error());
  out->database_ = std::move(*database);
  auto connection = DuckConnection::open(out->database_.get(), *place_.clock);
  if (!connection) return std::unexpected(connection.error());
  out->connection_ = std::move(*connection);
  AYBIZA_TRY(out->connection_.script(fmt::format("SET threads = 1; SET memory_limit = '{}MiB'; SET TimeZone = 'UTC'; SET temp_directory = {}",
                                                 limits::archive_reader_bytes / limits::MiB, sql_text(place_.scratch))));
  if (const Status made = make_tables(*out, reading, snapshot); !made) return wrap(made.error(), "reading the archive");
  out->reader_ = std::make_unique<DuckReader>(DuckReading{.clock = place_.clock, .scratch = place_.scratch, .node = place_.node, .schemas = "archived,main"});
  out->reader_->resume(out->database_.get());
  return out;
}

// --- Moving ---------------------------------------------------------------------------------------------------------

Result<ArchivedSlice> PostgresArchive::move(PostgresConnection& writer, Table table, Instant from, Instant to) {
  // What is written to the file and what is deleted are the same rows, whoever else writes to the table.
  AYBIZA_TRY(writer.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  AYBIZA_TRY(writer.take_time(limits::postgres_day));
  const auto slices = listed(writer, to_string(table));
  const auto snapshot = writer.word("SELECT pg_export_snapshot()");
  if (!slices) return std::unexpected(slices.error());
  if (!snapshot) return std::unexpected(snapshot.error());
  if (place_.folder.empty()) return fail(Code::unsupported, "no folder is named where rows could be archived");
  if (std::ranges::any_of(lost_, [&](const auto& one) { return one.first == table; })) return fail(Code::io, "{}", trouble_);
  ArchivedSlice out = grown_slice(table, from, to, *slices);
  const auto raw = begin_archive_file(place_.folder, out);
  if (!raw) return std::unexpected(raw.error());
  {
    auto both = reader({.from = out.from + reach_before, .to = out.to - reach_after, .files = !out.replaced.empty(), .snapshot = snapshot->value_or("")});
    if (!both) return std::unexpected(both.error());
    const auto copied = (*both)->connection().run(fmt::format(
        "COPY (SELECT *{} FROM archived.{} WHERE time >= make_timestamptz({}::BIGINT) AND time < make_timestamptz({}::BIGINT) ORDER BY {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
        has_place(table) ? " EXCLUDE (rowid)" : "", to_string(table), to_micros(out.from), to_micros(out.to), archive_order(table), sql_text(*raw)));
    if (!copied) return std::unexpected(copied.error());
    out.rows = *copied;
  }
  AYBIZA_TRY(finish_archive_file(place_.folder, out));
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
