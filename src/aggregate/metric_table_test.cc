#include "aggregate/metric_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
constexpr Instant t0 = from_micros(1'790'000'040'000'000);

struct Told {
  Instant time, start = MetricPoint::unknown_start;
  double value;
};
// What one stream becomes: the values stored, in order.
std::string stored(MetricKind kind, Temporality temporality, const std::vector<Told>& points, MetricTable* table = nullptr) {
  MetricTable own(100);
  RowBatch rows;
  for (const Told& told : points) {
    MetricBatch batch;
    batch.points.push_back({.time = told.time, .start = told.start, .value = told.value,
                            .series = batch.add_series({.kind = kind, .temporality = temporality, .name = "n"})});
    (table ? *table : own).fold("c", batch, t0, rows);
  }
  std::string out;
  for (const MetricPointRow& row : rows.metric_points) out += fmt::format("{}{}", out.empty() ? "" : " ", row.value);
  return out;
}

TEST(MetricTable, DeltasAreStoredAsTheyCome) {
  using enum Temporality;
  EXPECT_EQ(stored(MetricKind::counter, delta, {{t0, {}, 1}, {t0, {}, 1}}), "1");  // one interval said twice
  EXPECT_EQ(stored(MetricKind::counter, delta, {{.time = t0, .value = 1}, {.time = t0, .value = 1}}), "1 1");  // two lines
  EXPECT_EQ(stored(MetricKind::counter, delta, {{t0, t0 - 1s, 1}, {t0, t0 - 1s, 1}, {t0 + 1s, t0, 2}}), "1 2");
}

TEST(MetricTable, TotalsBecomeIncrements) {
  using enum Temporality;
  const auto total = [](std::vector<Told> points) { return stored(MetricKind::counter, cumulative, points); };
  EXPECT_EQ(total({{.time = t0, .value = 10}, {.time = t0 + 1s, .value = 15}, {.time = t0 + 2s, .value = 15}}), "5 0");
  EXPECT_EQ(total({{t0, t0 - 1h, 10}, {t0 + 1s, t0 - 1h, 12}}), "2");                      // began before we listened
  EXPECT_EQ(total({{t0 + 9s, t0 + 1s, 10}, {t0 + 10s, t0 + 1s, 12}}), "10 2");             // began since
  EXPECT_EQ(total({{t0, t0, 10}, {t0 + 1s, t0, 12}}), "2");                                // start = time: unknown
  EXPECT_EQ(total({{.time = t0, .value = 10}, {.time = t0 + 1s, .value = 3}}), "3");       // fell: a restart
  EXPECT_EQ(total({{t0, t0 - 1h, 10}, {t0 + 5s, t0 + 1s, 30}}), "30");                     // another start: a restart
  MetricTable listening(100, t0 - 2h);
  EXPECT_EQ(stored(MetricKind::counter, cumulative, {{t0, t0 - 1h, 10}, {t0 + 1s, t0 - 1h, 12}}, &listening), "10 2");
  EXPECT_EQ(total({{.time = t0, .value = 10}, {.time = t0, .value = 11}, {.time = t0 - 1s, .value = 12}}), "");  // duplicates, late
}

TEST(MetricTable, GaugesWithSign) {
  const auto gauge = [](const std::vector<std::pair<double, bool>>& points) {
    MetricTable table(100);
    RowBatch rows;
    for (const auto& [value, sign] : points) {
      MetricBatch batch;
      batch.points.push_back({.time = t0, .value = value,
                              .series = batch.add_series({.kind = MetricKind::last_value,
                                                          .temporality = sign ? Temporality::delta : Temporality::cumulative, .name = "n"})});
      table.fold("", batch, t0, rows);
    }
    std::string out;
    for (const MetricPointRow& row : rows.metric_points)
      for (const MetricSeriesRow& series : rows.metric_series)
        if (series.series == row.series) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", series.kind, row.value);
    return out;
  };
  EXPECT_EQ(gauge({{5, false}, {1, true}, {-3, true}, {7, false}, {1, true}}), "last_value 5, last_value 6, last_value 3, last_value 7, last_value 8");
  EXPECT_EQ(gauge({{25, true}, {-3, true}}), "sum 25, sum -3");  // Elixir's sums
  EXPECT_EQ(gauge({{25, true}, {4, false}, {1, true}}), "sum 25, last_value 4, last_value 5");
}

TEST(MetricTable, StateSurvivesARestart) {
  MetricTable first(100);
  EXPECT_EQ(stored(MetricKind::sum, Temporality::cumulative, {{.time = t0, .value = 10}, {.time = t0 + 1s, .value = 11}}, &first), "1");
  std::string bytes;
  bytes::Writer writer(bytes);
  first.write(writer);
  MetricTable second(100);
  bytes::Reader reader(bytes);
  ASSERT_TRUE(second.read(reader));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(stored(MetricKind::sum, Temporality::cumulative, {{.time = t0 + 1s, .value = 11}, {.time = t0 + 2s, .value = 14}}, &second), "3");
  EXPECT_EQ(second.stats().duplicates, 1u);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    MetricTable broken(100);
    bytes::Reader in(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(broken.read(in)) << cut;
  }
}

TEST(MetricTable, SilentSeriesMakeRoom) {
  MetricTable table(3);
  RowBatch rows;
  const auto add = [&](const std::string& name, Instant at) {
    MetricBatch batch;
    batch.points.push_back({.time = at, .value = 1, .series = batch.add_series({.name = "m", .tags = R"({"k":")" + name + R"("})"})});
    table.fold("c", batch, at, rows);
    return rows.metric_series.back().tags;
  };
  for (const auto* name : {"a", "b", "c"}) add(name, t0);
  EXPECT_EQ(add("d", t0 + 1min), R"({"__other__":"__other__"})");
  EXPECT_EQ(add("d", t0 + 3h), R"({"k":"d"})");
}

}  // namespace
}  // namespace aybiza
