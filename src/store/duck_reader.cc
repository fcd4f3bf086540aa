#include "store/duck_reader.h"

#include <filesystem>

#include "base/limits.h"
#include "store/duck_rows.h"
#include "store/duck_select.h"
#include "store/duck_vector.h"
#include "store/export.h"
#include "store/parquet.h"

namespace aybiza {
Result<DuckLease> DuckReader::borrow() {
  const auto give_back = [this](DuckConnection* connection) {
    std::unique_ptr<DuckConnection> back(connection);
    back->end_reading();
    const std::lock_guard lock(lending_);
    if (suspended_) back.reset();  // before anybody is told
    else idle_.push_back(std::move(back));
    --lent_;
    given_back_.notify_all();
  };
  const std::lock_guard lock(lending_);
  if (suspended_) return fail(Code::unavailable, "the store is opened anew: try again");
  if (lent_ == limits::store_readers)
    return fail(Code::unavailable, "{} answers are open already: try again", limits::store_readers);
  if (idle_.empty()) {
    auto made = DuckConnection::open(database_, *reading_.clock);
    if (!made) return std::unexpected(made.error());
    if (!reading_.schemas.empty()) AYBIZA_TRY(made->script(fmt::format("SET search_path = {}", sql_text(reading_.schemas))));
    idle_.push_back(std::make_unique<DuckConnection>(std::move(*made)));
  }
  DuckLease lease(idle_.back().release(), give_back);
  lease->stop_when([this] { return closing_ || suspended_; });
  idle_.pop_back();
  ++lent_;
  return lease;
}

bool DuckReader::suspend(std::chrono::milliseconds patience) {
  std::unique_lock lock(lending_);
  suspended_ = true;
  idle_.clear();
  return given_back_.wait_for(lock, patience, [&] { return lent_ == 0; });
}

void DuckReader::resume(duckdb_database database) {
  const std::lock_guard lock(lending_);
  database_ = database;
  suspended_ = false;
}

Result<RowBatch> DuckReader::rows(const RowFilter& filter) {
  auto lease = borrow();
  if (!lease) return std::unexpected(lease.error());
  DuckConnection& connection = **lease;
  AYBIZA_TRY(connection.begin_reading());  // one cut through all tables
  return select_rows(connection, filter, reading_.node);
}

Result<RowBatch> DuckReader::find_call(std::string_view id, std::string_view customer) {
  std::optional<Id> found;
  {
    auto lease = borrow();
    if (!lease) return std::unexpected(lease.error());
    const std::optional<Id> uuid = parse_uuid(id);
    auto answer = (*lease)->open(
        "SELECT call_id FROM call_analytics WHERE (call_id = $1::UUID OR external_call_id = $2) "
        "AND ($3 = '' OR customer_id = $3) ORDER BY time DESC, call_id DESC LIMIT 1",
        {uuid ? Param(*uuid) : Param(), id, customer});
    if (!answer) return std::unexpected(answer.error());
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (*more) VectorReader(answer->vector(0), SqlType::id).get(0, found.emplace());
  }
  if (!found) return RowBatch{};
  return rows({.tables = bit(Table::call_analytics) | bit(Table::conversation_turns) | bit(Table::usage_events) |
                         bit(Table::interventions),
               .call = found, .customer = {}, .step = {}, .dimension = {}});
}

Result<std::unique_ptr<Rows>> DuckReader::sql(std::string_view text, std::span<const Param> params, Duration deadline) {
  auto lease = borrow();
  if (!lease) return std::unexpected(lease.error());
  auto answer = (*lease)->open(text, params, deadline);
  if (!answer) return std::unexpected(answer.error());
  return make_duck_rows(std::move(*lease), std::move(*answer));
}

// In a snapshot of its own, whose offset is told.
Result<DuckLease> DuckReader::borrow_for(const ExportOptions& options) {
  auto lease = borrow();
  if (!lease) return lease;
  AYBIZA_TRY((*lease)->begin_reading());
  (*lease)->stop_when([this, stop = options.stop] { return closing_ || suspended_ || (stop && stop()); });
  const auto offset = (*lease)->integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(reading_.node)});
  if (!offset) return std::unexpected(offset.error());
  if (options.as_of) *options.as_of = std::uint64_t(offset->value_or(0));
  return lease;
}

Status DuckReader::export_parquet(std::string_view table, const Where& where, const ByteSink& sink, const ExportOptions& options) {
  const std::string path = fmt::format("{}/{}export-{}.parquet", reading_.scratch, reading_.schemas.empty() ? "" : "archived-", ++exports_);
  auto lease = borrow_for(options);
  if (!lease) return std::unexpected(lease.error());
  auto copied = (*lease)->open(fmt::format("COPY (SELECT * FROM {}{}) TO {} (FORMAT parquet, COMPRESSION zstd)", table,
                                           where.text(), sql_text(path)),
                               where.params(), options.deadline);
  Status done;
  if (!copied) done = std::unexpected(copied.error());
  while (done) {
    const auto more = copied->next();
    if (!more) done = std::unexpected(more.error());
    if (!more || !*more) break;
  }
  if (done) done = send_file(path, sink);
  std::error_code ignored;  // a file that cannot be removed goes at the next start
  std::filesystem::remove(path, ignored);
  return done;
}

Status DuckReader::export_table(std::string_view table, ExportFormat format, Instant from, Instant to,
                                 const ByteSink& sink, const ExportOptions& options) {
  const auto where = export_range(table, from, to);
  if (!where) return std::unexpected(where.error());
  if (format == ExportFormat::parquet) return export_parquet(table, *where, sink, options);
  // The lists of numbers have no cell; as text they are JSON arrays.
  const std::string_view columns =
      table == "conversation_turns"
          ? "* REPLACE (text_embedding::TEXT AS text_embedding, topic_vector::TEXT AS topic_vector)" : "*";
  auto lease = borrow_for(options);
  if (!lease) return std::unexpected(lease.error());
  auto answer = (*lease)->open(fmt::format("SELECT {} FROM {}{}", columns, table, where->text()), where->params(), options.deadline);
  if (!answer) return std::unexpected(answer.error());
  const auto rows = make_duck_rows(std::move(*lease), std::move(*answer));
  if (!rows) return std::unexpected(rows.error());
  return format == ExportFormat::csv ? write_csv(**rows, sink) : write_ndjson(**rows, sink);
}

}  // namespace aybiza
