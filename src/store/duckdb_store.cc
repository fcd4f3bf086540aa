#include "store/duckdb_store.h"

#include <atomic>
#include <filesystem>
#include <mutex>

#include "base/check.h"
#include "store/duck_archive.h"
#include "store/duck_batch.h"
#include "store/duck_copy.h"
#include "store/duck_open.h"
#include "store/duck_reader.h"
#include "store/duck_rollups.h"
#include "store/duck_select.h"
#include "store/duck_with_archive.h"
#include "store/duck_write.h"
#include "store/migrate.h"
#include "store/rollup_tables.h"
#include "store/select.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

constexpr const char* library_version = "v1.5.6";
constexpr std::chrono::seconds suspend_patience{2};  // for what is being read to end

std::uint64_t size_of(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

class DuckdbStore final : public Store {
 public:
  explicit DuckdbStore(const DuckdbOptions& options)
      : options_(options), path_(options.directory + "/store.duckdb"), scratch_(options.directory + "/store.tmp"),
        archive_(fs::absolute(options.archive.empty() ? options.directory + "/archive" : options.archive).lexically_normal().string()) {}

  Status open();

  Dialect dialect() const override { return Dialect::duckdb; }
  StoreStats stats() const override;
  Result<std::uint64_t> applied() override;
  Status apply(const RowBatch& batch) override;
  Result<RowBatch> rows(const RowFilter& filter) override { return reader_->rows(filter); }
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override { return reader_->find_call(id, customer); }
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override { return reader_->sql(text, params, deadline); }
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options) override {
    return reader_->export_table(table, format, from, to, sink, options);
  }
  bool keeps_rollups() const override { return true; }
  std::vector<DirtyBucket> dirty_rollups() const override { return changed_.all(); }
  Instant rollup_floor() const override { return changed_.floor(); }
  Status put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows) override;
  Status mark_rollups(Instant from, Instant to) override;
  Result<TopicStep> renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit) override;
  Result<std::unique_ptr<StoreCopy>> begin_copy() override;
  void closing() override { closing_ = true, reader_->closing(), archived_reader_->closing(); }
  Status checkpoint() override;
  Result<std::uint64_t> forget(Table table, Instant before) override;
  Result<std::uint64_t> forget_rollups(Duration step, Instant before) override { return forget_rollups(std::optional(step), before); }
  Result<ArchivedSlice> archive(Table table, Instant from, Instant to) override;
  std::string archive_folder() const override { return archive_.folder(); }
  std::shared_ptr<Store> with_archive(Instant from, Instant to) override;
  Instant archived_before() const override { return archive_.moved_before(); }

 private:
  Status open_database();
  Status reopen();
  Status configure();
  Status read_applied();
  Status read_changed();
  Result<std::uint64_t> forget_rollups(std::optional<Duration> step, Instant before);
  Status write(const RowBatch& batch, std::uint64_t& out_of_range, std::vector<RollupBucket>& buckets);
  template <typename Work>
  Status in_transaction(Work&& work);
  Status checkpoint_locked();
  void checkpoint_if_due();

  const DuckdbOptions options_;
  const std::string path_, scratch_;
  mutable std::mutex telling_;
  std::string repaired_;  // behind telling_
  FileLock lock_;  // before the database: let go after it is closed
  DuckCopies copies_;  // likewise
  DuckDatabase database_;

  std::mutex writing_;
  DuckConnection writer_;  // behind writing_
  bool in_doubt_ = false;  // behind writing_: what the engine has in memory may not be what is in its file
  std::uint64_t doubted_to_ = 0;  // behind writing_: the end of the batch whose commit failed; 0: none
  ChangedBuckets changed_;

  DuckArchive archive_;
  std::unique_ptr<DuckReader> reader_, archived_reader_;
  std::mutex making_with_archive_;
  std::shared_ptr<Store> with_archive_;  // behind making_with_archive_; made when it is first asked for

  // Written by the writer, read by stats(): each is a figure of its own, so relaxed order will do.
  std::atomic<std::uint64_t> applied_{0}, checkpointed_{0}, batches_{0}, rows_{0}, out_of_range_{0}, reopened_{0};
  std::atomic<bool> closing_{false};
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
  const auto reader = [&](std::string schemas) {
    return std::make_unique<DuckReader>(DuckReading{.clock = options_.clock, .scratch = scratch_, .node = options_.node, .schemas = std::move(schemas)});
  };
  reader_ = reader(""), archived_reader_ = reader("archived,main");
  AYBIZA_TRY(open_database());
  return checkpoint_locked();
}

// All that is known of the file is read from it.
Status DuckdbStore::open_database() {
  std::string trouble;
  auto database = open_or_repair(path_, {.scratch = scratch_, .memory_bytes = options_.memory_bytes, .threads = options_.threads}, trouble);
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
  const auto lost = archive_.open(writer_, trouble);
  if (!lost) return std::unexpected(lost.error());
  if (!trouble.empty()) {
    const std::lock_guard lock(telling_);
    repaired_ = std::move(trouble);
  }
  for (const auto& [table, before] : *lost) raise_gone(table, before);
  for (DuckReader* reader : {reader_.get(), archived_reader_.get()}) reader->resume(database_.get());
  return {};
}

// Nothing is asked of the engine's memory any more, and the file is opened anew. What fails here is tried again with the next transaction;
// answers say until then that the store is away.
Status DuckdbStore::reopen() {
  if (closing_) return fail(Code::unavailable, "the program ends");
  for (DuckReader* reader : {reader_.get(), archived_reader_.get()})
    if (!reader->suspend(suspend_patience)) return fail(Code::unavailable, "the store is opened anew as soon as nobody reads an answer of it");
  writer_ = DuckConnection();
  database_ = DuckDatabase();
  AYBIZA_TRY(open_database());
  in_doubt_ = false;
  ++reopened_;
  // What is in the log is in memory, and memory may be what was wanting.
  if (copies_.may_checkpoint(0) && writer_.script("CHECKPOINT")) checkpointed_ = applied_.load();
  return {};
}

Status DuckdbStore::configure() {
  // Nothing of a statement's doing leaves the data directory, whoever wrote the statement.
  return writer_.script(fmt::format("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL allowed_directories = [{}, {}]; "
                                    "SET GLOBAL enable_external_access = false; PRAGMA disable_checkpoint_on_shutdown; "
                                    "SET GLOBAL lock_configuration = true",
                                    sql_text(scratch_ + "/"), sql_text(archive_.folder() + "/")));
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
  const std::lock_guard lock(telling_);
  return {.engine = "duckdb", .version = duckdb_library_version(), .applied = applied_, .checkpointed = checkpointed_,
          .batches = batches_, .rows = rows_, .values_out_of_range = out_of_range_, .file_bytes = size_of(path_),
          .log_bytes = size_of(path_ + ".wal"), .rollups_waiting = changed_.size(), .reopened = reopened_, .repaired = repaired_};
}

Result<std::uint64_t> DuckdbStore::applied() { return applied_.load(); }

// --- Writing --------------------------------------------------------------------------------------------------------

// The answer is the first failure. DuckDB takes back a commit that fails, of want of memory say, on disk, but not all of it in memory: tables are
// left with columns of different lengths, which the next checkpoint finds, and then it refuses everything (duck_doubt_test.cc).
template <typename Work>
Status DuckdbStore::in_transaction(Work&& work) {
  if (in_doubt_) AYBIZA_TRY(reopen());
  Status done = writer_.script("BEGIN TRANSACTION");
  bool doubt = !done.has_value();
  if (done) {
    done = work();
    const bool committing = done.has_value();
    if (committing) done = writer_.script("COMMIT");
    if (done) return {};
    doubt = !writer_.script("ROLLBACK") || committing;
  }
  in_doubt_ = doubt;
  if (doubt) static_cast<void>(reopen());
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
  DuckWriting how{.archived_before = archive_.moved_before()};
  AYBIZA_TRY(write_batch(writer_, batch, prices_, how));
  out_of_range = how.out_of_range;
  buckets = buckets_of(how.minutes);
  return mark_buckets(writer_, changed_.unmarked(buckets));
}

Status DuckdbStore::apply(const RowBatch& batch) {
  const std::lock_guard lock(writing_);
  if (in_doubt_) AYBIZA_TRY(reopen());
  const std::uint64_t doubted = std::exchange(doubted_to_, 0);
  if (doubted == batch.to && applied_ == batch.to && batch.from < batch.to) return {};  // it was written, whatever the engine said
  if (batch.from != applied_ || batch.to < batch.from)
    return fail(Code::conflict, "rows ({}, {}] do not follow applied offset {}", batch.from, batch.to, applied_.load());
  see_samples(batch);
  std::uint64_t out_of_range = 0;
  std::vector<RollupBucket> buckets;
  if (const Status done = in_transaction([&] { return write(batch, out_of_range, buckets); }); !done) {
    doubted_to_ = batch.to;
    return done;
  }
  changed_.mark(buckets, options_.clock->elapsed());  // before anybody is told that the rows are there
  applied_ = batch.to;
  ++batches_;
  out_of_range_ += out_of_range;
  rows_ += batch.size();
  checkpoint_if_due();
  return {};
}

Status DuckdbStore::checkpoint_locked() {
  if (in_doubt_) AYBIZA_TRY(reopen());
  if (const Status done = writer_.script("CHECKPOINT"); !done) {
    static_cast<void>(in_transaction([] { return Status(); }));  // an engine that has given itself up is opened anew
    return done;
  }
  checkpointed_ = applied_.load();
  return {};
}

// A checkpoint that fails now (a reader in its way) is tried again after the next batch; the rows are safe.
void DuckdbStore::checkpoint_if_due() {
  const std::uint64_t log = size_of(path_ + ".wal");
  if (log >= options_.checkpoint_bytes && copies_.may_checkpoint(log)) static_cast<void>(checkpoint_locked());
}

Result<std::unique_ptr<StoreCopy>> DuckdbStore::begin_copy() {
  const std::lock_guard lock(writing_);
  if (!copies_.may_checkpoint(0)) return fail(Code::conflict, "the store is being copied already");
  AYBIZA_TRY(checkpoint_locked());
  return copies_.begin(path_, applied_);
}

Status DuckdbStore::checkpoint() {
  const std::lock_guard lock(writing_);
  if (!copies_.may_checkpoint(0)) return fail(Code::unavailable, "the store is being copied: a checkpoint waits until that is done");
  return checkpoint_locked();
}

Result<std::uint64_t> DuckdbStore::forget(Table table, Instant before) {
  if (table == Table::metric_series) return 0;  // a series has no time; it is small
  if (table == Table::rollups) return forget_rollups(std::nullopt, before);
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
  checkpoint_if_due();
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
  checkpoint_if_due();
  return {};
}

Status DuckdbStore::mark_rollups(Instant from, Instant to) {
  const auto [first, last] = whole_days(from, to);
  const std::lock_guard lock(writing_);
  AYBIZA_TRY(in_transaction([&] { return writer_.script(mark_range_text(first, last)); }));
  return read_changed();
}

// --- Topic vectors ----------------------------------------------------------------------------------------------------

Result<TopicStep> DuckdbStore::renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit) {
  const std::lock_guard lock(writing_);
  Result<TopicStep> step;
  const Status done = in_transaction([&]() -> Status {
    RowBatch batch;
    step = select_without_topic(writer_, version, from, limit, batch.turns);
    if (!step) return std::unexpected(step.error());
    for (TurnRow& row : batch.turns) make(row), row.topic_version = version;
    DuckWriting how;  // they were stored before, and minutes hold what they held as far as rollups go
    return write_batch(writer_, batch, prices_, how);
  });
  if (!done) return std::unexpected(done.error());
  checkpoint_if_due();
  return step;
}

// --- Retention ------------------------------------------------------------------------------------------------------

Result<ArchivedSlice> DuckdbStore::archive(Table table, Instant from, Instant to) {
  const std::lock_guard lock(writing_);
  Result<ArchivedSlice> moved = fail(Code::invalid, "{} is not archived", to_string(table));
  if (table == Table::metric_series || table == Table::rollups) return moved;
  const Status done = in_transaction([&]() -> Status {
    if (is_rolled(table)) AYBIZA_TRY(writer_.script(raise_floor_text(to)));
    moved = archive_.move(writer_, table, from, to);
    return moved ? Status{} : std::unexpected(moved.error());
  });
  if (!done) return std::unexpected(done.error());
  archive_.moved(*moved);
  if (is_rolled(table)) changed_.raise_floor(to);
  checkpoint_if_due();
  return moved;
}

// Of every step where none is named.
Result<std::uint64_t> DuckdbStore::forget_rollups(std::optional<Duration> step, Instant before) {
  const std::lock_guard lock(writing_);
  std::uint64_t gone = 0;
  const Status done = in_transaction([&]() -> Status {
    const std::string condition = fmt::format("bucket < $1{}", step ? fmt::format(" AND step_seconds = {}", *step / std::chrono::seconds(1)) : "");
    for (const std::string& text : delete_rollups_text(writer_, step, condition)) {
      const auto some = writer_.run(text, {before});
      if (!some) return std::unexpected(some.error());
      gone += *some;
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  checkpoint_if_due();
  return gone;
}

// --- Reading --------------------------------------------------------------------------------------------------------

std::shared_ptr<Store> DuckdbStore::with_archive(Instant, Instant) {
  if (archive_.moved_before() == Instant::min()) return itself();
  const std::lock_guard lock(making_with_archive_);
  if (!with_archive_) with_archive_ = make_duck_with_archive(*this, *archived_reader_);
  return with_archive_;
}

}  // namespace

Result<std::unique_ptr<Store>> open_duckdb_store(const DuckdbOptions& options) {
  auto store = std::make_unique<DuckdbStore>(options);
  if (Status opened = store->open(); !opened) return wrap(opened.error(), "opening the store");
  return store;
}

}  // namespace aybiza
