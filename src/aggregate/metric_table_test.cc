#include "aggregate/metric_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sketch/real_sketch.h"

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

// Exporters of exponential histograms lower their scale as values spread, and Prometheus its schema: that is no restart.
TEST(MetricTable, RunningHistogramsMayWidenTheirBuckets) {
  struct Histogram {
    Instant time, start;
    std::vector<std::pair<double, std::uint64_t>> middles;
    double sum;
  };
  const auto increments = [](const std::vector<Histogram>& told) {
    MetricTable table(100);
    RowBatch rows;
    for (const Histogram& one : told) {
      RealSketch sketch;
      for (const auto& [middle, count] : one.middles) sketch.add(middle, count);
      MetricBatch batch;
      MetricDistribution& whole = batch.distributions.emplace_back();
      whole.count = sketch.count(), whole.sum = one.sum;
      std::string bytes;
      sketch.serialise(bytes);
      whole.sketch = bytes;
      batch.points.push_back({.time = one.time, .start = one.start,
                              .series = batch.add_series({.kind = MetricKind::distribution, .temporality = Temporality::cumulative, .name = "n"}),
                              .distribution = 0});
      table.fold("c", batch, t0, rows);
    }
    std::string out;
    for (const auto& row : rows.metric_distributions) out += fmt::format("{}{} of {}", out.empty() ? "" : ", ", row.count, row.sum);
    return out;
  };
  for (const Instant start : {t0 - 1h, Instant(MetricPoint::unknown_start)}) {
    const Histogram narrow{t0, start, {{1.41, 2}, {2.83, 2}, {5.66, 2}}, 20}, more{t0 + 1s, start, {{1.41, 3}, {2.83, 2}, {5.66, 2}}, 21.5};
    const Histogram wide{t0 + 2s, start, {{2, 6}, {8, 3}}, 33}, again{t0 + 3s, start, {{2, 1}, {8, 1}}, 9};
    EXPECT_EQ(increments({narrow, more, wide, again}), "1 of 1.5, 2 of 11.5, 2 of 9");
  }
}

TEST(WellKnown, NamesAndUnits) {
  const auto check = [](std::string_view name, std::string_view unit, std::string_view tags, double value, const std::string& expected) {
    const auto known = well_known(name, unit, tags);
    std::string got = "none";
    if (known) {
      SystemRow row;
      row.*known->column = known->in_memory(value);
      const auto say = [&](const char* column, const Number& number) { return number ? fmt::format("{} {}", column, *number) : std::string(); };
      got = say("calls", row.concurrent_calls) + say("cpu", row.cpu_e4) + say("memory", row.memory_e4) + say("latency", row.network_latency_us) +
            say("errors", row.error_rate_e4) + say("availability", row.availability_e4) + say("sla", row.sla_e4) +
            say("capacity", row.max_capacity) + say("utilization", row.utilization_e4) + say("queue", row.queue_depth) + " " + known->region;
    }
    EXPECT_EQ(got, expected) << name << unit << tags;
  };
  check("edge.concurrent_calls", "", R"({"region":"eu"})", 12, "calls 12 eu");
  check("edge.concurrent_calls", "", R"({"cloud.region":"us","zone":"a"})", 12.4, "calls 12 us");
  check("calls.active", "", "", 3, "calls 3 unknown");
  check("calls.active.not", "", "", 3, "none");
  check("process.cpu.utilization", "1", R"({"region":"eu"})", 0.255, "cpu 255000 eu");  // 25.5 %
  check("process.cpu.utilization", "%", R"({"region":"eu"})", 25.5, "cpu 255000 eu");
  check("process.cpu.utilization", "1", R"({"region":"eu"})", 25.5, " eu");  // no share: no figure
  check("system.cpu.utilization", "1", R"({"cpu":"0","region":"eu"})", 0.5, "none");  // one core
  check("system.memory.utilization", "1", R"({"state":"free"})", 0.5, "none");
  check("sip.network_latency.eu", "ms", R"({"region":"eu"})", 31.5, "latency 31500 eu");
  check("sip.rtt", "s", "", 0.0315, "latency 31500 unknown");
  check("sip.rtt", "By", "", 1, "none");
  check("api.error_rate", "", "", 0.02, "errors 200 unknown");
  check("api.error_rate", "%", "", 2, "errors 200 unknown");
  check("lk_agents_worker_load", "", "", 0.75, "utilization 750000 unknown");
  check("availability_pct", "", "", 99.95, "availability 999500 unknown");
  check("my.availability_pct", "", "", 99.95, "none");
  check("jobs.queue_depth", "", R"({"region":"a\"b"})", -1, " unknown");
}

TEST(MetricTable, WellKnownGaugesAreSystemRowsToo) {
  auto table = std::make_unique<MetricTable>(100);
  RowBatch rows;
  const auto tell = [&](MetricKind kind, std::string_view name, Duration at, double value) {
    MetricBatch batch;
    batch.points.push_back({.time = t0 + at, .value = value,
                            .series = batch.add_series({.kind = kind, .temporality = Temporality::cumulative, .name = name, .unit = {}, .tags = R"({"region":"eu"})"})});
    table->fold("acme", batch, t0, rows);
  };
  tell(MetricKind::last_value, "edge.queue_depth", 0s, 5);
  tell(MetricKind::last_value, "edge.queue_depth", 500ms, 6);  // once a second
  std::string bytes;
  bytes::Writer out(bytes);
  table->write(out);
  auto again = std::make_unique<MetricTable>(100);
  bytes::Reader in(bytes);
  ASSERT_TRUE(again->read(in));
  table = std::move(again);
  tell(MetricKind::last_value, "edge.queue_depth", 900ms, 7);
  tell(MetricKind::last_value, "edge.queue_depth", 1s, 8);
  tell(MetricKind::last_value, "edge.queue_length", 1s, 9);
  tell(MetricKind::counter, "edge.queue_depth", 2s, 9);  // no gauge
  EXPECT_EQ(rows.metric_points.size(), 5u);
  ASSERT_EQ(rows.system.size(), 2u);
  EXPECT_EQ(rows.system[0].queue_depth, 5);
  EXPECT_EQ(rows.system[1].queue_depth, 8);
  EXPECT_EQ(rows.system[1].time, t0 + 1s);
  EXPECT_EQ(rows.system[1].region, "eu");
  EXPECT_EQ(rows.system[1].customer, "acme");
  EXPECT_FALSE(rows.system[1].cpu_e4);
  EXPECT_NE(rows.system[0].id, rows.system[1].id);
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
