// Connections and answers of a PostgreSQL server: cells of every type, parameters, streams that are left, deadlines, servers that hang.
#include "store/postgres.h"

#include <atomic>

#include "base/limits.h"
#include "store/postgres_copy_out.h"
#include "store/postgres_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST_F(PostgresTest, CellsOfEveryType) {
  auto store = open();
  const auto check = [&](std::string_view expression, std::string_view expected) {
    EXPECT_EQ(ask(*store, fmt::format("SELECT {}", expression)), fmt::format("{}\n", expected)) << expression;
  };
  check("NULL", "NULL");
  check("true", "1");
  check("(-7)::smallint", "-7");
  check("2147483647", "2147483647");
  check("-9223372036854775807", "-9223372036854775807");
  check("12.5::numeric(3,1)", "12.5");
  check("-0.0001::numeric(6,4)", "-0.0001");
  check("0::numeric(18,9)", "0.000000000");
  check("123456789.000000001::numeric(18,9)", "123456789.000000001");
  check("-10000::numeric", "-10000");
  check("100000000::numeric(18,6)", "100000000.000000");
  check("92233720368547758.07", "92233720368547758.07");
  check("1e30::numeric", "1e+30");                     // more than 64 bits
  check("avg(x) FROM generate_series(1, 2) t(x)", "1.5000000000000000");
  check("1::numeric / 3 = 0.33333333333333333333", "1");
  check("'NaN'::numeric", "nan");
  check("sum(x) FROM generate_series(1::bigint, 4) t(x)", "10");  // a numeric without a scale
  check("0.25::real", "0.25");
  check("1e15::float8", "1000000000000000");
  check("timestamptz '2026-11-21 09:00:00.000001+01'", "2026-11-21T08:00:00.000001Z");
  check("timestamptz '1969-12-31 23:59:59.999999Z'", "1969-12-31T23:59:59.999999Z");
  check("date '2026-11-21'", "2026-11-21T00:00:00.000Z");
  check("'ffffffff-0000-0000-0000-000000000007'::uuid", "ffffffff-0000-0000-0000-000000000007");
  check("'a text'", "a text");
  check("'{\"a\": 1}'::jsonb", "{\"a\": 1}");
  check("'\\x00ff'::bytea", "blob of 2");
  check("'{1,-0.5,1e10}'::real[]", "[1.0, -0.5, 10000000000.0]");
  EXPECT_EQ(store->sql("SELECT interval '1 day'", {}).error().code, Code::unsupported);
  EXPECT_EQ(store->sql("SELEC", {}).error().code, Code::invalid);
  EXPECT_EQ(store->sql("SELECT 1 / 0", {}).error().code, Code::invalid);
}

TEST_F(PostgresTest, ParametersAreBoundAndReadersCannotWrite) {
  auto store = open();
  EXPECT_EQ(ask(*store, "SELECT $1, $2, $3, $4, $5, $6, $7::text",
                {"'; DROP TABLE call_analytics; --", std::int64_t(-5), Id{1, 2}, from_micros(1), 0.5, true, std::monostate{}}),
            "'; DROP TABLE call_analytics; -- -5 00000000-0000-0001-0000-000000000002 1970-01-01T00:00:00.000001Z 0.5 1 NULL\n");
  EXPECT_FALSE(store->sql("DELETE FROM applied", {}));
  EXPECT_EQ(ask(*store, "SELECT event_offset FROM applied"), "0\n");
}

TEST_F(PostgresTest, LongAnswersComeInChunksAndMayBeLeft) {
  auto store = open();
  for (int round = 0; round < 2; ++round) {
    auto rows = store->sql("SELECT x FROM generate_series(1, 5000) t(x)", {});
    ASSERT_TRUE(rows) << rows.error().message;
    std::int64_t seen = 0;
    while ((*rows)->next().value()) {
      EXPECT_LE((*rows)->row_count(), limits::postgres_chunk_rows);
      for (std::size_t i = 0; i < (*rows)->row_count(); ++i) ASSERT_EQ(as_integer((*rows)->cell(i, 0)), ++seen);
      if (round == 0) break;  // the connection goes with the rest of it; the next question takes another
    }
    EXPECT_EQ(seen, round == 0 ? std::int64_t(limits::postgres_chunk_rows) : 5000);
  }
  std::vector<std::unique_ptr<Rows>> open_answers;
  for (std::size_t i = 0; i < limits::store_readers; ++i) open_answers.push_back(store->sql("SELECT 1", {}).value());
  EXPECT_EQ(store->sql("SELECT 1", {}).error().code, Code::unavailable);
}

TEST_F(PostgresTest, ADeadlineEndsAQuestion) {
  auto store = open();
  const auto began = store->sql("SELECT pg_sleep(60)", {}, clock_.elapsed() + 50ms);
  ASSERT_FALSE(began);
  EXPECT_EQ(began.error().code, Code::unavailable);
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");
}

// A question has no deadline, a batch has the writer's: when the program ends both are given up, and nothing new is begun.
TEST_F(PostgresTest, WhoWaitsForAHungServerGivesUpWhenTheProgramEnds) {
  ManualClock clock(from_micros(1'795'000'000'000'000));
  auto opened = open_postgres_store({.url = server_->url(), .clock = &clock});
  ASSERT_TRUE(opened) << opened.error().message;
  Store& store = **opened;
  EXPECT_EQ(ask(store, "SELECT 1"), "1\n");
  server_->pause(true);
  std::atomic<int> ended{0};
  std::string answer;
  Status written;
  std::thread reader([&] { answer = ask(store, "SELECT 2"), ++ended; });
  std::thread writer([&] { written = store.apply({.from = 0, .to = 3}), ++ended; });
  store.closing();
  while (ended < 2) {
    clock.advance(1s);
    std::this_thread::sleep_for(10ms);
  }
  reader.join(), writer.join();
  server_->pause(false);
  EXPECT_EQ(answer, "the program ends");  // a connection that is lost is made anew once, at other times
  EXPECT_EQ(written.error().code, Code::unavailable);
  EXPECT_EQ(store.apply({.from = 0, .to = 3}).error().message, "the program ends");
  EXPECT_EQ(ask(store, "SELECT 3"), "the program ends");
  EXPECT_EQ(store.applied().value(), 0u);
  opened->reset();
  EXPECT_TRUE(open()->apply({.from = 0, .to = 3}));
}

TEST_F(PostgresTest, AHungServerCostsTheDeadlineAndNotTheThread) {
  auto store = open();
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");  // a reader is connected
  const RowBatch batch{.from = 0, .to = 3};
  server_->pause(true);
  EXPECT_EQ(store->sql("SELECT 1", {}, clock_.elapsed() + 50ms).error().code, Code::unavailable);
  server_->pause(false);
  EXPECT_TRUE(until_applied(*store, batch));
  EXPECT_EQ(ask(*store, "SELECT event_offset FROM applied"), "3\n");
}

// What COPY streams is what a question answers, whatever the values.
TEST_F(PostgresTest, RowsAreCopiedOut) {
  auto connection = raw();
  {
    auto copy = PostgresCopyOut::open(*connection,
                                      "SELECT x, x * 1.000000001::numeric(18,9) AS money, CASE WHEN x % 3 = 0 THEN NULL WHEN x % 3 = 1 THEN '' ELSE repeat('\u00e4', x) END AS word, "
                                      "timestamptz '2026-11-21 08:00Z' + x * interval '1 microsecond' AS at, x % 2 = 0 AS even, ARRAY[x, -0.5]::real[] AS list "
                                      "FROM generate_series(1, 5000) t(x)",
                                      no_deadline);
    ASSERT_TRUE(copy) << copy.error().message;
    for (std::int64_t x = 1; x <= 5'000; ++x) {
      const auto more = copy->next();
      ASSERT_TRUE(more && *more) << x;
      ASSERT_EQ(copy->column_count(), 6u);
      std::int64_t number = 0, nano = 0;
      bool even = false;
      Instant at{};
      copy->cell(0, SqlType::integer).get(0, number);
      copy->cell(1, SqlType::money).get(0, nano);
      copy->cell(3, SqlType::time).get(0, at);
      copy->cell(4, SqlType::boolean).get(0, even);
      const CellReader word = copy->cell(2, SqlType::text);
      const float list[] = {float(x), -0.5f};
      ASSERT_EQ(number, x);
      ASSERT_EQ(nano, x * 1'000'000'001);
      ASSERT_EQ(at, from_micros(1'795'248'000'000'000 + x));
      ASSERT_EQ(even, x % 2 == 0);
      ASSERT_EQ(word.null(0), x % 3 == 0);
      ASSERT_EQ(word.text(0).size(), x % 3 == 2 ? std::size_t(2 * x) : 0u);
      ASSERT_EQ(copy->cell(5, SqlType::floats).floats(0), std::string_view(reinterpret_cast<const char*>(list), sizeof list));
    }
    EXPECT_FALSE(copy->next().value());
    EXPECT_FALSE(copy->next().value());  // and stays at its end
  }
  EXPECT_EQ(*connection->integer("SELECT 7"), 7);  // the connection takes the next statement

  auto none = PostgresCopyOut::open(*connection, "SELECT 1 WHERE false", no_deadline);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->next().value());
}

TEST_F(PostgresTest, ACopyThatFailsOrIsLeft) {
  auto connection = raw();
  EXPECT_EQ(PostgresCopyOut::open(*connection, "SELEC", no_deadline).error().code, Code::invalid);
  {
    auto copy = PostgresCopyOut::open(*connection, "SELECT 1 / (4000 - x) FROM generate_series(1, 5000) t(x)", no_deadline);
    ASSERT_TRUE(copy) << copy.error().message;
    std::int64_t rows = 0;
    Result<bool> more = true;
    while ((more = copy->next()) && *more) ++rows;
    EXPECT_EQ(more.error().message, "PostgreSQL: division by zero");
    EXPECT_EQ(rows, 3'999);
  }
  EXPECT_EQ(*connection->integer("SELECT 7"), 7);
  {
    auto copy = PostgresCopyOut::open(*connection, "SELECT pg_sleep(60)", clock_.elapsed() + 50ms);
    EXPECT_EQ((copy ? copy->next().error() : copy.error()).code, Code::unavailable);
  }
  connection = raw();
  {
    auto copy = PostgresCopyOut::open(*connection, "SELECT x FROM generate_series(1, 100000) t(x)", no_deadline);
    ASSERT_TRUE(copy && copy->next().value());
  }
  EXPECT_TRUE(connection->broken());  // the connection goes with the rest of it
}

}  // namespace
}  // namespace aybiza
