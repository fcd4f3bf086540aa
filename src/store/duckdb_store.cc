#include "store/duckdb_store.h"

#include <atomic>
#include <filesystem>
#include <mutex>

#include "base/check.h"
#include "store/duck_batch.h"
#include "store/duck_open.h"
#include "store/duck_rows.h"
#include "store/duck_select.h"
#include "store/duck_write.h"
#include "store/export.h"
#include "store/migrate.h"
#include "store/parquet.h"
#include "store/rollup_tables.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

constexpr const char* library_version = "v1.5.6";

std::uint64_t size_of(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

std::string sql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

class DuckdbStore final : public Store {
 public:
  explicit DuckdbStore(const DuckdbOptions& options)
      : options_(options), path_(options.directory + "/store.duckdb"), scratch_(options.directory + "/store.tmp") {}

  Status open();

  Dialect dialect() const override { return Dialect::duckdb; }
  StoreStats stats() const override;
  Result<std::uint64_t> applied() override;
  Status apply(const RowBatch& batch) override;
  Result<RowBatch> rows(const RowFilter& filter) override;
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override;
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override;
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink,
                      Duration deadline) override;
  bool keeps_rollups() const override { return true; }
  std::vector<DirtyBucket> dirty_rollups() const override { return changed_.all(); }
  Instant rollup_floor() const override { return changed_.floor(); }
  Status put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows) override;
  Status mark_rollups(Instant from, Instant to) override;
  Status checkpoint() override;
  Result<std::uint64_t> forget(Table table, Instant before) override;

 private:
  Result<DuckLease> borrow();
  Status configure();
  Status read_applied();
  Status read_changed();
  Status write(const RowBatch& batch, std::uint64_t& out_of_range, std::vector<RollupBucket>& buckets);
  template <typename Work>
  Status in_transaction(Work&& work);
  Status checkpoint_locked();
  Status export_parquet(std::string_view table, std::string_view time_column, Instant from, Instant to,
                        const ByteSink& sink, Duration deadline);

  const DuckdbOptions options_;
  const std::string path_, scratch_;
  std::string repaired_;
  FileLock lock_;  // before the database: let go after it is closed
  DuckDatabase database_;

  std::mutex writing_;
  DuckConnection writer_;  // behind writing_
  ChangedBuckets changed_;

  std::mutex lending_;
  std::vector<std::unique_ptr<DuckConnection>> idle_;  // behind lending_
  std::size_t lent_ = 0;                               // behind lending_

  // Written by the writer, read by stats(): each is a figure of its own, so relaxed order will do.
  std::atomic<std::uint64_t> applied_{0}, checkpointed_{0}, batches_{0}, rows_{0}, out_of_range_{0}, exports_{0};
};

Status DuckdbStore::open() {
  CHECK(options_.clock != nullptr);
  if (std::string_view(duckdb_library_version()) != library_version)
    return fail(Code::unsupported, "the DuckDB library is {}, this program was built for {}", duckdb_library_version(),
                library_version);
  std::error_code failed;
  fs::create_directories(scratch_, failed);
  if (failed) return fail(Code::io, "{}: {}", scratch_, failed.message());
  AYBIZA_TRY(lock_.take(options_.directory + "/store.lock"));
  for (const auto& left : fs::directory_iterator(scratch_, failed)) {  // of a process that was killed
    std::error_code ignored;                                           // then it stays another day
    fs::remove_all(left.path(), ignored);
  }
  auto database = open_or_repair(path_, {.scratch = scratch_, .memory_bytes = options_.memory_bytes, .threads = options_.threads}, repaired_);
  if (!database) return std::unexpected(database.error());
  database_ = std::move(*database);
  auto writer = DuckConnection::open(database_.get(), *options_.clock);
  if (!writer) return std::unexpected(writer.error());
  writer_ = std::move(*writer);
  AYBIZA_TRY(configure());
  AYBIZA_TRY(migrate(writer_, duckdb_migrations(), options_.clock->now()));
  AYBIZA_TRY(publish(writer_, published_views()));
  AYBIZA_TRY(read_applied());
  AYBIZA_TRY(read_changed());
  return checkpoint_locked();
}

Status DuckdbStore::configure() {
  // Nothing of a statement's doing leaves the data directory, whoever wrote the statement.
  return writer_.script(fmt::format("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL allowed_directories = [{}]; "
                                    "SET GLOBAL enable_external_access = false; PRAGMA disable_checkpoint_on_shutdown; "
                                    "SET GLOBAL lock_configuration = true",
                                    sql_text(scratch_ + "/")));
}

Status DuckdbStore::read_applied() {
  const auto offset = writer_.integer("SELECT event_offset FROM applied WHERE node = $1", {options_.node});
  if (!offset) return std::unexpected(offset.error());
  if (!*offset) AYBIZA_TRY(writer_.run("INSERT INTO applied VALUES ($1, 0)", {options_.node}));
  const auto sampled = writer_.integer(samples_sql);
  if (!sampled) return std::unexpected(sampled.error());
  samples_ = sampled->value_or(0) != 0;
  applied_ = static_cast<std::uint64_t>(offset->value_or(0));
  return {};
}

StoreStats DuckdbStore::stats() const {
  return {.engine = "duckdb", .version = duckdb_library_version(), .applied = applied_, .checkpointed = checkpointed_,
          .batches = batches_, .rows = rows_, .values_out_of_range = out_of_range_, .file_bytes = size_of(path_),
          .log_bytes = size_of(path_ + ".wal"), .rollups_waiting = changed_.size(), .repaired = repaired_};
}

Result<std::uint64_t> DuckdbStore::applied() { return applied_.load(); }

Result<DuckLease> DuckdbStore::borrow() {
  const auto give_back = [this](DuckConnection* connection) {
    const std::lock_guard lock(lending_);
    --lent_;
    idle_.emplace_back(connection);
  };
  const std::lock_guard lock(lending_);
  if (lent_ == limits::store_readers)
    return fail(Code::unavailable, "{} answers are open already: try again", limits::store_readers);
  if (idle_.empty()) {
    auto made = DuckConnection::open(database_.get(), *options_.clock);
    if (!made) return std::unexpected(made.error());
    idle_.push_back(std::make_unique<DuckConnection>(std::move(*made)));
  }
  DuckLease lease(idle_.back().release(), give_back);
  idle_.pop_back();
  ++lent_;
  return lease;
}

// --- Writing --------------------------------------------------------------------------------------------------------

// The answer is the first failure; a commit that failed has rolled back already.
template <typename Work>
Status DuckdbStore::in_transaction(Work&& work) {
  AYBIZA_TRY(writer_.script("BEGIN TRANSACTION"));
  Status done = work();
  if (done) done = writer_.script("COMMIT");
  if (!done) static_cast<void>(writer_.script("ROLLBACK"));
  return done;
}

Status DuckdbStore::write(const RowBatch& batch, std::uint64_t& out_of_range, std::vector<RollupBucket>& buckets) {
  // Not an UPDATE: as long as a reader is older than one, DuckDB cannot checkpoint; a deletion is no obstacle.
  const auto taken = writer_.run("DELETE FROM applied WHERE node = $1 AND event_offset = $2",
                                 {options_.node, std::int64_t(batch.from)});
  if (!taken) return std::unexpected(taken.error());
  if (*taken != 1)
    return fail(Code::conflict, "rows ({}, {}] do not follow the store's applied offset", batch.from, batch.to);
  AYBIZA_TRY(writer_.run("INSERT INTO applied VALUES ($1, $2)", {options_.node, std::int64_t(batch.to)}));
  std::vector<Instant> minutes;
  AYBIZA_TRY(write_batch(writer_, batch, prices_, out_of_range, minutes));
  buckets = buckets_of(minutes);
  return mark_buckets(writer_, changed_.unmarked(buckets));
}

Status DuckdbStore::apply(const RowBatch& batch) {
  const std::lock_guard lock(writing_);
  if (batch.from != applied_ || batch.to < batch.from)
    return fail(Code::conflict, "rows ({}, {}] do not follow applied offset {}", batch.from, batch.to, applied_.load());
  see_samples(batch);
  std::uint64_t out_of_range = 0;
  std::vector<RollupBucket> buckets;
  AYBIZA_TRY(in_transaction([&] { return write(batch, out_of_range, buckets); }));
  changed_.mark(buckets, options_.clock->elapsed());  // before anybody is told that the rows are there
  applied_ = batch.to;
  ++batches_;
  out_of_range_ += out_of_range;
  rows_ += batch.size();
  // A checkpoint that fails now (a reader in its way) is tried again after the next batch; the rows are safe.
  if (size_of(path_ + ".wal") >= options_.checkpoint_bytes) static_cast<void>(checkpoint_locked());
  return {};
}

Status DuckdbStore::checkpoint_locked() {
  AYBIZA_TRY(writer_.script("CHECKPOINT"));
  checkpointed_ = applied_.load();
  return {};
}

Status DuckdbStore::checkpoint() {
  const std::lock_guard lock(writing_);
  return checkpoint_locked();
}

Result<std::uint64_t> DuckdbStore::forget(Table table, Instant before) {
  if (table == Table::metric_series) return 0;  // a series has no time; it is small
  const std::lock_guard lock(writing_);
  std::uint64_t gone = 0;
  const Status deleted = in_transaction([&]() -> Status {
    if (is_rolled(table)) AYBIZA_TRY(writer_.script(raise_floor_text(before)));
    const auto done = writer_.run(fmt::format("DELETE FROM {} WHERE {} < $1", to_string(table), time_column(table)), {before});
    if (!done) return std::unexpected(done.error());
    gone = *done;
    return {};
  });
  if (!deleted) return std::unexpected(deleted.error());
  if (is_rolled(table)) changed_.raise_floor(before);
  return gone;
}

// --- Rollups ----------------------------------------------------------------------------------------------------------

Status DuckdbStore::read_changed() {
  const auto marks = read_marks(writer_);
  if (!marks) return std::unexpected(marks.error());
  changed_.replace(marks->buckets, marks->floor, options_.clock->elapsed());
  return {};
}

Status DuckdbStore::put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows) {
  const std::lock_guard lock(writing_);
  const std::vector<DirtyBucket> held = changed_.held(claims);
  if (held.empty()) return {};
  AYBIZA_TRY(in_transaction([&] { return replace_buckets(writer_, held, rows); }));
  changed_.unmark(held);
  if (size_of(path_ + ".wal") >= options_.checkpoint_bytes) static_cast<void>(checkpoint_locked());
  return {};
}

Status DuckdbStore::mark_rollups(Instant from, Instant to) {
  const auto [first, last] = whole_days(from, to);
  const std::lock_guard lock(writing_);
  AYBIZA_TRY(in_transaction([&] { return writer_.script(mark_range_text(first, last)); }));
  return read_changed();
}

// --- Reading --------------------------------------------------------------------------------------------------------

Result<RowBatch> DuckdbStore::rows(const RowFilter& filter) {
  auto lease = borrow();
  if (!lease) return std::unexpected(lease.error());
  DuckConnection& connection = **lease;
  AYBIZA_TRY(connection.script("BEGIN TRANSACTION READ ONLY"));  // one cut through all tables
  auto out = select_rows(connection, filter, options_.node);
  // The answer is what was read; ending a transaction that wrote nothing cannot change it.
  static_cast<void>(connection.script("ROLLBACK"));
  return out;
}

Result<RowBatch> DuckdbStore::find_call(std::string_view id, std::string_view customer) {
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

Result<std::unique_ptr<Rows>> DuckdbStore::sql(std::string_view text, std::span<const Param> params, Duration deadline) {
  auto lease = borrow();
  if (!lease) return std::unexpected(lease.error());
  auto answer = (*lease)->open(text, params, deadline);
  if (!answer) return std::unexpected(answer.error());
  return make_duck_rows(std::move(*lease), std::move(*answer));
}

// --- Export ---------------------------------------------------------------------------------------------------------

Status DuckdbStore::export_parquet(std::string_view table, std::string_view time_column, Instant from, Instant to,
                                   const ByteSink& sink, Duration deadline) {
  const std::string path = fmt::format("{}/export-{}.parquet", scratch_, ++exports_);
  auto lease = borrow();
  if (!lease) return std::unexpected(lease.error());
  const Where where = time_range(time_column, from, to);
  auto copied = (*lease)->open(fmt::format("COPY (SELECT * FROM {}{}) TO {} (FORMAT parquet, COMPRESSION zstd)", table,
                                           where.text(), sql_text(path)),
                               where.params(), deadline);
  Status done;
  if (!copied) done = std::unexpected(copied.error());
  while (done) {
    const auto more = copied->next();
    if (!more) done = std::unexpected(more.error());
    if (!more || !*more) break;
  }
  if (done) done = send_file(path, sink);
  std::error_code ignored;  // a file that cannot be removed goes at the next start
  fs::remove(path, ignored);
  return done;
}

Status DuckdbStore::export_table(std::string_view table, ExportFormat format, Instant from, Instant to,
                                 const ByteSink& sink, Duration deadline) {
  const auto time_column = export_time_column(table);
  if (!time_column) return fail(Code::invalid, "there is no table {} to export", table);
  if (format == ExportFormat::parquet) return export_parquet(table, *time_column, from, to, sink, deadline);
  const Where where = time_range(*time_column, from, to);
  // The lists of numbers have no cell; as text they are JSON arrays.
  const std::string_view columns =
      table == "conversation_turns"
          ? "* REPLACE (text_embedding::TEXT AS text_embedding, topic_vector::TEXT AS topic_vector)" : "*";
  auto answer = sql(fmt::format("SELECT {} FROM {}{}", columns, table, where.text()), where.params(), deadline);
  if (!answer) return std::unexpected(answer.error());
  return format == ExportFormat::csv ? write_csv(**answer, sink) : write_ndjson(**answer, sink);
}

}  // namespace

Result<std::unique_ptr<Store>> open_duckdb_store(const DuckdbOptions& options) {
  auto store = std::make_unique<DuckdbStore>(options);
  if (Status opened = store->open(); !opened) return wrap(opened.error(), "opening the store");
  return store;
}

}  // namespace aybiza
