#include "store/postgres_store.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/limits.h"
#include "store/export.h"
#include "store/postgres_batch.h"
#include "store/postgres_features.h"
#include "store/postgres_migrate.h"
#include "store/postgres_rows.h"
#include "store/postgres_select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration size_asked_every = 60s;

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(const PostgresOptions& options) : options_(options) {}

  Status open();

  Dialect dialect() const override { return Dialect::postgres; }
  StoreStats stats() const override;
  Result<std::uint64_t> applied() override;
  Status apply(const RowBatch& batch) override;
  Result<RowBatch> rows(const RowFilter& filter) override;
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override;
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override;
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink,
                      Duration deadline) override;
  Status checkpoint() override { return {}; }
  Result<std::uint64_t> forget(Table table, Instant before) override;

 private:
  struct Range {
    std::uint64_t from = 0, to = 0;
  };
  Result<PostgresLease> borrow(bool fresh);
  template <typename Read>
  auto reading(const Read& read, Duration deadline = no_deadline) -> decltype(read(std::declval<PostgresLease&>()));
  Status connect(bool starting);
  Status prepare(PostgresConnection& connection);
  Status take_lock(PostgresConnection& connection, bool starting);
  Status read_applied(PostgresConnection& connection);
  Status ready();
  Status write(const RowBatch& batch, bool careful, BatchOutcome& outcome);
  Status transact(const RowBatch& batch, bool careful, BatchOutcome& outcome);
  void note_size();

  const PostgresOptions options_;

  std::mutex writing_;
  std::unique_ptr<PostgresConnection> writer_;  // behind writing_; null or broken: to be connected anew
  std::optional<Range> in_doubt_;               // behind writing_: its commit was sent, whose answer was not heard
  Duration size_asked_{0};                      // behind writing_

  std::mutex lending_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;  // behind lending_
  std::size_t lent_ = 0;                                   // behind lending_
  std::string version_;                                    // set by open()

  // Written by the writer, read by stats(): each is a figure of its own, so relaxed order will do.
  std::atomic<std::uint64_t> applied_{0}, batches_{0}, rows_{0}, out_of_range_{0}, set_aside_{0}, bytes_{0};
};

// --- Connecting -----------------------------------------------------------------------------------------------------

Status PostgresStore::open() {
  CHECK(options_.clock != nullptr);
  const std::lock_guard lock(writing_);
  return connect(true);
}

Status PostgresStore::connect(bool starting) {
  writer_.reset();
  auto made = PostgresConnection::open(options_.url, *options_.clock, false);
  if (!made) return std::unexpected(made.error());
  PostgresConnection& connection = **made;
  AYBIZA_TRY(starting ? prepare(connection) : take_lock(connection, false));
  AYBIZA_TRY(read_applied(connection));
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
  return use_features(connection, *features);
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
  const auto offset = connection.integer("SELECT event_offset FROM applied WHERE node = $1", {std::string_view(options_.node)});
  if (!offset) return std::unexpected(offset.error());
  if (!*offset)
    if (const auto made = connection.run("INSERT INTO applied VALUES ($1, 0)", {std::string_view(options_.node)}); !made)
      return std::unexpected(made.error());
  applied_ = static_cast<std::uint64_t>(offset->value_or(0));
  return {};
}

Status PostgresStore::ready() { return writer_ && !writer_->broken() ? Status() : connect(false); }

void PostgresStore::note_size() {
  const Duration now = options_.clock->elapsed();
  if (bytes_ != 0 && now - size_asked_ < size_asked_every) return;
  size_asked_ = now;
  const auto bytes = writer_->integer(
      "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace");
  if (bytes) bytes_ = static_cast<std::uint64_t>(bytes->value_or(0));  // a figure for people: the older one will do
}

StoreStats PostgresStore::stats() const {
  const std::uint64_t applied = applied_;  // a commit is on the server's disk: what is applied needs no log of ours
  return {.engine = "postgres", .version = version_, .applied = applied, .checkpointed = applied, .batches = batches_, .rows = rows_,
          .values_out_of_range = out_of_range_, .rows_set_aside = set_aside_, .file_bytes = bytes_, .log_bytes = 0, .repaired = {}};
}

Result<std::uint64_t> PostgresStore::applied() { return applied_.load(); }

Result<PostgresLease> PostgresStore::borrow(bool fresh) {
  const auto give_back = [this](PostgresConnection* connection) {
    std::unique_ptr<PostgresConnection> back(connection);
    const std::lock_guard lock(lending_);
    --lent_;
    if (!back->broken()) idle_.push_back(std::move(back));
  };
  std::unique_ptr<PostgresConnection> connection;
  {
    const std::lock_guard lock(lending_);
    if (lent_ == limits::store_readers)
      return fail(Code::unavailable, "{} answers are open already: try again", limits::store_readers);
    if (fresh) idle_.clear();
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    ++lent_;
  }
  if (!connection) {
    auto made = PostgresConnection::open(options_.url, *options_.clock, true);
    if (!made) {
      const std::lock_guard lock(lending_);
      --lent_;
      return std::unexpected(made.error());
    }
    connection = std::move(*made);
  }
  return PostgresLease(connection.release(), give_back);
}

// A connection that lay idle may have died with a server that was restarted: then once more with a new one.
template <typename Read>
auto PostgresStore::reading(const Read& read, Duration deadline) -> decltype(read(std::declval<PostgresLease&>())) {
  for (const bool fresh : {false, true}) {
    auto lease = borrow(fresh);
    if (!lease) return std::unexpected(lease.error());
    PostgresConnection* connection = lease->get();
    auto out = read(*lease);
    const bool lost = !out && *lease && connection->broken();
    if (!lost || fresh || (deadline != no_deadline && options_.clock->elapsed() > deadline)) return out;
  }
  return fail(Code::unavailable, "no connection");
}

// --- Writing --------------------------------------------------------------------------------------------------------

Status PostgresStore::write(const RowBatch& batch, bool careful, BatchOutcome& outcome) {
  AYBIZA_TRY(writer_->script("BEGIN"));
  const auto moved = writer_->run("UPDATE applied SET event_offset = $3 WHERE node = $1 AND event_offset = $2",
                                  {std::string_view(options_.node), std::int64_t(batch.from), std::int64_t(batch.to)});
  if (!moved) return std::unexpected(moved.error());
  if (*moved != 1) return fail(Code::conflict, "rows ({}, {}] do not follow the store's applied offset", batch.from, batch.to);
  return write_batch(*writer_, batch, prices_, options_.node, careful, outcome);
}

Status PostgresStore::transact(const RowBatch& batch, bool careful, BatchOutcome& outcome) {
  Status done = write(batch, careful, outcome);
  if (done) {
    in_doubt_ = {batch.from, batch.to};
    done = writer_->script("COMMIT");
    if (done || !writer_->broken()) in_doubt_.reset();  // it was heard what became of it
    if (done) return done;
  }
  // The caller hears of the first failure; a connection on which this one fails too is closed.
  if (!writer_->broken() && !writer_->rollback()) writer_->give_up();
  return done;
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
  BatchOutcome outcome;
  Status done = transact(batch, false, outcome);
  if (!done && !writer_->broken() && done.error().code == Code::invalid) done = transact(batch, true, outcome = {});
  if (!done) return done;
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
  for (;;) {
    const auto first = writer_->integer(fmt::format("SELECT epoch_us(min({})) FROM {}", time, to_string(table)));
    if (!first) return std::unexpected(first.error());
    if (!*first || from_micros(**first) >= before) return gone;
    const Instant until = std::min(before, from_micros(**first) + Duration(24h));
    const auto deleted = writer_->run(fmt::format("DELETE FROM {} WHERE {} < $1", to_string(table), time), {until});
    if (!deleted) return deleted;
    gone += *deleted;
  }
}

// --- Reading --------------------------------------------------------------------------------------------------------

Result<RowBatch> PostgresStore::rows(const RowFilter& filter) {
  return reading([&](PostgresLease& lease) -> Result<RowBatch> {
    AYBIZA_TRY(lease->script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));  // one cut through all tables
    auto out = select_rows(*lease, filter, options_.node);
    if (!lease->broken() && !lease->rollback()) lease->give_up();
    return out;
  });
}

Result<RowBatch> PostgresStore::find_call(std::string_view id, std::string_view customer) {
  const std::optional<Id> uuid = parse_uuid(id);
  const auto found = reading([&](PostgresLease& lease) {
    return lease->word("SELECT call_id FROM call_analytics WHERE (call_id = $1::UUID OR external_call_id = $2) "
                       "AND ($3 = '' OR customer_id = $3) ORDER BY time DESC, call_id DESC LIMIT 1",
                       {uuid ? Param(*uuid) : Param(), id, customer});
  });
  if (!found) return std::unexpected(found.error());
  if (!*found) return RowBatch{};
  return rows({.tables = bit(Table::call_analytics) | bit(Table::conversation_turns) | bit(Table::usage_events) | bit(Table::interventions),
               .call = read_id(**found), .customer = {}, .step = {}, .dimension = {}, .rated = {}});
}

Result<std::unique_ptr<Rows>> PostgresStore::sql(std::string_view text, std::span<const Param> params, Duration deadline) {
  return reading([&](PostgresLease& lease) -> Result<std::unique_ptr<Rows>> {
    auto answer = lease->open(text, params, deadline);
    if (!answer) return std::unexpected(answer.error());
    return make_postgres_rows(std::move(lease), std::move(*answer));
  }, deadline);
}

Status PostgresStore::export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink,
                                   Duration deadline) {
  const auto time_column = export_time_column(table);
  if (!time_column) return fail(Code::invalid, "there is no table {} to export", table);
  if (format == ExportFormat::parquet)
    return fail(Code::unsupported, "Parquet is written by the embedded store only: export csv or ndjson, or COPY from PostgreSQL itself");
  const Where where = time_range(*time_column, from, to);
  auto answer = sql(fmt::format("SELECT * FROM {}{}", table, where.text()), where.params(), deadline);
  if (!answer) return std::unexpected(answer.error());
  return format == ExportFormat::csv ? write_csv(**answer, sink) : write_ndjson(**answer, sink);
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
  auto store = std::make_unique<PostgresStore>(options);
  if (Status opened = store->open(); !opened) return wrap(opened.error(), "opening the store");
  return store;
}

}  // namespace aybiza
