// A month of calls in the store: how fast it is written, how fast its rollups are made, how large it is, and how
// long the questions of the pages take, from rollups over the month and from rows over a day.
//
//   history_bench [million calls, default 1] [directory, default the system's scratch; kept and used again when it is given]
//   history_bench MILLIONS postgres: in a PostgreSQL server of its own; or the address of one, kept and used again
//   history_bench MILLIONS PLACE DAYS: then the oldest days go to the archive, and what only rows answer is asked before and after
//   history_bench MILLIONS PLACE 0 OVER: within so many days instead of thirty, as dense as a larger history: 2 over 3 has the bytes a call of 20
// Calls spread evenly over these days, two turns without text and one usage each, 4 customers, 5 regions, 500 agents.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <span>

#include "base/clock.h"
#include "measuring.h"
#include "query/rollup_repair.h"
#include "query/sql_answer.h"
#include "store/duckdb_store.h"
#include "store/postgres_server.h"
#include "store/postgres_store.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using bench::must, bench::seconds_since, bench::Steady;

constexpr auto month = 30 * 24h;
const Instant end = from_micros(1'795'046'400'000'000);  // 2026-11-19T02:40:00Z

class History {
 public:
  History(std::size_t calls, Duration over) : calls_(calls), over_(over) {}
  RowBatch next(std::size_t count) {
    RowBatch batch{.from = done_, .to = std::min(calls_, done_ + count)};
    for (; done_ < batch.to; ++done_) add(batch);
    return batch;
  }
  bool over() const { return done_ == calls_; }

 private:
  std::int64_t below(std::int64_t bound) { return std::int64_t(random_() % std::uint64_t(bound)); }
  std::int64_t skewed(std::int64_t around) { return around / 4 + below(around) + (below(20) == 0 ? below(around * 6) : 0); }
  void add(RowBatch& batch) {
    CallRow call;
    call.call_id = {random_(), random_()};
    call.start = end - over_ + Duration(over_.count() / std::int64_t(calls_) * std::int64_t(done_));
    const std::int64_t agent = below(500);
    call.agent_id = {1, std::uint64_t(agent)};
    call.dims[Field::customer_id] = fmt::format("customer-{}", agent % 4);
    call.dims[Field::agent_id] = fmt::format("agent-{}", agent);
    call.dims[Field::agent_type] = agent % 3 == 0 ? "sales" : "support";
    static constexpr const char* regions[] = {"eu-west", "eu-north", "us-east", "us-west", "ap-south"};
    call.dims[Field::region] = regions[below(5)];
    call.dims[Field::model_used] = below(3) == 0 ? "claude-haiku-4-5" : "claude-sonnet-4-5";
    call.dims[Field::direction] = "inbound", call.dims[Field::channel] = "phone", call.dims[Field::language] = below(4) == 0 ? "de" : "en";
    call.state = CallState::ended;
    call.duration_us = skewed(120'000'000), call.voice_latency_us = skewed(900'000);
    call.ended = call.updated = call.start + Duration(*call.duration_us);
    call.call_outcome = below(10) == 0 ? "failed" : "successful", call.resolution_status = below(5) == 0 ? "unresolved" : "resolved";
    if (below(4) == 0) call.satisfaction_e4 = 10'000 * (1 + below(5));
    call.cost_nano = skewed(40'000'000), call.cost_source = CostSource::priced, call.tokens_consumed = skewed(3'000), call.turns = 2;
    call.error_count = below(30) == 0, call.quality_e4 = below(10'001), call.efficiency_e4 = below(10'001);
    for (int i = 0; i < 2; ++i) {
      TurnRow turn;
      turn.call_id = call.call_id, turn.turn_number = i, turn.agent_speaks = i == 1;
      turn.time = turn.updated = call.start + Duration(10'000'000 * (i + 1));
      if (i == 1) turn.response_time_us = skewed(900'000), turn.llm_latency_us = skewed(500'000), turn.tts_latency_us = skewed(150'000);
      else turn.sentiment_e4 = below(20'001) - 10'000, turn.stt_latency_us = skewed(200'000);
      batch.turns.push_back(std::move(turn));
    }
    batch.usage.push_back({.id = {random_(), random_()}, .call_id = call.call_id, .time = call.start + 15s, .input_tokens = skewed(2'000),
                           .output_tokens = skewed(600), .cost_nano = call.cost_nano, .cost_source = CostSource::priced});
    batch.calls.push_back(std::move(call));
  }
  std::mt19937_64 random_{11};
  std::size_t calls_, done_ = 0;
  Duration over_;
};

// Text and how far back it looks.
constexpr const char* page_questions[] = {
    "select=calls,success_rate,cost_usd,avg_satisfaction&step=1d",
    "select=calls,cost_usd,p95_voice_latency_ms&step=1h",
    "select=calls,success_rate,cost_usd,p95_voice_latency_ms,avg_duration_ms&by=region",
    "select=calls,success_rate,avg_satisfaction,cost_usd&by=agent_id&order=-calls&limit=50",
    "select=cost_usd,tokens&by=model_used&step=1d",
    "select=turns,avg_sentiment,p95_response_time_ms&step=1d",
    "select=calls,p50_duration_ms,p99_duration_ms&where=customer_id:customer-1&step=1d",
    "select=calls&by=call_outcome,customer_id",
};

// What rollups do not hold.
constexpr const char* row_questions[] = {
    "select=hist_duration_ms",
    "select=calls,success_rate,avg_duration_ms&by=region,call_outcome&step=1d",
    "select=hist_response_time_ms",
    "select=turns,avg_response_time_ms&by=region,model_used",
};

struct Asked {
  std::string title;
  Duration range;
  Duration ago{};                // before the end of what there is
  std::string required = {};
  std::span<const char* const> questions = page_questions;
  int times = 12;
};

// The median of all, in ms.
double ask(Store& store, const Asked& asked) {
  const SystemClock clock;
  std::vector<double> all;
  for (const char* words : asked.questions) {
    std::vector<double> times;
    std::string source;
    for (int i = 0; i < asked.times; ++i) {
      const Instant to = end - asked.ago - Duration(17min) * i - 7s;  // odd edges, and not the same twice
      const std::string text = fmt::format("{}&from={}&to={}", words, format_rfc3339(to - asked.range), format_rfc3339(to));
      const auto question = parse_question(parse_query_string(text), end);
      must(question.has_value(), text);
      const auto begin = Steady::now();
      const auto answer = answer_from_sql(*question, store, end, clock.elapsed() + Duration(60s));
      times.push_back(seconds_since(begin) * 1e3);
      must(answer.has_value(), text);
      source = answer->source;
    }
    all.insert(all.end(), times.begin(), times.end());
    std::sort(times.begin(), times.end());
    fmt::print("  {:>7.1f} ms median {:>7.1f} ms slowest, {:>7}: {}\n", times[times.size() / 2], times.back(), source, words);
  }
  std::sort(all.begin(), all.end());
  fmt::print("{}: p50 {:.1f} ms, p95 {:.1f} ms{}\n", asked.title, all[all.size() / 2], all[all.size() * 95 / 100], asked.required);
  return all[all.size() / 2];
}

// What the engine itself needs to group the calls of a day: ours in the place of 1.
void ask_a_day_of_rows(Store& store) {
  const SystemClock clock;
  constexpr const char* grouped[] = {"select=calls,avg_duration_ms&by=region,call_outcome"};
  const Duration ago = 10 * 24h;
  std::vector<double> bare;
  for (int i = 0; i < 12; ++i) {
    const Instant to = end - ago - Duration(17min) * i - 7s;
    const Param params[] = {to - Duration(24h), to};
    const auto begin = Steady::now();
    auto rows = store.sql("SELECT region, call_outcome, count(*), avg(total_duration_ms) FROM call_analytics WHERE time >= $1 AND time < $2 GROUP BY region, call_outcome", params);
    must(rows.has_value(), rows ? "" : rows.error().message);
    while ((*rows)->next().value_or(false)) {
    }
    bare.push_back(seconds_since(begin) * 1e3);
  }
  std::sort(bare.begin(), bare.end());
  const double ours = ask(store, {.title = "a day of rows, one question", .range = 24h, .ago = ago, .questions = grouped});
  fmt::print("  ratio: {:.2f} of the engine's own time for the same sums ({:.1f} ms)\n", ours / bare[bare.size() / 2], bare[bare.size() / 2]);
  ask(store, {.title = "a day of rows", .range = 24h, .ago = ago, .required = " (required of 100 M calls in DuckDB: p95 300 ms)", .questions = row_questions});
}

double bytes_of(Store& store) {
  if (store.dialect() == Dialect::duckdb) return double(store.stats().file_bytes);
  auto rows = store.sql("SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace", {});
  must(rows.has_value() && (*rows)->next().value_or(false), "the tables' size");
  return as_real((*rows)->cell(0, 0)).value_or(0);
}

std::uint64_t archived_bytes(const Store& store) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store.archive_folder()))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

// Of a server's tables with their indexes; of DuckDB's file the blocks that hold their columns.
double table_bytes(Store& store) {
  must(store.checkpoint().has_value(), "a checkpoint");
  auto rows = store.sql(store.dialect() == Dialect::postgres
      ? "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest(ARRAY['call_analytics', 'conversation_turns', 'usage_events']) name"
      : "SELECT count(DISTINCT block) * (SELECT any_value(block_size) FROM pragma_database_size()) FROM (SELECT unnest(list_append(additional_block_ids, block_id)) AS block FROM ("
        "SELECT block_id, additional_block_ids FROM pragma_storage_info('call_analytics') UNION ALL "
        "SELECT block_id, additional_block_ids FROM pragma_storage_info('conversation_turns') UNION ALL "
        "SELECT block_id, additional_block_ids FROM pragma_storage_info('usage_events'))) WHERE block >= 0", {});
  must(rows.has_value() && (*rows)->next().value_or(false), "the tables' size");
  return as_real((*rows)->cell(0, 0)).value_or(0);
}

void archive(Store& store, std::size_t calls, int days) {
  const auto ask_rows = [&](const char* when) {
    ask(store, {.title = fmt::format("thirty days, {}", when), .range = month - 24h, .questions = row_questions, .times = 3});
    ask(store, {.title = fmt::format("a day of twenty-five days ago, {}", when), .range = 24h, .ago = 25 * 24h, .questions = row_questions, .times = 3});
  };
  ask_rows("rows only, nothing archived");
  const Instant first = floor_to(end - month, 24h);
  const double bytes_before = table_bytes(store);
  std::uint64_t rows = 0;
  const auto begin = Steady::now();
  for (const Table table : {Table::conversation_turns, Table::usage_events, Table::call_analytics})
    for (int day = 0; day < days; ++day) {
      const auto moved = store.archive(table, first + day * 24h, first + (day + 1) * 24h);
      must(moved.has_value(), moved ? "" : moved.error().message);
      rows += moved->rows;
    }
  const double took = seconds_since(begin), a_row = double(archived_bytes(store)) / double(rows);
  fmt::print("archived: {} days, {} rows in {:.1f} s ({:.0f} rows/s); {:.1f} bytes a row in Parquet\n", days, rows, took, double(rows) / took, a_row);
  if (bytes_before > 0) fmt::print("  ratio: {:.2f} times smaller than in {} ({:.1f} bytes a row)\n", bytes_before / double(4 * calls) / a_row,
                                   store.dialect() == Dialect::postgres ? "its tables with their indexes" : "DuckDB's tables, which are compressed columns as well", bytes_before / double(4 * calls));
  ask_rows("partly archived");
  ask(store, {.title = "thirty days of the pages, partly archived", .range = month - 24h});
}

void run(std::size_t calls, Duration over, Store& store, int archived_days) {
  const SystemClock clock;
  if (store.stats().applied == 0) {
    History history(calls, over);
    const auto begin = Steady::now();
    while (!history.over()) {
      const Status done = store.apply(history.next(20'000));
      must(done.has_value(), done ? "" : done.error().message);
    }
    must(store.checkpoint().has_value(), "checkpoint");
    const double took = seconds_since(begin);
    fmt::print("written: {} calls in {:.1f} s, {:.0f} calls/s, {:.0f} rows/s; {:.1f} bytes a call\n", calls, took, double(calls) / took, 4 * double(calls) / took,
               bytes_of(store) / double(calls));
  }
  if (!store.dirty_rollups().empty()) {
    const auto begin = Steady::now();
    const auto made = repair_rollups(store, {.now = end + 48h, .elapsed = clock.elapsed(), .at_once = true}, [] { return false; });
    must(made.has_value(), made ? "" : made.error().message);
    must(store.checkpoint().has_value(), "checkpoint");
    const double took = seconds_since(begin);
    fmt::print("rollups: {} hours, {} rows in {:.1f} s ({:.0f} calls/s); {:.1f} bytes a call all in all (required in DuckDB: 150, with few turns)\n", made->hours_read, made->rows, took,
               double(calls) / took, bytes_of(store) / double(calls));
  }
  const std::string required = store.dialect() == Dialect::postgres ? " (required of 100 M calls: p95 150 ms)" : " (required of 100 M calls: p95 100 ms)";
  if (over < month) return void(ask(store, {.title = "all but a sixth", .range = over * 5 / 6}));
  const double rolled = ask(store, {.title = "thirty days", .range = month - 24h, .required = required});
  ask(store, {.title = "seven days", .range = 7 * 24h, .required = required});
  ask(store, {.title = "twenty-four hours", .range = 24h, .required = required});
  const double five = ask(store, {.title = "five hours, from rows", .range = 5h});
  fmt::print("  ratio: thirty days from rollups take {:.2f} times what five hours of rows do\n", rolled / five);
  ask_a_day_of_rows(store);
  if (archived_days > 0) archive(store, calls, archived_days);
}

}  // namespace
}  // namespace aybiza

int main(int argc, char** argv) {
  const auto calls = std::size_t((argc > 1 ? std::atof(argv[1]) : 1) * 1e6);
  const aybiza::Duration over = argc > 4 ? std::chrono::duration_cast<aybiza::Duration>(std::chrono::duration<double, std::ratio<86'400>>(std::atof(argv[4]))) : aybiza::Duration(aybiza::month);
  aybiza::bench::print_heading(fmt::format("{} calls over {:.3g} days, two turns and one usage each, 4 customers, 5 regions, 500 agents", calls, double(over / std::chrono::seconds(1)) / 86'400), argc, argv);
  const aybiza::SystemClock clock;
  const aybiza::Scratch scratch;
  const std::string place = argc > 2 ? argv[2] : scratch.path();
  std::unique_ptr<aybiza::PostgresServer> server;
  if (place == "postgres") {
    auto started = aybiza::PostgresServer::start(aybiza::PostgresServer::binaries(), "fsync=on\nshared_buffers=512MB\nmax_wal_size=4GB\nwork_mem=32MB");
    aybiza::bench::must(started.has_value(), started ? "" : started.error().message);
    server = std::move(*started);
  }
  const std::string url = server ? server->url() : place;
  auto store = aybiza::is_postgres_url(url) ? aybiza::open_postgres_store({.url = url, .clock = &clock, .scratch = scratch.path() + "/store.tmp", .archive = scratch.path() + "/archive"})
                                            : aybiza::open_duckdb_store({.directory = place, .clock = &clock});
  aybiza::bench::must(store.has_value(), store ? "" : store.error().message);
  aybiza::run(calls, over, **store, argc > 3 ? std::atoi(argv[3]) : 0);
}
