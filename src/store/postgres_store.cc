#include "store/postgres_store.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/limits.h"
#include "store/postgres_batch.h"
#include "store/postgres_citus.h"
#include "store/postgres_columnstore.h"
#include "store/postgres_features.h"
#include "store/postgres_migrate.h"
#include "store/postgres_pool.h"
#include "store/postgres_reader.h"
#include "store/postgres_select.h"
#include "store/postgres_with_archive.h"
#include "store/postgres_write.h"
#include "store/rollup_tables.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration size_asked_every = 60s;

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(const PostgresOptions& options)
      : options_(options), readers_(options.url, *options.clock, closing_),
        reader_({.pool = &readers_, .clock = options.clock, .scratch = options.scratch, .node = options.node}),
        archive_({.folder = options.archive, .scratch = options.scratch, .node = options.node, .clock = options.clock, .readers = &readers_}) {}

  Status open();

  Dialect dialect() const override { return Dialect::postgres; }
  StoreStats stats() const override;
  Result<std::uint64_t> applied() override;
  Status apply(const RowBatch& batch) override;
  Result<RowBatch> rows(const RowFilter& filter) override { return reader_.rows(filter); }
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override { return reader_.find_call(id, customer); }
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override { return reader_.sql(text, params, deadline); }
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options) override {
    return reader_.export_table(table, format, from, to, sink, options);
  }
  bool keeps_rollups() const override { return true; }
  std::vector<DirtyBucket> dirty_rollups() const override { return changed_.all(); }
  Instant rollup_floor() const override { return changed_.floor(); }
  Status put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows) override;
  Status mark_rollups(Instant from, Instant to) override;
  Result<TopicStep> renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit) override;
  Result<std::string> index_vectors(bool drop) override;
  void closing() override { closing_.begin(options_.clock->elapsed()); }
  Status checkpoint() override { return {}; }
  Result<std::uint64_t> forget(Table table, Instant before) override;
  Result<std::uint64_t> forget_rollups(Duration step, Instant before) override;
  Result<ArchivedSlice> archive(Table table, Instant from, Instant to) override;
  std::string archive_folder() const override { return archive_.folder(); }
  Instant archived_before() const override { return archive_.moved_before(); }
  std::shared_ptr<Store> with_archive(Instant from, Instant to) override {
    return archived_before() == Instant::min() ? itself() : postgres_with_archive(*this, archive_, from, to);
  }

 private:
  struct Range {
    std::uint64_t from = 0, to = 0;
  };
  Status connect(bool starting);
  Status prepare(PostgresConnection& connection);
  Status take_lock(PostgresConnection& connection, bool starting);
  Status read_applied(PostgresConnection& connection);
  Status ready();
  template <typename Work>
  Status in_transaction(Work&& work, std::optional<Range> batch = {});
  Status write(const RowBatch& batch, bool careful, BatchOutcome& outcome);
  Status transact(const RowBatch& batch, bool careful, BatchOutcome& outcome);
  Status read_changed(PostgresConnection& connection);
  void note_size();

  const PostgresOptions options_;
  PostgresClosing closing_;  // before the connections, which ask it

  std::mutex writing_;
  std::unique_ptr<PostgresConnection> writer_;  // behind writing_; null or broken: to be connected anew
  std::optional<Range> in_doubt_;               // behind writing_: its commit was sent, whose answer was not heard
  Duration size_asked_{0};                      // behind writing_
  ChangedBuckets changed_;

  PostgresPool readers_;
  PostgresReader reader_;
  PostgresArchive archive_;
  std::string version_;       // set by open()
  bool distributed_ = false;  // likewise: by Citus

  // Written by the writer, read by stats(): each is a figure of its own, so relaxed order will do.
  std::atomic<std::uint64_t> applied_{0}, batches_{0}, rows_{0}, out_of_range_{0}, set_aside_{0}, bytes_{0};
};

// --- Connecting -----------------------------------------------------------------------------------------------------

Status PostgresStore::open() {
  const std::lock_guard lock(writing_);
  return connect(true);
}

Status PostgresStore::connect(bool starting) {
  writer_.reset();
  auto made = PostgresConnection::open(options_.url, *options_.clock, false, &closing_);
  if (!made) return std::unexpected(made.error());
  PostgresConnection& connection = **made;
  AYBIZA_TRY(starting ? prepare(connection) : take_lock(connection, false));
  if (distributed_) AYBIZA_TRY(settle_commits(connection));
  AYBIZA_TRY(allow_changes_of_compressed_days(connection));
  // What a commit whose answer was lost has marked, before anybody is told that its rows are there.
  AYBIZA_TRY(read_changed(connection));
  AYBIZA_TRY(read_applied(connection));
  AYBIZA_TRY(archive_.open(connection, starting));
  for (const auto& [table, before] : archive_.lost()) raise_gone(table, before);
  writer_ = std::move(*made);
  note_size();
  return {};
}

// What only a start does.
Status PostgresStore::prepare(PostgresConnection& connection) {
  const auto features = detect_features(connection);
  if (!features) return std::unexpected(features.error());
  AYBIZA_TRY(refuse_unsupported(*features));
  version_ = features->version;
  AYBIZA_TRY(take_lock(connection, true));
  AYBIZA_TRY(migrate(connection, postgres_migrations(), options_.clock->now()));
  AYBIZA_TRY(publish(connection, published_views()));
  AYBIZA_TRY(use_features(connection, *features));
  PostgresFeatures used = *features;
  AYBIZA_TRY(count_distributed(connection, used));
  distributed_ = used.distributed > 0;
  reader_.cut_nodes(distributed_);
  archive_.cut_nodes(distributed_);
  return {};
}

// Held by the session. The session of a server that was killed ends by itself, a moment later.
Status PostgresStore::take_lock(PostgresConnection& connection, bool starting) {
  const Duration patience = options_.clock->elapsed() + limits::postgres_takeover;
  for (int attempt = 0;; ++attempt) {
    const auto taken = connection.integer("SELECT pg_try_advisory_lock(hashtextextended('aybiza ' || current_schema() || ' ' || $1, 0))::int",
                                          {std::string_view(options_.node)});
    if (!taken) return std::unexpected(taken.error());
    if (taken->value_or(0) == 1) return {};
    if (!starting) return fail(Code::unavailable, "PostgreSQL still holds the lock of the connection before");
    if (options_.clock->elapsed() > patience || attempt == 1'000)
      return fail(Code::conflict, "another server of node {} writes to this database: stop it, or use another database or schema", options_.node);
    std::this_thread::sleep_for(20ms);
  }
}

Status PostgresStore::read_applied(PostgresConnection& connection) {
  const auto sampled = connection.integer(samples_sql);
  if (!sampled) return std::unexpected(sampled.error());
  if (sampled->value_or(0) != 0) samples_ = true;
  const auto offset = connection.integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(options_.node)});
  if (!offset) return std::unexpected(offset.error());
  if (!*offset)
    if (const auto made = connection.run("INSERT INTO applied VALUES ($1, 0)", {std::string_view(options_.node)}); !made)
      return std::unexpected(made.error());
  applied_ = static_cast<std::uint64_t>(offset->value_or(0));
  return {};
}

Status PostgresStore::ready() {
  if (writer_ && !writer_->broken()) return {};
  return closing_.begun() ? fail(Code::unavailable, "the program ends") : connect(false);
}

void PostgresStore::note_size() {
  const Duration now = options_.clock->elapsed();
  if (bytes_ != 0 && now - size_asked_ < size_asked_every) return;
  size_asked_ = now;
  const auto bytes = writer_->integer(
      "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace");
  const auto spread = distributed_ ? distributed_bytes(*writer_) : 0;
  if (bytes && spread) bytes_ = static_cast<std::uint64_t>(bytes->value_or(0)) + *spread;  // a figure for people: the older one will do
}

StoreStats PostgresStore::stats() const {
  const std::uint64_t applied = applied_;  // a commit is on the server's disk: what is applied needs no log of ours
  return {.engine = "postgres", .version = version_, .applied = applied, .checkpointed = applied, .batches = batches_, .rows = rows_,
          .values_out_of_range = out_of_range_, .rows_set_aside = set_aside_, .file_bytes = bytes_, .log_bytes = 0, .rollups_waiting = changed_.size(), .repaired = archive_.trouble()};
}

Result<std::uint64_t> PostgresStore::applied() { return applied_.load(); }

// --- Writing --------------------------------------------------------------------------------------------------------

// The answer is the first failure. `batch` is what is in doubt where the answer to the commit is lost.
template <typename Work>
Status PostgresStore::in_transaction(Work&& work, std::optional<Range> batch) {
  Status done = writer_->script("BEGIN");
  if (done) done = work();
  if (done && distributed_) done = hold_cut(*writer_);
  if (done) {
    if (batch) in_doubt_ = batch;
    const std::uint64_t warned = writer_->warnings();
    done = writer_->script("COMMIT");
    if (done && distributed_ && writer_->warnings() != warned) {  // a node has not heard of it yet: a new connection sees to it
      writer_->give_up();
      return fail(Code::unavailable, "a node of Citus did not answer to a commit");
    }
    if (batch && (done || !writer_->broken())) in_doubt_.reset();  // it was heard what became of it
    if (done) return done;
  }
  // A connection on which this fails too is closed.
  if (!writer_->broken() && !writer_->rollback()) writer_->give_up();
  return done;
}

Status PostgresStore::write(const RowBatch& batch, bool careful, BatchOutcome& outcome) {
  const auto moved = writer_->run("UPDATE applied SET event_offset = $3 WHERE node = $1 AND event_offset = $2",
                                  {std::string_view(options_.node), std::int64_t(batch.from), std::int64_t(batch.to)});
  if (!moved) return std::unexpected(moved.error());
  if (*moved != 1) return fail(Code::conflict, "rows ({}, {}] do not follow the store's applied offset", batch.from, batch.to);
  AYBIZA_TRY(write_batch(*writer_, batch, prices_, options_.node, {.careful = careful, .archived_before = archive_.moved_before()}, outcome));
  return mark_buckets(*writer_, changed_.unmarked(buckets_of(outcome.minutes)));
}

Status PostgresStore::transact(const RowBatch& batch, bool careful, BatchOutcome& outcome) {
  return in_transaction([&] { return write(batch, careful, outcome); }, Range{batch.from, batch.to});
}

Status PostgresStore::apply(const RowBatch& batch) {
  const std::lock_guard lock(writing_);
  AYBIZA_TRY(ready());
  if (in_doubt_) {
    const Range range = *std::exchange(in_doubt_, std::nullopt);
    if (range.from == batch.from && range.to == batch.to && batch.from < batch.to && applied_ == batch.to) return {};
  }
  if (batch.from != applied_ || batch.to < batch.from)
    return fail(Code::conflict, "rows ({}, {}] do not follow applied offset {}", batch.from, batch.to, applied_.load());
  see_samples(batch);
  BatchOutcome outcome;
  Status done = transact(batch, false, outcome);
  if (!done && !writer_->broken() && done.error().code == Code::invalid) done = transact(batch, true, outcome = {});
  if (!done) return done;
  changed_.mark(buckets_of(outcome.minutes), options_.clock->elapsed());  // before anybody is told that the rows are there
  applied_ = batch.to;
  ++batches_;
  out_of_range_ += outcome.out_of_range;
  set_aside_ += outcome.set_aside;
  rows_ += batch.size();
  note_size();
  return {};
}

// Day by day, so that no statement is long and no lock is held for long.
Result<std::uint64_t> PostgresStore::forget(Table table, Instant before) {
  if (table == Table::metric_series) return 0;  // a series has no time; it is small
  const std::lock_guard lock(writing_);
  if (Status connected = ready(); !connected) return std::unexpected(connected.error());
  const std::string_view time = time_column(table);
  std::uint64_t gone = 0;
  if (is_rolled(table)) {
    if (Status raised = writer_->script(raise_floor_text(before)); !raised) return std::unexpected(raised.error());
    changed_.raise_floor(before);
  }
  Result<std::uint64_t> dropped = 0;
  const Status whole = in_transaction([&]() -> Status {
    dropped = drop_days(*writer_, to_string(table), before);
    return dropped ? Status() : std::unexpected(dropped.error());
  });
  if (!whole) return std::unexpected(whole.error());
  gone += *dropped;
  for (;;) {
    const auto first = writer_->integer(fmt::format("SELECT epoch_us(min({})) FROM {}", time, to_string(table)));
    if (!first) return std::unexpected(first.error());
    if (!*first || from_micros(**first) >= before) return gone;
    const Instant until = std::min(before, from_micros(**first) + Duration(24h));
    Result<std::uint64_t> deleted = 0;
    const Status done = in_transaction([&]() -> Status {
      AYBIZA_TRY(writer_->take_time(limits::postgres_day));
      deleted = writer_->run(fmt::format("DELETE FROM {} WHERE {} < make_timestamptz({})", to_string(table), time, to_micros(until)), std::span<const PgParam>(),
                             limits::postgres_day);
      return deleted ? Status() : std::unexpected(deleted.error());
    });
    if (!done) return std::unexpected(done.error());
    gone += *deleted;
  }
}

Result<std::uint64_t> PostgresStore::forget_rollups(Duration step, Instant before) {
  const std::lock_guard lock(writing_);
  if (Status connected = ready(); !connected) return std::unexpected(connected.error());
  const PgParam params[] = {pg_param(std::int64_t(step / 1s)), pg_param(before)};
  return writer_->run("DELETE FROM rollups WHERE step_seconds = $1 AND bucket < $2", params, limits::postgres_day);
}

Result<ArchivedSlice> PostgresStore::archive(Table table, Instant from, Instant to) {
  const std::lock_guard lock(writing_);
  Result<ArchivedSlice> moved = fail(Code::invalid, "{} is not archived", to_string(table));
  if (table == Table::metric_series || table == Table::rollups) return moved;
  if (Status connected = ready(); !connected) return std::unexpected(connected.error());
  const Status done = in_transaction([&]() -> Status {
    moved = archive_.move(*writer_, table, from, to);
    if (!moved) return std::unexpected(moved.error());
    return is_rolled(table) ? writer_->script(raise_floor_text(to)) : Status();
  });
  if (!done) return std::unexpected(done.error());
  archive_.moved(*moved);
  if (is_rolled(table)) changed_.raise_floor(to);
  return moved;
}

// --- Rollups --------------------------------------------------------------------------------------------------------

Status PostgresStore::read_changed(PostgresConnection& connection) {
  const auto marks = read_marks(connection, options_.clock->elapsed() + limits::postgres_patience);
  if (!marks) return std::unexpected(marks.error());
  changed_.replace(marks->buckets, marks->floor, options_.clock->elapsed());
  return {};
}

Status PostgresStore::put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows) {
  const std::lock_guard lock(writing_);
  AYBIZA_TRY(ready());
  const std::vector<DirtyBucket> held = changed_.held(claims);
  if (held.empty()) return {};
  AYBIZA_TRY(in_transaction([&] { return replace_buckets(*writer_, held, rows); }));
  changed_.unmark(held);
  return {};
}

// Day by day, so that no statement is long.
Status PostgresStore::mark_rollups(Instant from, Instant to) {
  const std::lock_guard lock(writing_);
  AYBIZA_TRY(ready());
  const auto stored = stored_range(*writer_);
  if (!stored) return std::unexpected(stored.error());
  if (stored->first > stored->second) return {};
  const auto [first, last] = whole_days(std::max(from, stored->first), std::min(to, stored->second + Duration(1)));
  for (Instant day = first; day < last; day += 24h) {
    const Status done = in_transaction([&]() -> Status {
      AYBIZA_TRY(writer_->take_time(limits::postgres_day));
      return writer_->script(mark_range_text(day, std::min(last, day + 24h)), limits::postgres_day);
    });
    if (!done) return done;
  }
  return read_changed(*writer_);
}

// --- Vectors --------------------------------------------------------------------------------------------------------

Result<TopicStep> PostgresStore::renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit) {
  const std::lock_guard lock(writing_);
  if (Status connected = ready(); !connected) return std::unexpected(connected.error());
  Result<TopicStep> step;
  const Status done = in_transaction([&]() -> Status {
    // What another node's writer changes meanwhile is not undone: then this fails, and is tried again.
    AYBIZA_TRY(writer_->script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
    AYBIZA_TRY(writer_->take_time(limits::postgres_day));
    RowBatch batch;
    step = select_without_topic(*writer_, version, from, limit, batch.turns);
    if (!step) return std::unexpected(step.error());
    for (TurnRow& row : batch.turns) make(row), row.topic_version = version;
    BatchOutcome outcome;  // they were stored before: nothing is new to rollups
    return write_batch(*writer_, batch, prices_, options_.node, {.archived_before = archive_.moved_before()}, outcome);
  });
  if (!done) return std::unexpected(done.error());
  return step;
}

// On a connection of its own: the writer goes on, as far as the server lets it.
Result<std::string> PostgresStore::index_vectors(bool drop) {
  auto connection = PostgresConnection::open(options_.url, *options_.clock, false, &closing_);
  if (!connection) return std::unexpected(connection.error());
  const auto features = detect_features(**connection);
  if (!features) return std::unexpected(features.error());
  return drop ? drop_vector_indexes(**connection) : make_vector_indexes(**connection, *features);
}

}  // namespace

bool is_postgres_url(std::string_view text) { return text.starts_with("postgres://") || text.starts_with("postgresql://"); }

Result<PostgresReport> examine_postgres(const std::string& url, const Clock& clock) {
  auto connection = PostgresConnection::open(url, clock, true);
  if (!connection) return std::unexpected(connection.error());
  const auto features = detect_features(**connection);
  if (!features) return std::unexpected(features.error());
  return PostgresReport{describe(*features), refuse_unsupported(*features)};
}

Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options) {
  CHECK(options.clock != nullptr);
  auto store = std::make_unique<PostgresStore>(options);
  if (Status opened = store->open(); !opened) return wrap(opened.error(), "opening the store");
  return store;
}

}  // namespace aybiza
