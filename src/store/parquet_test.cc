// Parquet files of every engine that speaks SQL: the same columns, types and rows as the file that DuckDB's own store writes.
#include "store/parquet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "store/duck.h"
#include "store/duckdb_store.h"
#include "store/export.h"
#include "store/migrate.h"
#include "store/sample_rows.h"
#include "store/test_engine.h"

namespace aybiza {
namespace {

class Parquet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!engine_.missing().empty()) GTEST_SKIP() << engine_.missing();
    ASSERT_EQ(duckdb_open(nullptr, database_.out()), DuckDBSuccess);
    auto reader = DuckConnection::open(database_.get(), clock_);
    ASSERT_TRUE(reader);
    reader_ = std::move(*reader);
  }
  std::string written(Store& store, std::string_view table, std::string_view name) {
    const std::string path = files_.path() + "/" + std::string(name) + ".parquet";
    std::ofstream file(path, std::ios::binary);
    const Status done = store.export_table(table, ExportFormat::parquet, Instant::min(), Instant::max(),
                                           [&](std::string_view bytes) { return file << bytes, Status(); });
    EXPECT_TRUE(done) << table << ": " << done.error().message;
    return "'" + path + "'";
  }
  std::int64_t count(const std::string& text) {
    const auto answer = reader_.integer("SELECT count(*) FROM (" + text + ")");
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->value_or(-1) : -1;
  }
  void same(const std::string& a, const std::string& b, std::string_view table) {
    EXPECT_EQ(count(fmt::format("(FROM (DESCRIBE FROM {0}) EXCEPT ALL FROM (DESCRIBE FROM {1})) UNION ALL (FROM (DESCRIBE FROM {1}) EXCEPT ALL FROM (DESCRIBE FROM {0}))", a, b)), 0)
        << table;
    EXPECT_EQ(count("FROM " + a), count("FROM " + b)) << table;
  }

  TestEngine engine_{GetParam()};
  ManualClock clock_{from_micros(1'795'000'000'000'000)};
  Scratch files_, duck_;
  DuckDatabase database_;
  DuckConnection reader_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Parquet, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

TEST_P(Parquet, IsTheSameFromEveryEngine) {
  auto store = engine_.open(clock_), rival = open_duckdb_store({.directory = duck_.path(), .clock = &clock_});
  ASSERT_TRUE(store && rival);
  SampleRows sample(4);
  for (int i = 0; i < 4; ++i) {
    RowBatch batch = sample.next(300);
    batch.rollups.clear();
    ASSERT_TRUE((*store)->apply(batch) && (*rival)->apply(batch));
  }
  for (const std::string_view table : exportable_tables()) {
    const std::string got = written(**store, table, "got"), want = written(**rival, table, "want");
    same(got, want, table);
    const bool divides = std::ranges::any_of(published_views(), [&](const PublishedView& view) { return view.name.substr(3) == table; });  // then a last bit may differ
    if (!divides) {
      EXPECT_EQ(count(fmt::format("(FROM {0} EXCEPT ALL FROM {1}) UNION ALL (FROM {1} EXCEPT ALL FROM {0})", got, want)), 0) << table;
    }
  }
  EXPECT_GT(count("FROM " + written(**store, "conversation_turns", "turns")), 100);
}

// A cell of each kind, its value and its absence, against what DuckDB reads back.
TEST_P(Parquet, KeepsEveryDigitAndWhatIsUnknown) {
  auto store = engine_.open(clock_);
  ASSERT_TRUE(store);
  const ParquetColumn columns[] = {{"flag", "BOOLEAN"}, {"whole", "BIGINT"}, {"real \"quoted\"", "DOUBLE"}, {"time", "TIMESTAMP WITH TIME ZONE"},
                                   {"money", "DECIMAL(38,9)"}, {"word", "VARCHAR"}};
  auto rows = (*store)->sql("SELECT true AS flag, -9223372036854775807 AS whole, 0.1::DOUBLE PRECISION AS r, make_timestamptz(1::BIGINT) AS t, "
                            "-12345678.000000001::DECIMAL(18,9) AS m, 'a''b' AS w UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL ORDER BY 2 NULLS LAST", {});
  ASSERT_TRUE(rows) << rows.error().message;
  const std::string path = files_.path() + "/cells.parquet";
  const Status done = write_parquet(**rows, columns, path, clock_);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(count(fmt::format("FROM '{}' WHERE flag AND whole = -9223372036854775807 AND \"real \"\"quoted\"\"\" = 0.1 AND epoch_us(time) = 1 AND "
                              "money = -12345678.000000001 AND word = 'a''b'", path)), 1);
  EXPECT_EQ(count(fmt::format("FROM '{}' WHERE flag IS NULL AND whole IS NULL AND time IS NULL AND money IS NULL AND word IS NULL", path)), 1);
}

TEST_P(Parquet, AValueThatDoesNotFitEndsTheExport) {
  auto store = engine_.open(clock_);
  ASSERT_TRUE(store);
  const ParquetColumn columns[] = {{"whole", "BIGINT"}};
  auto rows = (*store)->sql("SELECT 'seven' AS whole", {});
  ASSERT_TRUE(rows);
  const Status done = write_parquet(**rows, columns, files_.path() + "/bad.parquet", clock_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "column whole has a value that is no BIGINT");
}

}  // namespace
}  // namespace aybiza
