// A history moved from each engine to each other is the same history.
#include "store/copy_history.h"

#include <gtest/gtest.h>

#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/test_engine.h"

namespace aybiza {
namespace {

using Ways = std::tuple<std::string, std::string>;

class CopyHistory : public testing::TestWithParam<Ways> {
 protected:
  void SetUp() override {
    for (const TestEngine* engine : {&from_, &to_})
      if (!engine->missing().empty()) GTEST_SKIP() << engine->missing();
  }
  static std::vector<std::string> texts(Store& store) {
    RowFilter all;
    all.tables = all_tables & ~bit(Table::rollups);
    return row_texts(store.rows(all).value());
  }
  TestEngine from_{std::get<0>(GetParam())}, to_{std::get<1>(GetParam())};
  ManualClock clock_{from_micros(1'795'000'000'000'000)};
};
INSTANTIATE_TEST_SUITE_P(Engines, CopyHistory,
                         testing::Combine(testing::ValuesIn(TestEngine::speaking_sql()), testing::ValuesIn(TestEngine::speaking_sql())),
                         [](const auto& ways) { return std::get<0>(ways.param) + "_to_" + std::get<1>(ways.param); });

TEST_P(CopyHistory, IsTheSameHistoryAndGoesOnWhereItWasCutOff) {
  auto old = from_.open(clock_), fresh = to_.open(clock_);
  ASSERT_TRUE(old && fresh);
  SampleRows sample(12);
  for (int i = 0; i < 5; ++i) {
    RowBatch batch = sample.next(200);
    batch.rollups.clear();
    ASSERT_TRUE((*old)->apply(batch));
  }
  struct Cut {};
  const auto cut = [](const CopyReport& report) {
    if (report.steps == 3) throw Cut();  // as if the process had ended here
  };
  EXPECT_THROW(static_cast<void>(copy_history(**old, **fresh, cut)), Cut);
  EXPECT_EQ((*fresh)->applied().value(), 3u);
  const auto done = copy_history(**old, **fresh);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->steps, done->of);
  EXPECT_EQ((*fresh)->applied().value(), 1000u);
  EXPECT_EQ(texts(**fresh), texts(**old));
  EXPECT_GT((*fresh)->stats().rollups_waiting, 100u);  // they are made anew
  EXPECT_EQ(copy_history(**old, **fresh).error().code, Code::conflict);
}

TEST_P(CopyHistory, TakesRollupsAlongThatHaveNoRowsAnyMore) {
  auto old = from_.open(clock_), fresh = to_.open(clock_);
  ASSERT_TRUE(old && fresh);
  const Instant day = from_micros(1'794'960'000'000'000);
  RowBatch batch{.from = 0, .to = 10};
  batch.rollups.push_back({.bucket = day, .step = std::chrono::hours(24), .customer = "acme", .dimension = "", .value = "", .value_is_null = false,
                           .tally = "t", .sketches = "s"});
  CallRow call;
  call.call_id = {1, 1}, call.start = call.updated = day + std::chrono::hours(30);
  batch.calls.push_back(call);
  ASSERT_TRUE((*old)->apply(batch));
  ASSERT_TRUE((*old)->forget(Table::call_analytics, day + std::chrono::hours(24)));
  const auto done = copy_history(**old, **fresh);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ((*fresh)->rollup_floor(), day + std::chrono::hours(24));
  const auto kept = (*fresh)->rows({});
  ASSERT_EQ(kept->rollups.size(), 1u);
  EXPECT_EQ(kept->rollups[0].tally, "t");
  EXPECT_EQ(kept->calls.size(), 1u);
}

TEST_P(CopyHistory, DoesNotMixTwoHistories) {
  auto old = from_.open(clock_), fresh = to_.open(clock_);
  ASSERT_TRUE(old && fresh);
  SampleRows sample(13);
  const RowBatch batch = sample.next(200);
  ASSERT_TRUE((*old)->apply(batch) && (*fresh)->apply(batch));
  EXPECT_EQ(copy_history(**old, **fresh).error().code, Code::conflict);
}

}  // namespace
}  // namespace aybiza
