#include "store/postgres_archive_reader.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/limits.h"
#include "store/archive_files.h"
#include "store/migrate.h"
#include "store/postgres_citus.h"
#include "store/postgres_copy_out.h"
#include "store/select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A question about a time also looks at calls that began before it, at what they had a while before, and at turns that are told after it.
constexpr Duration reach_of_calls = 8 * 24h, reach_before = 24h, reach_after = 24h;

// Few rows, which later ones rest on: read as a whole.
bool read_whole(Table table) {
  return table == Table::metric_series || table == Table::agent_status || table == Table::learning_events || table == Table::change_events;
}

struct Looked {
  Instant from = Instant::min(), to = Instant::max();
};

Looked looked_at(Table table, const ArchiveReading& reading) {
  Looked out;
  if (read_whole(table)) return out;
  const Duration before = reading.exact ? Duration(0) : table == Table::call_analytics ? reach_of_calls : reach_before;
  const Duration after = reading.exact ? Duration(0) : reach_after;
  if (reading.from > Instant::min() + before) out.from = reading.from - before;
  if (reading.to < Instant::max() - after) out.to = reading.to + after;
  return out;
}

Status begin_snapshot(PostgresConnection& connection, const std::string& snapshot) {
  return connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" + (snapshot.empty() ? "" : fmt::format("; SET TRANSACTION SNAPSHOT {}", sql_text(snapshot))));
}

Status read_columns(DuckConnection& connection, std::vector<std::vector<ParquetColumn>>& out) {
  auto answer = connection.open("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY table_name, column_index", {});
  if (!answer) return std::unexpected(answer.error());
  out.resize(table_count);
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    const VectorReader tables(answer->vector(0), SqlType::text), names(answer->vector(1), SqlType::text), types(answer->vector(2), SqlType::text);
    for (std::size_t row = 0; row < answer->row_count(); ++row)
      for (std::size_t i = 0; i < table_count; ++i)
        if (to_string(Table(i)) == tables.text(row)) out[i].push_back({std::string(names.text(row)), std::string(types.text(row))});
  }
  for (std::size_t i = 0; i < table_count; ++i)
    if (has_place(Table(i))) out[i].push_back({"rowid", "BIGINT"});
  return {};
}

// What the server is asked for one scan.
std::string select_text(Table table, const ArchiveReading& reading, std::span<const ForeignColumn> columns) {
  std::string names, where;
  for (const ForeignColumn& column : columns) names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name == "rowid" ? "place" : quoted_text(column.name, '"'));
  const auto within = [&](std::string_view compared, Instant at) {
    where += fmt::format("{}{} {} make_timestamptz({}::BIGINT)", where.empty() ? " WHERE " : " AND ", time_column(table), compared, to_micros(at));
  };
  const Looked looked = looked_at(table, reading);
  if (looked.from != Instant::min()) within(">=", looked.from);
  if (looked.to != Instant::max()) within("<", looked.to);
  return fmt::format("SELECT {} FROM {}{}", names.empty() ? "NULL::int" : names, to_string(table), where);
}

void put_cell(VectorWriter& out, idx_t row, const CellReader& cell, SqlType type) {
  const auto put = [&]<typename T>(T value) {
    cell.get(row, value);
    out.put(row, value);
  };
  if (cell.null(row)) return out.null(row);
  switch (type) {
    case SqlType::boolean: return put(false);
    case SqlType::real: return put(0.0);
    case SqlType::time: return put(Instant{});
    case SqlType::id: return put(Id{});
    case SqlType::text:
    case SqlType::blob: return out.put_text(row, cell.text(row));
    case SqlType::floats: return out.put_floats(row, cell.floats(row));
    default: return put(std::int64_t(0));
  }
}

// The server's rows on their way into DuckDB.
class ServerRows final : public ForeignRows {
 public:
  ServerRows(PostgresLease lease, PostgresCopyOut copy, std::span<const ForeignColumn> columns) : lease_(std::move(lease)), copy_(std::move(copy)) {
    for (const ForeignColumn& column : columns) types_.push_back(column.type);
  }
  Result<std::size_t> fill(std::span<VectorWriter> writers, std::size_t room) override {
    std::size_t count = 0;
    for (; count < room; ++count) {
      const auto more = copy_.next();
      if (!more) return std::unexpected(more.error());
      if (!*more) break;
      for (std::size_t i = 0; i < writers.size(); ++i) put_cell(writers[i], count, copy_.cell(i, types_[i]), types_[i]);
    }
    return count;
  }

 private:
  PostgresLease lease_;  // first in, last out: the copy reads from its connection
  PostgresCopyOut copy_;
  std::vector<SqlType> types_;
};

std::string own_folder(const std::string& scratch) {
  static std::atomic<std::uint64_t> made{0};
  std::error_code failed;
  const fs::path base = scratch.empty() ? fs::temp_directory_path(failed) : fs::path(scratch);
  return (base / fmt::format("archive-{}-{}", ::getpid(), ++made)).string();
}

}  // namespace

bool has_place(Table table) { return archive_keys(table).empty() && table != Table::metric_series; }

Result<std::vector<ArchivedSlice>> listed_slices(PostgresConnection& connection, std::string_view table) {
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

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::make(const ArchivePlace& place) {
  std::unique_ptr<ArchiveReader> out(new ArchiveReader(place));
  if (const Status opened = out->open(); !opened) return wrap(opened.error(), "reading the archive");
  return out;
}

ArchiveReader::~ArchiveReader() {
  end();
  reader_.reset();
  connection_ = {};
  database_ = {};
  std::error_code ignored;  // what is left goes at the next start
  fs::remove_all(folder_, ignored);
}

Status ArchiveReader::open() {
  folder_ = own_folder(place_.scratch);
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) return fail(Code::io, "{}: {}", folder_, failed.message());
  if (duckdb_open(nullptr, database_.out()) != DuckDBSuccess) return fail(Code::io, "no memory to read the archive");
  auto connection = DuckConnection::open(database_.get(), *place_.clock);
  if (!connection) return std::unexpected(connection.error());
  connection_ = std::move(*connection);
  // Nothing of the files is kept between questions: a reader that rests is small.
  AYBIZA_TRY(connection_.script(fmt::format("SET threads = 1; SET memory_limit = '{}MiB'; SET TimeZone = 'UTC'; SET temp_directory = {}; SET enable_external_file_cache = false",
                                            limits::archive_reader_bytes / limits::MiB, sql_text(folder_))));
  AYBIZA_TRY(migrate(connection_, duckdb_migrations(), place_.clock->now()));
  AYBIZA_TRY(read_columns(connection_, columns_));
  for (std::size_t i = 0; i < table_count; ++i) {
    const Table table = Table(i);
    if (table == Table::rollups) continue;
    std::vector<ForeignColumn> columns;
    for (const ParquetColumn& column : columns_[i]) columns.push_back({column.name, sql_type_of(column.type)});
    const std::string function = fmt::format("live_{}", to_string(table));
    AYBIZA_TRY(foreign_.add_typed(connection_.get(), function.c_str(), std::move(columns), [this, table](std::span<const ForeignColumn> wanted) { return scan(table, wanted); }));
  }
  AYBIZA_TRY(foreign_.add(connection_.get(), "live_replaced", {{"table_name", "VARCHAR"}, {"call_id", "UUID"}, {"turn_number", "INTEGER"}, {"event_id", "UUID"}},
                          [this](const std::vector<std::string>& wanted) { return scan_replaced(wanted); }));
  reader_ = std::make_unique<DuckReader>(DuckReading{.clock = place_.clock, .scratch = folder_, .node = place_.node, .schemas = "archived,main"});
  reader_->resume(database_.get());
  return {};
}

Result<PostgresLease> ArchiveReader::borrow_in_snapshot() const {
  auto lease = place_.readers->borrow(false);
  if (!lease) return lease;
  if (const Status begun = begin_snapshot(**lease, reading_.snapshot); !begun) return std::unexpected(begun.error());
  return lease;
}

Result<std::unique_ptr<ForeignRows>> ArchiveReader::scan(Table table, std::span<const ForeignColumn> columns) {
  auto lease = cut_ && reading_.whole == table ? std::move(cut_) : borrow_in_snapshot();
  if (!lease) return std::unexpected(lease.error());
  auto copy = PostgresCopyOut::open(**lease, select_text(table, reading_, columns), reading_.deadline);
  if (!copy) return std::unexpected(copy.error());
  return std::make_unique<ServerRows>(std::move(*lease), std::move(*copy), columns);
}

Result<std::unique_ptr<Rows>> ArchiveReader::scan_replaced(std::span<const std::string> columns) const {
  auto lease = borrow_in_snapshot();
  if (!lease) return std::unexpected(lease.error());
  auto answer = (*lease)->open(fmt::format("SELECT {} FROM archived_replaced", fmt::join(columns, ", ")), std::span<const Param>(), reading_.deadline);
  if (!answer) return std::unexpected(answer.error());
  return make_postgres_rows(std::move(*lease), std::move(*answer));
}

Status ArchiveReader::begin(const ArchiveReading& reading, bool fresh) {
  reading_ = reading, shown_ = 0;
  auto held = place_.readers->borrow(fresh);
  if (!held) return std::unexpected(held.error());
  held_ = std::move(*held);
  const bool whole = reading_.still && reading_.whole;
  if (reading_.still) AYBIZA_TRY(hold_still(*held_, whole || reading_.deadline != no_deadline));
  AYBIZA_TRY(begin_held());
  if (whole) {
    auto cut = place_.readers->borrow(false);
    if (!cut) return std::unexpected(cut.error());
    AYBIZA_TRY(begin_on_nodes(**cut));
    AYBIZA_TRY(let_commits(*held_));
    cut_ = std::move(*cut);
  }
  const auto offset = held_->integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(place_.node)});
  if (!offset) return std::unexpected(offset.error());
  AYBIZA_TRY(connection_.script("DELETE FROM applied"));
  const auto noted = connection_.run("INSERT INTO applied VALUES ($1, $2)", {std::string_view(place_.node), offset->value_or(0)});
  return noted ? Status() : std::unexpected(noted.error());
}

Status ArchiveReader::begin_held() {
  AYBIZA_TRY(begin_snapshot(*held_, reading_.snapshot));
  if (!reading_.snapshot.empty()) return {};
  const auto exported = held_->word("SELECT pg_export_snapshot()");
  if (!exported) return std::unexpected(exported.error());
  reading_.snapshot = exported->value_or("");
  return {};
}

void ArchiveReader::end() {
  cut_.reset();
  if (held_ && reading_.still) let_go(*held_);
  held_.reset();
}

Status ArchiveReader::show(std::uint16_t tables) {
  if (tables & bit(Table::metric_values)) tables |= bit(Table::metric_series);
  const std::uint16_t before = shown_;
  for (std::size_t i = 0; i < table_count; ++i)
    if (Table(i) != Table::rollups && (tables & ~shown_ & bit(Table(i)))) AYBIZA_TRY(show_one(Table(i)));
  if (!(~before & shown_ & bit(Table::metric_values))) return {};
  return connection_.script("CREATE OR REPLACE VIEW archived.metric_points AS SELECT v.time, s.customer_id, s.name, s.kind, s.unit, s.tags, v.value, s.sample_rate "
                            "FROM archived.metric_values v JOIN archived.metric_series s ON s.series = v.series");
}

Status ArchiveReader::show_named(std::string_view text) {
  std::uint16_t tables = text.contains("metric_points") ? bit(Table::metric_values) : 0;
  for (std::size_t i = 0; i < table_count; ++i)
    if (text.contains(to_string(Table(i)))) tables |= bit(Table(i));
  const bool views = std::ranges::any_of(published_views(), [&](const PublishedView& view) { return text.contains(view.name.substr(view.name.find('_') + 1)); });
  AYBIZA_TRY(show(views ? all_tables : tables));
  if (!views || published_) return {};
  AYBIZA_TRY(publish_over_archive(connection_));
  published_ = true;
  return {};
}

Status ArchiveReader::show_one(Table table) {
  const std::string name(to_string(table));
  const bool ordered = has_place(table);
  std::string text = reading_.live ? fmt::format("SELECT {} FROM live_{}()", foreign_columns_text(columns_[std::size_t(table)]), name)
                                   : fmt::format("SELECT *{} FROM main.{}", ordered ? ", rowid" : "", name);  // which is empty
  const Looked looked = looked_at(table, reading_);
  std::vector<std::string> files;
  if (reading_.files && !(reading_.lost & bit(table))) {
    const auto slices = listed_slices(*held_, name);
    if (!slices) return std::unexpected(slices.error());
    for (const ArchivedSlice& slice : *slices)
      if (slice.from < looked.to && slice.to > looked.from) files.push_back(sql_text(place_.folder + "/" + slice.file));
  }
  if (!files.empty()) {
    const auto replaced = held_->integer("SELECT count(*) FROM (SELECT FROM archived_replaced WHERE table_name = $1 LIMIT 1) one", {std::string_view(name)});
    if (!replaced) return std::unexpected(replaced.error());
    // Archived points were written before all others.
    text += fmt::format(" UNION ALL BY NAME SELECT *{} FROM read_parquet([{}], union_by_name = true, hive_partitioning = false{}) old",
                        ordered ? " EXCLUDE (file_row_number), file_row_number - 4611686018427387904 AS rowid" : "", fmt::join(files, ", "), ordered ? ", file_row_number = true" : "");
    if (!ordered && replaced->value_or(0) != 0)
      text += fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM live_replaced() again WHERE again.table_name = {} AND {})", sql_text(name), same_archive_key(table, "old", "again"));
  }
  AYBIZA_TRY(connection_.script(fmt::format("CREATE OR REPLACE VIEW archived.{} AS {}", name, text)));
  shown_ |= bit(table);
  return {};
}

}  // namespace aybiza
