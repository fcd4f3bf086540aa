// How fast rows reach the disk: the usual mix of events through Store::apply, against a bare appender (or COPY) of the same rows.
//
//   store_bench [seconds per side, default 5] [duckdb | postgres: a server of its own with fsync on]
// Per 100 000 events: 62 000 turns of 51 bytes of text, 31 000 usage events, 2 400 calls each written three times
// (started, ended, rated), as in recorded dialogues. Batches of 25 000 events; every commit is one fsync.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <deque>
#include <random>

#include "measuring.h"
#include "store/duck_write.h"
#include "store/duckdb_store.h"
#include "store/migrate.h"
#include "store/postgres_migrate.h"
#include "store/postgres_server.h"
#include "store/postgres_store.h"
#include "store/postgres_write.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

constexpr std::size_t batch_events = 25'000, turns_per_batch = 15'500, usage_per_batch = 7'750, calls_per_batch = 600;

class Mix {
 public:
  RowBatch next() {
    RowBatch batch;
    batch.from = offset_;
    batch.to = offset_ += batch_events;
    now_ += std::chrono::milliseconds(250);
    for (std::size_t i = 0; i < calls_per_batch; ++i) batch.calls.push_back(started());
    write_again(running_, 8, batch.calls, [&](CallRow& call) { end(call); });
    write_again(ended_, 8, batch.calls, [&](CallRow& call) { call.satisfaction_e4 = 45'000, call.updated = now_; });
    for (std::size_t i = 0; i < turns_per_batch; ++i) batch.turns.push_back(turn(i));
    for (std::size_t i = 0; i < usage_per_batch; ++i) batch.usage.push_back(usage());
    return batch;
  }

 private:
  Id id() { return {random_(), random_()}; }
  Instant soon() { return now_ + Duration(random_() % 250'000); }

  CallRow started() {
    CallRow call;
    call.call_id = id(), call.agent_id = {1, random_() % 40};
    call.start = call.updated = soon();
    call.external_call_id = fmt::format("sgd-{:05}", random_() % 100'000);
    call.dims[Field::agent_id] = fmt::format("agent-{}", call.agent_id.low);
    call.dims[Field::customer_id] = fmt::format("customer-{}", random_() % 4);
    call.dims[Field::region] = random_() % 2 ? "eu-west" : "us-east";
    call.dims[Field::agent_type] = "sales", call.dims[Field::model_used] = "claude-sonnet-4-5";
    call.dims[Field::direction] = "inbound";
    call.caller_number = fmt::format("tok_{:016x}", random_()), call.phone_number = fmt::format("tok_{:016x}", random_() % 20);
    running_.push_back(call);
    return call;
  }
  void end(CallRow& call) {
    call.state = CallState::ended, call.ended = call.updated = now_;
    call.duration_us = std::int64_t(random_() % 300'000'000), call.voice_latency_us = std::int64_t(random_() % 2'000'000);
    call.call_outcome = "successful", call.resolution_status = "resolved", call.tokens_consumed = std::int64_t(random_() % 90'000);
    call.cost_nano = std::int64_t(random_() % 900'000'000), call.cost_source = CostSource::priced, call.turns = 26;
    call.quality_e4 = std::int64_t(random_() % 10'000), call.efficiency_e4 = std::int64_t(random_() % 10'000);
    ended_.push_back(call);
  }
  // The calls of `lag` batches ago, changed and handed over again.
  template <typename Change>
  void write_again(std::deque<CallRow>& waiting, std::size_t lag, std::vector<CallRow>& out, Change change) {
    if (waiting.size() <= lag * calls_per_batch) return;
    for (std::size_t i = 0; i < calls_per_batch; ++i) {
      CallRow call = std::move(waiting.front());
      waiting.pop_front();
      call.stored_start = call.start;
      change(call);
      out.push_back(std::move(call));
    }
  }
  TurnRow turn(std::size_t i) {
    TurnRow turn;
    turn.call_id = running_[random_() % running_.size()].call_id;
    turn.turn_number = std::int64_t(i % 26), turn.agent_speaks = i % 2 == 1;
    turn.time = turn.updated = soon(), turn.started = turn.time - std::chrono::seconds(3), turn.ended = turn.time;
    turn.text_content = fmt::format("Can you find me a table for {:04} at {:05}, please? Thanks", random_() % 10'000, random_() % 100'000).substr(0, 51);
    turn.state = i % 3 ? "information" : "intent_detection", turn.intent = i % 5 ? "inform" : "request";
    if (turn.agent_speaks) {
      turn.response_time_us = std::int64_t(random_() % 2000) * 1000, turn.stt_latency_us = std::int64_t(random_() % 300) * 1000;
      turn.llm_latency_us = std::int64_t(random_() % 900) * 1000, turn.tts_latency_us = std::int64_t(random_() % 400) * 1000;
      turn.interrupted = false;
    } else {
      turn.confidence_e4 = std::int64_t(random_() % 10'000), turn.sentiment_e4 = std::int64_t(random_() % 20'000) - 10'000;
      turn.emotion = "neutral", turn.topics = std::uint32_t(1u << (random_() % 12));
    }
    return turn;
  }
  UsageRow usage() {
    const auto n = [&](std::uint64_t bound) { return Number(std::int64_t(random_() % bound)); };
    return {.id = id(), .call_id = running_[random_() % running_.size()].call_id, .time = soon(), .model = "claude-sonnet-4-5",
            .input_tokens = n(2000), .cache_read_tokens = n(4000), .output_tokens = n(300), .stt_us = n(9'000'000),
            .tts_characters = n(300), .cost_nano = n(9'000'000), .cost_source = CostSource::priced};
  }

  std::mt19937_64 random_{7};
  std::uint64_t offset_ = 0;
  Instant now_ = from_micros(1'795'000'000'000'000);
  std::deque<CallRow> running_, ended_;
};

std::int64_t micros(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return at.tv_sec * 1'000'000 + at.tv_nsec / 1'000;
}

struct Measured {
  std::size_t events = 0, rows = 0, calls = 0;
  std::int64_t wall_us = 0, cpu_us = 0;
  std::vector<std::int64_t> commits_us;
  double rows_per_second() const { return double(rows) * 1e6 / double(wall_us); }
  double cpu_share_at_100k() const { return double(cpu_us) / double(events) / 10; }  // cores at 100 000 events/s
  std::int64_t quantile(double q) {
    std::ranges::sort(commits_us);
    return commits_us[std::size_t(q * double(commits_us.size() - 1))];
  }
};

template <typename Apply>
Measured measure(double seconds, Apply apply) {
  Mix mix;
  Measured out;
  while (double(out.wall_us) < seconds * 1e6) {
    const RowBatch batch = mix.next();
    const std::int64_t wall = micros(CLOCK_MONOTONIC), cpu = micros(CLOCK_PROCESS_CPUTIME_ID);
    if (Status done = apply(batch); !done) {
      fmt::print(stderr, "{}\n", done.error().message);
      std::exit(1);
    }
    out.commits_us.push_back(micros(CLOCK_MONOTONIC) - wall);
    out.wall_us += out.commits_us.back();
    out.cpu_us += micros(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    out.events += batch_events, out.calls += calls_per_batch;
    out.rows += batch.calls.size() + batch.turns.size() + batch.usage.size();
  }
  return out;
}

void print(const char* side, Measured& m) {
  fmt::print("{}: {:.0f} rows/s, {:.0f} events/s, commit p50 {:.0f} ms p99 {:.0f} ms, {:.2f} cores at 100 000 events/s\n",
             side, m.rows_per_second(), double(m.events) * 1e6 / double(m.wall_us), double(m.quantile(0.5)) / 1e3,
             double(m.quantile(0.99)) / 1e3, m.cpu_share_at_100k());
}

template <typename Row>
std::vector<const Row*> pointers(const std::vector<Row>& rows) {
  std::vector<const Row*> out;
  for (const Row& row : rows) out.push_back(&row);
  return out;
}

// The same rows straight into the same tables: no order, no deletion, no offset.
template <typename Connection>
Status append_bare(Connection& connection, const RowBatch& batch) {
  std::uint64_t ignored = 0;
  AYBIZA_TRY(connection.script("BEGIN TRANSACTION"));
  AYBIZA_TRY(insert_rows<CallRow>(connection, Table::call_analytics, pointers(batch.calls), ignored));
  AYBIZA_TRY(insert_rows<TurnRow>(connection, Table::conversation_turns, pointers(batch.turns), ignored));
  AYBIZA_TRY(insert_rows<UsageRow>(connection, Table::usage_events, pointers(batch.usage), ignored));
  return connection.script("COMMIT");
}

int run(double seconds) {
  const SystemClock clock;
  Measured stored, bare;
  {
    const Scratch scratch;
    auto store = open_duckdb_store({.directory = scratch.path(), .node = "local", .clock = &clock});
    if (!store) return fmt::print(stderr, "{}\n", store.error().message), 1;
    stored = measure(seconds, [&](const RowBatch& batch) { return (*store)->apply(batch); });
    print("store", stored);
    const std::int64_t before = micros(CLOCK_MONOTONIC);
    if (Status done = (*store)->checkpoint(); !done) fmt::print(stderr, "{}\n", done.error().message);
    fmt::print("store: {:.0f} bytes a call with its turns and usage ({} MB in all), last checkpoint {} ms\n",
               double((*store)->stats().file_bytes) / double(stored.calls), (*store)->stats().file_bytes / 1'000'000,
               (micros(CLOCK_MONOTONIC) - before) / 1000);
  }
  {
    const Scratch scratch;
    DuckDatabase database;
    if (duckdb_open((scratch.path() + "/bare.duckdb").c_str(), database.out()) != DuckDBSuccess) return 1;
    auto connection = DuckConnection::open(database.get(), clock);
    if (!connection || !migrate(*connection, duckdb_migrations(), clock.now())) return 1;
    if (!connection->script("SET threads = 2; SET memory_limit = '256MiB'; SET checkpoint_threshold = '128MiB'")) return 1;
    bare = measure(seconds, [&](const RowBatch& batch) { return append_bare(*connection, batch); });
    print("bare appender", bare);
  }
  fmt::print("ratio: {:.2f} of the bare appender's rows/s (required with ingest on: 80 000 calls/s, see ingest_bench and history_bench)\n", stored.rows_per_second() / bare.rows_per_second());
  return 0;
}

int run_postgres(double seconds) {
  const SystemClock clock;
  auto server = PostgresServer::start(PostgresServer::binaries(), "fsync=on\nshared_buffers=256MB\nmax_wal_size=4GB");
  if (!server) return fmt::print(stderr, "{}\n", server.error().message), 1;
  auto store = open_postgres_store({.url = (*server)->url(), .clock = &clock});
  if (!store) return fmt::print(stderr, "{}\n", store.error().message), 1;
  Measured stored = measure(seconds, [&](const RowBatch& batch) { return (*store)->apply(batch); });
  print("store", stored);
  store->reset();
  const auto fresh = fresh_schema((*server)->url());
  auto connection = fresh ? PostgresConnection::open(*fresh, clock, false) : std::unexpected(fresh.error());
  if (!connection || !migrate(**connection, postgres_migrations(), clock.now())) return 1;
  // Calls come three times, and nothing deletes the older ones: the same indexes, but none unique.
  if (const Status plain = (*connection)->script("DO $$ DECLARE one record; BEGIN FOR one IN SELECT conrelid::regclass AS of, conname, substring(pg_get_constraintdef(oid) FROM '\\(.*\\)') AS columns "
                                                 "FROM pg_constraint WHERE contype = 'p' AND connamespace = current_schema()::regnamespace LOOP "
                                                 "EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I; CREATE INDEX ON %s %s', one.of, one.conname, one.of, one.columns); END LOOP; END $$"); !plain)
    return fmt::print(stderr, "{}\n", plain.error().message), 1;
  Measured bare = measure(seconds, [&](const RowBatch& batch) { return append_bare(**connection, batch); });
  print("bare COPY into the same tables and indexes", bare);
  fmt::print("ratio: {:.2f} of the bare COPY's rows/s (required: 0.5, and 60 000 rows/s)\n", stored.rows_per_second() / bare.rows_per_second());
  return 0;
}

}  // namespace
}  // namespace aybiza

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  aybiza::bench::print_heading("batches of 25 000 events: 15 500 turns of 51 bytes of text, 7 750 usage events, 600 calls each written three times", argc, argv);
  return argc > 2 && argv[2] == std::string_view("postgres") ? aybiza::run_postgres(seconds) : aybiza::run(seconds);
}
