// Built tiles against the questions they stand for.
#include "live/board_tile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const Instant now = from_micros(1'800'000'000'000'000);

// Ten calls in the last hour, one in six minutes: outcomes and regions in turn; four calls in the hour before.
struct Rows {
  RowSet rows;
  int asked = 0;
  Rows() {
    for (int i = 0; i < 14; ++i) {
      CallRow call;
      call.call_id = random_id();
      call.start = i < 10 ? now - 6min * i - 1min : now - 70min - 1min * i;
      call.dims[Field::customer_id] = i % 2 ? "globex" : "acme";
      call.dims[Field::region] = i % 5 == 0 ? "us" : "eu";
      call.call_outcome = i % 2 ? "failed" : "successful";
      call.error_count = i % 3 == 0 ? 1 : 0;
      call.duration_us = 1'000'000 * (i + 1);
      rows.calls.push_back(call);
    }
  }
  Ask ask() {
    return [this](const Question& question) { return ++asked, answer_from_rows(question, rows, now, "store"); };
  }
  BuiltTile tile(TileSpec spec, ViewScope scope = {}) { return compute_built_tile(ask(), scope, spec, now); }
};

TEST(BuiltTiles, ANumberAndWhatItWasBefore) {
  Rows rows;
  const BuiltTile tile = rows.tile({.title = "", .formula = "calls", .by = {}, .where = {}});
  EXPECT_EQ(tile.value, 10);
  EXPECT_EQ(tile.previous, 4);
  EXPECT_EQ(rows.tile({.title = "", .formula = "errors / calls * 100", .by = {}, .where = {}}).value, 40);  // 0, 3, 6, 9 of ten
  EXPECT_EQ(rows.tile({.title = "", .formula = "calls", .by = {}, .where = {"region:us"}}).value, 2);
}

TEST(BuiltTiles, AScopeHolds) {
  Rows rows;
  const ViewScope globex{.customers = {"globex"}, .customer = {}, .region = {}, .agent = {}, .from = {}, .to = {}};
  EXPECT_EQ(rows.tile({.title = "", .formula = "calls", .by = {}, .where = {}}, globex).value, 5);
  EXPECT_EQ(rows.tile({.title = "", .formula = "calls", .by = {}, .where = {"customer_id:acme"}}, globex).value, 0);
  const auto by_customer = rows.tile({.title = "", .formula = "calls", .by = "customer_id", .where = {}, .picture = Picture::table}, globex);
  ASSERT_EQ(by_customer.rows.size(), 1u);
  EXPECT_EQ(by_customer.rows[0].name, "globex");
}

TEST(BuiltTiles, ByADimensionGreatestFirst) {
  Rows rows;
  const BuiltTile tile = rows.tile({.title = "", .formula = "calls", .by = "region", .where = {}, .picture = Picture::bar});
  ASSERT_EQ(tile.rows.size(), 2u);
  EXPECT_EQ(tile.rows[0].name, "eu");
  EXPECT_EQ(tile.rows[0].value, 8);
  EXPECT_EQ(tile.rows[1].value, 2);
  EXPECT_EQ(tile.found, 2u);
}

TEST(BuiltTiles, OverTimeAndByLines) {
  Rows rows;
  const BuiltTile tile = rows.tile({.title = "", .formula = "calls", .by = {}, .where = {}, .picture = Picture::line});
  double sum = 0;
  for (const auto& value : tile.series.values[0]) sum += value.value_or(0);
  EXPECT_EQ(sum, 10);
  const BuiltTile lines = rows.tile({.title = "", .formula = "calls", .by = "region", .where = {}, .picture = Picture::line});
  EXPECT_THAT(lines.series.names, ElementsAre("eu", "us"));
  ASSERT_EQ(lines.series.values.size(), 2u);
  sum = 0;
  for (const auto& value : lines.series.values[1]) sum += value.value_or(0);
  EXPECT_EQ(sum, 2);
}

// What the API refuses in a question's words must not slip past it as the page's own filter.
TEST(BuiltTiles, GenericMetricsHaveNoRegion) {
  Rows rows;
  const TileSpec of_metrics{.title = "", .formula = "metric:queue:last / calls", .by = {}, .where = {}}, of_calls{.title = "", .formula = "calls", .by = {}, .where = {}};
  const ViewScope us{.customers = {}, .customer = {}, .region = "us", .agent = {}, .from = {}, .to = {}};
  EXPECT_THAT(rows.tile(of_metrics, us).error, HasSubstr("tag.region"));
  EXPECT_EQ(rows.asked, 0);
  EXPECT_EQ(rows.tile(of_metrics).error, "");
  EXPECT_EQ(rows.tile(of_calls, us).value, 2);
}

TEST(BuiltTiles, RefusesWhatTheApiRefuses) {
  Rows rows;
  EXPECT_THAT(rows.tile({.title = "", .formula = "call", .by = {}, .where = {}}).error, HasSubstr("not a measure"));
  EXPECT_THAT(rows.tile({.title = "", .formula = "calls", .by = "colour", .where = {}, .picture = Picture::bar}).error, HasSubstr("'colour' is not a dimension"));
  EXPECT_THAT(rows.tile({.title = "", .formula = "calls", .by = "topic", .where = {}, .picture = Picture::bar}).error, HasSubstr("of turns"));
  EXPECT_THAT(rows.tile({.title = "", .formula = "calls", .by = {}, .where = {"region"}}).error, HasSubstr("has no ':'"));
  EXPECT_THAT(rows.tile({.title = "", .formula = "calls", .by = {}, .where = {}, .picture = Picture::pie}).error, HasSubstr("choose a dimension"));
  EXPECT_EQ(rows.asked, 0);
}

}  // namespace
}  // namespace aybiza
