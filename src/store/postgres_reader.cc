#include "store/postgres_reader.h"

#include <unistd.h>

#include <filesystem>

#include "store/export.h"
#include "store/parquet.h"
#include "store/postgres_citus.h"
#include "store/postgres_select.h"

namespace aybiza {

Result<RowBatch> PostgresReader::rows(const RowFilter& filter) {
  return reading_.pool->reading([&](PostgresLease& lease) -> Result<RowBatch> {
    AYBIZA_TRY(lease->script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));  // one cut through all tables
    auto out = select_rows(*lease, filter, reading_.node);
    if (!lease->broken() && !lease->rollback()) lease->give_up();
    return out;
  });
}

Result<RowBatch> PostgresReader::find_call(std::string_view id, std::string_view customer) {
  const std::optional<Id> uuid = parse_uuid(id);
  const auto found = reading_.pool->reading([&](PostgresLease& lease) {
    return lease->word("SELECT call_id FROM call_analytics WHERE (call_id = $1::UUID OR external_call_id = $2) "
                       "AND ($3 = '' OR customer_id = $3) ORDER BY time DESC, call_id DESC LIMIT 1",
                       {uuid ? Param(*uuid) : Param(), id, customer});
  });
  if (!found) return std::unexpected(found.error());
  if (!*found) return RowBatch{};
  return rows({.tables = bit(Table::call_analytics) | bit(Table::conversation_turns) | bit(Table::usage_events) | bit(Table::interventions),
               .call = read_id(**found), .customer = {}, .step = {}, .dimension = {}, .rated = {}});
}

Result<std::unique_ptr<Rows>> PostgresReader::sql(std::string_view text, std::span<const Param> params, Duration deadline) {
  return reading_.pool->reading([&](PostgresLease& lease) -> Result<std::unique_ptr<Rows>> {
    auto answer = lease->open(text, params, deadline);
    if (!answer) return std::unexpected(answer.error());
    return make_postgres_rows(std::move(lease), std::move(*answer));
  }, deadline);
}

// Rows of one moment, whose offset is told.
Result<std::unique_ptr<Rows>> PostgresReader::snapshot(const std::string& text, std::span<const Param> params, const ExportOptions& options) {
  return reading_.pool->reading([&](PostgresLease& lease) -> Result<std::unique_ptr<Rows>> {
    AYBIZA_TRY(nodes_ ? begin_cut(*lease) : lease->script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    const auto offset = lease->integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(reading_.node)});
    if (!offset) return std::unexpected(offset.error());
    if (options.as_of) *options.as_of = std::uint64_t(offset->value_or(0));
    lease->stop_when(options.stop);
    auto answer = lease->open(text, params, options.deadline);
    if (!answer) return std::unexpected(answer.error());
    return make_postgres_rows(std::move(lease), std::move(*answer));
  }, options.deadline);
}

// A table of our own has columns here that are not published ("place"); a Parquet file is the same from every engine.
Status PostgresReader::export_parquet(std::string_view table, const Where& where, const ByteSink& sink, const ExportOptions& options) {
  const auto columns = published_columns(table, *reading_.clock);
  if (!columns) return std::unexpected(columns.error());
  std::string names;
  for (const ParquetColumn& column : *columns) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", column.name);
  auto answer = snapshot(fmt::format("SELECT {} FROM {}{}", names, table, where.text()), where.params(), options);
  if (!answer) return std::unexpected(answer.error());
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path folder = reading_.scratch.empty() ? fs::temp_directory_path(failed) : fs::path(reading_.scratch);
  fs::create_directories(folder, failed);
  const std::string path = (folder / fmt::format("export-{}-{}.parquet", ::getpid(), ++exports_)).string();
  Status done = write_parquet(**answer, *columns, path, *reading_.clock);
  if (done) done = send_file(path, sink);
  fs::remove(path, failed);  // a file that cannot be removed is in nobody's way
  return done;
}

Status PostgresReader::export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink,
                                   const ExportOptions& options) {
  const auto where = export_range(table, from, to);
  if (!where) return std::unexpected(where.error());
  if (format == ExportFormat::parquet) return export_parquet(table, *where, sink, options);
  auto answer = snapshot(fmt::format("SELECT * FROM {}{}", table, where->text()), where->params(), options);
  if (!answer) return std::unexpected(answer.error());
  return format == ExportFormat::csv ? write_csv(**answer, sink) : write_ndjson(**answer, sink);
}

}  // namespace aybiza
