#include "query/answer_rows.h"

#include <gtest/gtest.h>

#include "store/duck.h"
#include "store/export.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

class AnswerExport : public testing::Test {
 protected:
  void SetUp() override {
    const auto parsed = parse_question(
        parse_query_string("select=calls,avg_duration_ms,hist_duration_ms&by=region&step=1h&from=2026-11-21T00:00:00Z&to=2026-11-21T02:00:00Z"), from_micros(1'795'300'000'000'000));
    ASSERT_TRUE(parsed) << parsed.error().message;
    question_ = *parsed;
    const auto grid = Grid::of(question_, *Zone::load("UTC"));
    Cells cells;
    cells[{0, {"eu, west"}}] = {3.0, 1.5, Histogram{{0, 2, 3}}};
    cells[{1, {std::nullopt}}] = {1.0, Figure{}, Histogram{}};
    cells[{1, {"=us"}}] = {2.0, 0.25, Histogram{{1, 1, 2}}};
    answer_ = finish(question_, *grid, std::move(cells), from_micros(0), "store");
  }
  Question question_;
  Answer answer_;
};

TEST_F(AnswerExport, AsCsv) {
  AnswerRows rows(question_, answer_);
  std::string out;
  ASSERT_TRUE(write_csv(rows, [&](std::string_view piece) { return out += piece, Status(); }));
  EXPECT_EQ(out,
            "time,region,calls,avg_duration_ms,hist_duration_ms\r\n"
            "2026-11-21T00:00:00.000Z,\"eu, west\",3,1.5,\"[[0,2,3]]\"\r\n"
            "2026-11-21T01:00:00.000Z,\"'=us\",2,0.25,\"[[1,1,2]]\"\r\n"
            "2026-11-21T01:00:00.000Z,,1,,[]\r\n");
}

TEST_F(AnswerExport, AsNdjson) {
  AnswerRows rows(question_, answer_);
  std::string out;
  ASSERT_TRUE(write_ndjson(rows, [&](std::string_view piece) { return out += piece, Status(); }));
  EXPECT_EQ(out.substr(0, out.find('\n')), R"({"time":"2026-11-21T00:00:00.000Z","region":"eu, west","calls":3,"avg_duration_ms":1.5,"hist_duration_ms":"[[0,2,3]]"})");
}

TEST_F(AnswerExport, AsParquet) {
  const Scratch scratch;
  const SystemClock clock;
  AnswerRows rows(question_, answer_);
  const std::string path = scratch.path() + "/answer.parquet";
  const Status done = write_parquet(rows, rows.parquet_columns(), path, clock);
  ASSERT_TRUE(done) << done.error().message;
  DuckDatabase database;
  ASSERT_EQ(duckdb_open(nullptr, database.out()), DuckDBSuccess);
  auto reader = DuckConnection::open(database.get(), clock);
  ASSERT_TRUE(reader);
  const auto count = [&](std::string_view where) { return reader->integer(fmt::format("SELECT count(*) FROM '{}' WHERE {}", path, where)).value().value(); };
  EXPECT_EQ(count("true"), 3);
  EXPECT_EQ(count("time = TIMESTAMPTZ '2026-11-21T01:00:00Z' AND region = '=us' AND calls = 2 AND avg_duration_ms = 0.25 AND hist_duration_ms = '[[1,1,2]]'"), 1);
  EXPECT_EQ(count("region IS NULL AND avg_duration_ms IS NULL AND calls = 1"), 1);
}

TEST_F(AnswerExport, EstimatesHaveTheirErrorsBehindTheMeasures) {
  answer_.estimate = {false, false, true, true, false};
  answer_.standard_error = {{{}, {}, 0.5, 0.25, {}}, {{}, {}, 1.0, {}, {}}, {{}, {}, {}, {}, {}}};
  AnswerRows rows(question_, answer_);
  std::string out;
  ASSERT_TRUE(write_csv(rows, [&](std::string_view piece) { return out += piece, Status(); }));
  EXPECT_EQ(out,
            "time,region,calls,avg_duration_ms,hist_duration_ms,calls_standard_error,avg_duration_ms_standard_error\r\n"
            "2026-11-21T00:00:00.000Z,\"eu, west\",3,1.5,\"[[0,2,3]]\",0.5,0.25\r\n"
            "2026-11-21T01:00:00.000Z,\"'=us\",2,0.25,\"[[1,1,2]]\",1,\r\n"
            "2026-11-21T01:00:00.000Z,,1,,[],,\r\n");
}

TEST_F(AnswerExport, ANothingIsAHeader) {
  answer_.rows.clear();
  AnswerRows rows(question_, answer_);
  std::string out;
  ASSERT_TRUE(write_csv(rows, [&](std::string_view piece) { return out += piece, Status(); }));
  EXPECT_EQ(out, "time,region,calls,avg_duration_ms,hist_duration_ms\r\n");
}

}  // namespace
}  // namespace aybiza
