#include "model/measure.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

TEST(Measures, FamiliesAndPlainWords) {
  const auto p95 = parse_measure("p95_voice_latency_ms");
  ASSERT_TRUE(p95);
  EXPECT_EQ(p95->statistic, Statistic::p95);
  EXPECT_EQ(p95->quantity, Quantity::voice_latency_ms);
  EXPECT_EQ(entity_of(*p95), Entity::call);
  EXPECT_EQ(entity_of(*parse_measure("avg_stt_latency_ms")), Entity::turn);
  EXPECT_EQ(entity_of(*parse_measure("tokens")), Entity::usage);
  EXPECT_EQ(entity_of(*parse_measure("success_rate")), Entity::call);
  EXPECT_EQ(entity_of(*parse_measure("avg_sentiment")), Entity::turn);
  EXPECT_TRUE(parse_measure("ma_calls")->moving);
  for (auto word : {"", "p95", "p95_", "p95_calls", "sum_duration_ms", "ma_hist_duration_ms", "Calls"})
    EXPECT_FALSE(parse_measure(word)) << word;
}

TEST(Measures, MetricNamesMayHoldColons) {
  const auto metric = parse_measure("metric:a:b.c:p95");
  ASSERT_TRUE(metric);
  EXPECT_EQ(metric->metric_name, "a:b.c");
  EXPECT_EQ(metric->metric_aggregation, "p95");
  EXPECT_FALSE(parse_measure("metric:a:median"));
  EXPECT_FALSE(parse_measure("metric::sum"));
}

TEST(Measures, EveryListedWordParses) {
  for (const std::string& word : all_measures())
    if (word.find('<') == std::string::npos) {
      EXPECT_TRUE(parse_measure(word)) << word;
    }
  for (const std::string& word : all_dimensions()) EXPECT_TRUE(parse_dimension(word)) << word;
}

}  // namespace
}  // namespace aybiza
