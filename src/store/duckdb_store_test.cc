#include "store/duckdb_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "store/ask_text.h"
#include "store/duck.h"
#include "store/export.h"
#include "store/migrate.h"
#include "store/sample_rows.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

// Steps by a millisecond whenever it is asked: a deadline comes without waiting.
class SteppingClock final : public Clock {
 public:
  Instant now() const override { return from_micros(1'795'000'000'000'000); }
  Duration elapsed() const override { return std::chrono::milliseconds(++steps_); }

 private:
  mutable std::atomic<std::int64_t> steps_{0};
};

class DuckdbStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> try_open(std::size_t checkpoint_bytes = limits::store_checkpoint_bytes) {
    return open_duckdb_store({.directory = scratch_.path(), .node = "local", .clock = &clock_,
                              .checkpoint_bytes = checkpoint_bytes});
  }
  std::unique_ptr<Store> open() {
    auto store = try_open();
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  // A connection beside the store's, for what the seam does not let one do. REQUIRES: no store is open.
  std::pair<DuckDatabase, DuckConnection> raw() {
    DuckDatabase database;
    EXPECT_EQ(duckdb_open(file().c_str(), database.out()), DuckDBSuccess);
    auto connection = DuckConnection::open(database.get(), clock_);
    return {std::move(database), std::move(*connection)};
  }
  std::string file() const { return scratch_.path() + "/store.duckdb"; }

  Scratch scratch_;
  SteppingClock clock_;
};

TEST_F(DuckdbStoreTest, CellsOfEveryType) {
  auto store = open();
  const auto check = [&](std::string_view expression, std::string_view expected) {
    EXPECT_EQ(ask(*store, fmt::format("SELECT {}", expression)), fmt::format("{}\n", expected)) << expression;
  };
  check("NULL", "NULL");
  check("NULL::INTEGER", "NULL");
  check("true", "1");
  check("(-7)::TINYINT", "-7");
  check("65535::USMALLINT", "65535");
  check("18446744073709551615::UBIGINT", "1.8446744073709552e+19");
  check("9223372036854775807", "9223372036854775807");
  check("sum(x) FROM range(4) t(x)", "6");               // a HUGEINT that fits
  check("sum(x) FROM range(-3, 0) t(x)", "-6");
  check("12.5::DECIMAL(3,1)", "12.5");                     // int16
  check("-0.0001::DECIMAL(6,4)", "-0.0001");               // int32
  check("1.000000001::DECIMAL(18,9)", "1.000000001");      // int64
  check("sum(x) FROM (SELECT 0.000000001::DECIMAL(18,9) x)", "0.000000001");  // int128 that fits
  check("1e15::DOUBLE", "1000000000000000");
  check("TIMESTAMPTZ '2026-11-21 09:00:00.000001+01'", "2026-11-21T08:00:00.000001Z");
  check("DATE '2026-11-21'", "2026-11-21T00:00:00.000Z");
  check("'00000000-0000-0000-0000-000000000007'::UUID", "00000000-0000-0000-0000-000000000007");
  check("'ffffffff-0000-0000-0000-000000000007'::UUID", "ffffffff-0000-0000-0000-000000000007");
  check("'twelve bytes'", "twelve bytes");
  check("'more than twelve bytes, so not inlined'", "more than twelve bytes, so not inlined");
  EXPECT_EQ(store->sql("SELECT [1, 2] AS list", {}).error().code, Code::unsupported);
  EXPECT_EQ(store->sql("SELEC", {}).error().code, Code::invalid);
}

TEST_F(DuckdbStoreTest, ParametersAreBound) {
  auto store = open();
  EXPECT_EQ(ask(*store, "SELECT $1::TEXT, $2::BIGINT, $3::UUID, $4::TIMESTAMPTZ, $5::DOUBLE, $6::BOOLEAN, $7::TEXT",
                {"'; DROP TABLE call_analytics; --", std::int64_t(-5), Id{1, 2}, from_micros(1), 0.5, true, std::monostate{}}),
            "'; DROP TABLE call_analytics; -- -5 00000000-0000-0001-0000-000000000002 1970-01-01T00:00:00.000001Z 0.5 1 NULL\n");
  EXPECT_EQ(store->sql("SELECT $1::TEXT", {}).error().code, Code::invalid);
}

TEST_F(DuckdbStoreTest, LongAnswersArriveInChunks) {
  auto store = open();
  auto rows = store->sql("SELECT x FROM range(100000) t(x)", {});
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  std::int64_t expected = 0;
  for (;;) {
    const auto more = (*rows)->next();
    ASSERT_TRUE(more.has_value());
    if (!*more) break;
    ASSERT_LT((*rows)->row_count(), 10'000u);
    for (std::size_t i = 0; i < (*rows)->row_count(); ++i) ASSERT_EQ(as_integer((*rows)->cell(i, 0)), expected++);
  }
  EXPECT_EQ(expected, 100'000);
}

TEST_F(DuckdbStoreTest, ADeadlineEndsAQuestion) {
  auto store = open();
  const auto slow = "SELECT count(*) FROM range(1000000) a(x), range(1000000) b(y) WHERE (x * y) % 7 = 3";
  const auto rows = store->sql(slow, {}, clock_.elapsed() + std::chrono::milliseconds(50));
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, Code::unavailable);
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");  // the connection went back in order
}

// A training of topics sorts all turns: a stop does not wait for it.
TEST_F(DuckdbStoreTest, AQuestionEndsWhenTheProgramDoes) {
  auto store = open();
  std::string answer;
  std::thread asking([&] {
    const auto rows = store->sql("SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b", {});
    answer = rows ? "a sum" : rows.error().message;
  });
  store->closing();
  asking.join();
  EXPECT_EQ(answer, "nobody waits for this answer any more");
  EXPECT_TRUE(store->apply({.from = 0, .to = 3}));  // what is folded is still written
}

TEST_F(DuckdbStoreTest, AStreamCanBeCancelled) {
  auto store = open();
  auto rows = store->sql("SELECT x FROM range(1000000000) t(x)", {});
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_TRUE((*rows)->next().value());
  std::thread([&] { (*rows)->cancel(); }).join();
  Result<bool> more = true;
  for (int i = 0; i < 100'000 && more && *more; ++i) more = (*rows)->next();
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, Code::unavailable);
  rows->reset();
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");
}

TEST_F(DuckdbStoreTest, AnswersAreBounded) {
  auto store = open();
  std::vector<std::unique_ptr<Rows>> open_answers;
  for (std::size_t i = 0; i < limits::store_readers; ++i) open_answers.push_back(store->sql("SELECT 1", {}).value());
  EXPECT_EQ(store->sql("SELECT 1", {}).error().code, Code::unavailable);
  open_answers.pop_back();
  EXPECT_TRUE(store->sql("SELECT 1", {}).has_value());
}

TEST_F(DuckdbStoreTest, ReadersSeeWholeBatchesBesideTheWriter) {
  auto store = open();
  std::atomic<bool> done{false};
  std::vector<std::string> torn;
  std::thread reader([&] {
    // Every batch writes one usage and one intervention: any cut has as many of each as `applied` says.
    while (!done) {
      const auto rows = store->rows({});
      if (!rows) {
        torn.push_back(rows.error().message);
      } else if (rows->usage.size() != rows->to || rows->interventions.size() != rows->to) {
        torn.push_back(fmt::format("{} {}", rows->to, rows->usage.size()));
      }
    }
  });
  for (std::uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(store->apply({.from = i, .to = i + 1, .usage = {{.id = {1, i}}}, .interventions = {{.id = {1, i}}}}).has_value());
    if (i % 50 == 0) {
      const Status folded = store->checkpoint();
      EXPECT_TRUE(folded.has_value()) << folded.error().message;
    }
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, std::vector<std::string>{});
}

TEST_F(DuckdbStoreTest, KeysStayUnique) {
  auto store = open();
  SampleRows sample(11);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->apply(sample.next(200)).has_value());
  EXPECT_EQ(ask(*store, "SELECT call_id FROM call_analytics GROUP BY 1 HAVING count(*) > 1"), "");
  EXPECT_EQ(ask(*store, "SELECT call_id, turn_number FROM conversation_turns GROUP BY 1, 2 HAVING count(*) > 1"), "");
  EXPECT_EQ(ask(*store, "SELECT event_id FROM usage_events GROUP BY 1 HAVING count(*) > 1"), "");
  EXPECT_EQ(ask(*store, "SELECT bucket FROM rollups GROUP BY bucket, step_seconds, customer_id, dimension, value HAVING count(*) > 1"), "");
}

TEST_F(DuckdbStoreTest, UnitsInSql) {
  auto store = open();
  CallRow call;
  call.call_id = {1, 2};
  call.start = call.updated = from_micros(1'795'000'000'123'456);
  call.duration_us = 61'500'001;
  call.cost_nano = 1'234'567'891;
  call.satisfaction_e4 = 45'000;
  call.resolution_status = "escalated";
  call.dims[Field::agent_id] = "a-7";
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .calls = {call}}).has_value());
  EXPECT_EQ(ask(*store, "SELECT time, total_duration_ms, cost_usd, customer_satisfaction_score, escalated, escalated_flag, "
                        "external_agent_id, region, state FROM call_analytics"),
            "2026-11-18T11:06:40.123456Z 61500.001 1.234567891 4.5000 1 0 a-7 NULL active\n");
}

TEST_F(DuckdbStoreTest, ANumberThatDoesNotFitBecomesUnknownAndIsCounted) {
  auto store = open();
  SystemRow system{.id = {1, 2}, .region = "eu"};
  system.cpu_e4 = INT64_MAX;
  system.memory_e4 = 999'999'999;
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .system = {system}}).has_value());
  EXPECT_EQ(ask(*store, "SELECT cpu_utilization_pct, memory_utilization_pct FROM system_performance_metrics"), "NULL 99999.9999\n");
  EXPECT_EQ(store->stats().values_out_of_range, 1u);
}

TEST_F(DuckdbStoreTest, StatementsStayInTheirDirectory) {
  auto store = open();
  const std::string outside = scratch_.path() + "/stolen.csv";
  EXPECT_FALSE(store->sql(fmt::format("COPY (SELECT 1) TO '{}'", outside), {}).has_value());
  EXPECT_FALSE(store->sql("SELECT * FROM read_csv('/etc/passwd')", {}).has_value());
  EXPECT_FALSE(store->sql("SET memory_limit = '64GB'", {}).has_value());
  EXPECT_FALSE(std::filesystem::exists(outside));
}

TEST_F(DuckdbStoreTest, ASecondOwnerIsRefused) {
  auto store = open();
  const auto second = try_open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::conflict);
  store.reset();
  EXPECT_TRUE(try_open().has_value());
}

TEST_F(DuckdbStoreTest, AStoreOfANewerVersionIsRefusedUntouched) {
  open();
  {
    auto [database, connection] = raw();
    ASSERT_TRUE(connection.run("INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', now())").has_value());
  }
  const auto store = try_open();
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, Code::unsupported);
  EXPECT_NE(store.error().message.find("9999"), std::string::npos) << store.error().message;
}

TEST_F(DuckdbStoreTest, MigrationsResumeWhereOneFailed) {
  const Migration good[] = {{1, "0001_a", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)"},
                            {2, "0002_b", "CREATE TABLE b (x INTEGER); INSERT INTO a VALUES (2)"}};
  const Migration bad[] = {good[0], {2, "0002_b", "INSERT INTO a VALUES (9); CREATE TABLE b (x NOSUCHTYPE)"}};
  auto [database, connection] = raw();
  const Status failed = migrate(connection, bad, from_micros(0));
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().message.starts_with("migration 0002_b")) << failed.error().message;
  ASSERT_TRUE(migrate(connection, good, from_micros(0)).has_value());
  ASSERT_TRUE(migrate(connection, good, from_micros(0)).has_value());  // nothing left to do
  EXPECT_EQ(connection.integer("SELECT count(*) FROM a").value(), 2);
  EXPECT_EQ(connection.integer("SELECT max(x)::BIGINT FROM a").value(), 2);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM schema_migrations").value(), 2);
}

TEST(Migrations, AreNumberedWithoutGap) {
  int expected = 0;
  for (const Migration& migration : duckdb_migrations()) EXPECT_EQ(migration.version, ++expected) << migration.name;
  EXPECT_GE(expected, 1);
}

TEST_F(DuckdbStoreTest, ADamagedLogIsMovedAsideAndTheCheckpointOpens) {
  std::string log;
  {
    auto store = open();
    SampleRows sample(5);
    ASSERT_TRUE(store->apply(sample.next(500)).has_value());
    ASSERT_TRUE(store->checkpoint().has_value());
    EXPECT_EQ(store->stats().checkpointed, 500u);
    ASSERT_TRUE(store->apply(sample.next(500)).has_value());
    ASSERT_TRUE(store->apply(sample.next(500)).has_value());
    EXPECT_EQ(store->stats().checkpointed, 500u);
    // The log as a power cut leaves it: one byte is wrong.
    std::ifstream in(file() + ".wal", std::ios::binary);
    log.assign(std::istreambuf_iterator<char>(in), {});
  }
  ASSERT_GT(log.size(), 1000u);
  // In a row's text: in the length of an entry it would be a log that ends early, which is opened up to there.
  const std::size_t wrong = log.find("customer-", log.size() / 8);
  ASSERT_LT(wrong, log.size() / 2);  // of the first of two transactions
  log[wrong] = char(log[wrong] ^ 0x40);
  std::ofstream(file() + ".wal", std::ios::binary | std::ios::trunc) << log;
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_NE(store->stats().repaired, "");
  EXPECT_EQ(store->applied().value(), 500u);
  EXPECT_TRUE(std::filesystem::exists(file() + ".wal.damaged-1"));
  // The spool fills the gap.
  SampleRows sample(5);
  sample.next(500);
  ASSERT_TRUE(store->apply(sample.next(500)).has_value());
  EXPECT_EQ(store->applied().value(), 1000u);
}

TEST_F(DuckdbStoreTest, TheLogIsFoldedInWhenItIsLong) {
  auto store = try_open(100'000).value();
  SampleRows sample(5);
  std::uint64_t longest = 0;
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(store->apply(sample.next(200)).has_value());
    longest = std::max(longest, store->stats().log_bytes);
  }
  EXPECT_GT(store->stats().checkpointed, 0u);
  EXPECT_LT(longest, 100'000u);
}

std::string export_all(Store& store, std::string_view table, ExportFormat format, Instant from = Instant::min(),
                       Instant to = Instant::max()) {
  std::string out;
  const Status done = store.export_table(table, format, from, to, [&](std::string_view piece) -> Status {
    EXPECT_LE(piece.size(), 2 * limits::export_piece_bytes);
    out += piece;
    return {};
  });
  return done ? out : done.error().message;
}

TEST_F(DuckdbStoreTest, Exports) {
  auto store = open();
  const auto status = [](std::uint64_t i, const char* agent) {
    return AgentStatusRow{.id = {0, i}, .agent_id = {0, 9}, .time = from_micros(std::int64_t(i) * 1'000'000), .customer = "acme",
                          .external_agent_id = agent, .status = "busy", .region = "", .agent_type = "", .capacity = {}};
  };
  ASSERT_TRUE(store->apply({.from = 0, .to = 2, .agent_status = {status(1, "=1+1"), status(2, "a \"b\", c\n")}}).has_value());
  const std::string ids = "00000000-0000-0000-0000-00000000000";
  EXPECT_EQ(export_all(*store, "agent_status", ExportFormat::csv),
            "time,event_id,agent_id,customer_id,external_agent_id,status,region,agent_type,capacity\r\n"
            "1970-01-01T00:00:01.000Z," + ids + "1," + ids + "9,acme,\"'=1+1\",busy,,,\r\n"
            "1970-01-01T00:00:02.000Z," + ids + "2," + ids + "9,acme,\"a \"\"b\"\", c\n\",busy,,,\r\n");
  EXPECT_EQ(export_all(*store, "agent_status", ExportFormat::ndjson, from_micros(2'000'000), from_micros(3'000'000)),
            "{\"time\":\"1970-01-01T00:00:02.000Z\",\"event_id\":\"" + ids + "2\",\"agent_id\":\"" + ids +
            "9\",\"customer_id\":\"acme\",\"external_agent_id\":\"a \\\"b\\\", c\\n\",\"status\":\"busy\",\"region\":null,"
            "\"agent_type\":null,\"capacity\":null}\n");
  const std::string parquet = export_all(*store, "agent_status", ExportFormat::parquet, from_micros(0), from_micros(9'000'000));
  EXPECT_TRUE(parquet.starts_with("PAR1") && parquet.ends_with("PAR1")) << parquet;
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path() + "/store.tmp"));
  EXPECT_EQ(export_all(*store, "applied", ExportFormat::csv), "there is no table applied to export");
  EXPECT_EQ(export_all(*store, "agent_status; DROP TABLE applied", ExportFormat::csv).substr(0, 17), "there is no table");
}

TEST_F(DuckdbStoreTest, EveryPublishedTableExports) {
  auto store = open();
  SampleRows sample(3);
  ASSERT_TRUE(store->apply(sample.next(3000)).has_value());
  for (const std::string_view table : exportable_tables()) {
    const std::string csv = export_all(*store, table, ExportFormat::csv), ndjson = export_all(*store, table, ExportFormat::ndjson);
    EXPECT_TRUE(csv.find("\r\n") != std::string::npos) << table << csv;
    EXPECT_EQ(ndjson.empty(), std::ranges::count(csv, '\n') == 1) << table << ndjson;  // views of the last hours have no rows of then
    EXPECT_TRUE(export_all(*store, table, ExportFormat::parquet).starts_with("PAR1")) << table;
  }
}

TEST_F(DuckdbStoreTest, AnExportEndsWhenItsReaderGoes) {
  auto store = open();
  SampleRows sample(3);
  ASSERT_TRUE(store->apply(sample.next(3000)).has_value());
  int pieces = 0;
  const Status done = store->export_table("conversation_turns", ExportFormat::csv, Instant::min(), Instant::max(),
                                          [&](std::string_view) -> Status { return ++pieces < 2 ? Status{} : fail(Code::io, "gone"); });
  EXPECT_EQ(done.error().message, "gone");
  EXPECT_EQ(pieces, 2);
}

TEST(Cells, DecimalText) {
  const auto check = [](Decimal decimal, std::string_view expected) { EXPECT_EQ(to_string(decimal), expected); };
  check({0, 0}, "0");
  check({0, 2}, "0.00");
  check({5, 3}, "0.005");
  check({-5, 3}, "-0.005");
  check({123456, 3}, "123.456");
  check({INT64_MIN, 0}, "-9223372036854775808");
}

}  // namespace
}  // namespace aybiza
