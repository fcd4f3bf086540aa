// Formulas over measures: what they compute, what stays unknown, what is refused and why.
#include "query/formula.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using testing::HasSubstr;

// With calls = 8, errors = 2, cost_usd unknown.
std::optional<double> computed(std::string_view text) {
  const auto formula = parse_formula(text);
  if (!formula) return ADD_FAILURE() << text << ": " << formula.error().message, std::nullopt;
  std::vector<std::optional<double>> figures;
  for (const Measure& measure : formula->measures)
    figures.push_back(measure.text == "calls" ? std::optional(8.0) : measure.text == "errors" ? std::optional(2.0) : std::nullopt);
  return evaluate(*formula, figures);
}

std::string refused(std::string_view text) {
  const auto formula = parse_formula(text);
  return formula ? "accepted" : formula.error().code + ": " + formula.error().message;
}

TEST(Formula, Computes) {
  EXPECT_EQ(computed("calls"), 8);
  EXPECT_EQ(computed(" errors / calls * 100 "), 25);
  EXPECT_EQ(computed("calls + errors * 2"), 12);
  EXPECT_EQ(computed("(calls + errors) * 2"), 20);
  EXPECT_EQ(computed("calls - errors - 1"), 5);  // from the left
  EXPECT_EQ(computed("calls / errors / 2"), 2);
  EXPECT_EQ(computed("-calls + -(-errors)"), -6);
  EXPECT_EQ(computed("min(calls, errors) + max(calls, 9.5)"), 11.5);
  EXPECT_EQ(computed("calls * .5"), 4);
  EXPECT_EQ(parse_formula("calls + calls")->measures.size(), 1u);
  EXPECT_TRUE(parse_formula("p95_voice_latency_ms")->plain());
  EXPECT_EQ(parse_formula("metric:queue.depth:avg / 2")->measures[0].metric_name, "queue.depth");
}

TEST(Formula, UnknownIsNeverZero) {
  EXPECT_EQ(computed("cost_usd + calls"), std::nullopt);
  EXPECT_EQ(computed("max(calls, cost_usd)"), std::nullopt);
  EXPECT_EQ(computed("-cost_usd"), std::nullopt);
  EXPECT_EQ(computed("calls / (errors - 2)"), std::nullopt);
  EXPECT_EQ(computed("0 / calls"), 0);
  const std::string most(300, '9');
  EXPECT_EQ(computed("calls * " + most + " * calls / errors" + " * 1"), std::optional(8 * 1e300 * 8 / 2));
}

TEST(Formula, SaysWhereAndWhy) {
  EXPECT_THAT(refused(""), HasSubstr("character 1: ends where a measure"));
  EXPECT_THAT(refused("calls +"), HasSubstr("character 8: ends where"));
  EXPECT_THAT(refused("calls calls"), HasSubstr("character 7: expected an operator"));
  EXPECT_THAT(refused("(calls"), HasSubstr("expected ')'"));
  EXPECT_THAT(refused("calls)"), HasSubstr("character 6"));
  EXPECT_THAT(refused("min(calls)"), HasSubstr("expected ','"));
  EXPECT_THAT(refused("1 + 2"), HasSubstr("names no measure"));
  EXPECT_THAT(refused("errors / call"), HasSubstr("unknown_measure: at character 10: 'call' is not a measure; known are calls"));
  EXPECT_THAT(refused("hist_duration_ms"), HasSubstr("not one number"));
  EXPECT_THAT(refused("ma_calls"), HasSubstr("not one number"));
  EXPECT_THAT(refused("calls; drop"), HasSubstr("character 6"));
  EXPECT_THAT(refused(std::string("calls\0+1", 8)), HasSubstr("expected"));
  EXPECT_THAT(refused(std::string(20, '(') + "calls" + std::string(20, ')')), HasSubstr("too_large"));
  EXPECT_THAT(refused(std::string(20, '-') + "calls"), HasSubstr("too_large"));
  EXPECT_THAT(refused(std::string(500, ' ')), HasSubstr("too_large"));
  std::string many = "calls";
  for (int i = 0; i < 40; ++i) many += "+1";
  EXPECT_THAT(refused(many), HasSubstr("at most 64 parts"));
}

}  // namespace
}  // namespace aybiza
