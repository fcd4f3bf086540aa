#include "model/metric_point.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

MetricSeries base() { return {.kind = MetricKind::counter, .temporality = Temporality::delta, .name = "a", .unit = "", .tags = R"({"k":"v"})"}; }

TEST(MetricPoint, SameSeriesSameIndex) {
  MetricBatch batch;
  EXPECT_EQ(batch.add_series(base()), 0u);
  auto other = base();
  other.sample_rate = 0.5;
  EXPECT_EQ(batch.add_series(other), 1u);
  other = base();
  other.temporality = Temporality::cumulative;
  EXPECT_EQ(batch.add_series(other), 2u);
  EXPECT_EQ(batch.add_series(base()), 0u);
  std::string gone = "gone";
  auto kept = base();
  kept.name = gone;
  batch.add_series(kept);
  gone = "xxxx";
  const MetricBatch moved = std::move(batch);
  EXPECT_EQ(moved.series()[3].name, "gone");
}

TEST(MetricPoint, IdentityTellsEveryPartApart) {
  const auto of = [](std::string_view customer, MetricSeries s) { return series_identity(customer, s); };
  auto s = base();
  const auto first = of("acme", s);
  EXPECT_EQ(first, of("acme", base()));
  EXPECT_NE(first, of("other", s));
  s.unit = "ms";
  EXPECT_NE(first, of("acme", s));
  s = base();
  s.kind = MetricKind::sum;
  EXPECT_NE(first, of("acme", s));
  s = base();
  s.sample_rate = 0.1;
  EXPECT_NE(first, of("acme", s));
  s = base();
  s.temporality = Temporality::cumulative;  // what is stored are increments either way
  EXPECT_EQ(first, of("acme", s));
  EXPECT_NE(of("a", {.name = "bc"}), of("ab", {.name = "c"}));
}

TEST(MetricPoint, Words) {
  for (std::size_t i = 0; i < metric_kind_count; ++i) EXPECT_EQ(parse_metric_kind(to_string(MetricKind(i))), MetricKind(i));
  EXPECT_FALSE(parse_metric_kind("histogram"));
}

TEST(MetricPoint, SetMembersAreWholeAndDistinct) {
  EXPECT_EQ(set_member("u1"), set_member("u1"));
  EXPECT_NE(set_member("u1"), set_member("u2"));
  EXPECT_LT(set_member("u1"), 9007199254740992.0);
}

}  // namespace
}  // namespace aybiza
