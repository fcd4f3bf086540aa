#include "codec/otlp_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/limits.h"
#include "codec/otlp_json.h"
#include "codec/otlp_testing.h"

namespace aybiza {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr std::uint64_t t0 = 1'790'000'000'000'000'000u, second = 1'000'000'000u;
const Instant received = from_micros(std::int64_t(t0 / 1000)) + std::chrono::minutes(1);

struct Read {
  OtlpMetrics metrics;
  Status status;
  // "name{tags} kind temporality unit value", and of distributions count, sum, min, max.
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const MetricPoint& point : metrics.batch.points) {
      const MetricSeries& series = metrics.batch.series()[point.series];
      std::string line = fmt::format("{}{} {} {} '{}' {}", series.name, series.tags, to_string(series.kind),
                                     series.temporality == Temporality::delta ? "delta" : "cumulative", series.unit, point.value);
      if (point.distribution != MetricPoint::plain) {
        const MetricDistribution& d = metrics.batch.distributions[point.distribution];
        const auto shown = [](std::optional<double> v) { return v ? fmt::format("{}", *v) : std::string("-"); };
        line += fmt::format(" count {} sum {} min {} max {}", d.count, d.sum, shown(d.min), shown(d.max));
      }
      out.push_back(line);
    }
    return out;
  }
  RealSketch sketch(std::size_t at = 0) const { return *RealSketch::deserialise(metrics.batch.distributions[at].sketch); }
};
Read read(std::string_view body) {
  Read out;
  out.status = OtlpMetricsDecoder().decode(body, received, out.metrics);
  return out;
}

std::string at(std::uint64_t seconds = 0) { return pb_fixed(3, t0 + seconds * second); }
std::string metric(std::string_view name, unsigned kind, std::string_view data, std::string_view unit = "") {
  return pb(2, pb(1, name) + pb(3, unit) + pb(kind, data));
}
std::string gauge(std::string_view point) { return metric("g", 5, pb(1, point)); }
std::string whole(std::int64_t value) { return pb_fixed(6, std::uint64_t(value)); }
std::string packed_fixed(const std::vector<std::uint64_t>& values) {
  std::string out;
  for (const std::uint64_t v : values) out.append(reinterpret_cast<const char*>(&v), 8);
  return out;
}
std::string packed_real(const std::vector<double>& values) {
  std::string out;
  for (const double v : values) out.append(reinterpret_cast<const char*>(&v), 8);
  return out;
}

TEST(OtlpMetrics, Vector) {
  const Read got = read(otlp_metrics_vector);
  ASSERT_TRUE(got.status.has_value()) << got.status.error().message;
  const std::string tags = R"("otel.scope.name":"livekit-agents","service.name":"livekit-agents")";
  EXPECT_THAT(got.lines(),
              ::testing::ElementsAre(
                  R"(lk.agents.usage.llm_input_tokens{"model_name":"gpt-4.1-mini",)" + tags + "} counter delta '{token}' 4096",
                  "queue.depth{" + tags + "} last_value cumulative '' 12.5",
                  "lk.agents.turn.e2e_latency{" + tags + "} distribution cumulative 's' 2.75 count 3 sum 2.75 min - max -",
                  "gen_ai.client.operation.duration{" + tags + "} distribution delta 's' 7.5 count 4 sum 7.5 min - max -",
                  R"(rpc.latency{"otel.scope.name":"livekit-agents","quantile":"0.5","service.name":"livekit-agents"} last_value cumulative '' 5)",
                  R"(rpc.latency{"otel.scope.name":"livekit-agents","quantile":"0.99","service.name":"livekit-agents"} last_value cumulative '' 12)",
                  "rpc.latency_count{" + tags + "} counter cumulative '' 10", "rpc.latency_sum{" + tags + "} sum cumulative '' 55"));
  EXPECT_EQ(got.metrics.rejected, 0u);
  EXPECT_EQ(got.metrics.offered, 5u);
  EXPECT_EQ(got.sketch(0).count(), 3u);
  // One in the zero bucket, and one each in (0.5,1], (1,2], (2,4]: the middle of the logarithm of each.
  const RealSketch sketch = got.sketch(1);
  EXPECT_EQ(sketch.count(), 4u);
  EXPECT_NEAR(*sketch.quantile(0), 0, 1e-9);
  EXPECT_NEAR(*sketch.quantile(1.0 / 3), std::sqrt(0.5), 0.005);
  EXPECT_NEAR(*sketch.quantile(1), std::sqrt(8.0), 0.02);
  const MetricPoint& sum = got.metrics.batch.points[0];
  EXPECT_EQ(sum.start, from_micros(std::int64_t(t0 / 1000)));
  EXPECT_EQ(sum.time - sum.start, std::chrono::seconds(30));
  EXPECT_EQ(got.metrics.batch.points[1].start, MetricPoint::unknown_start);
}

TEST(OtlpMetrics, KindsOfSums) {
  const auto check = [](std::string_view sum, std::string_view unit, std::string_view expected) {
    const Read got = read(pb_request(metric("m", 7, sum, unit)));
    EXPECT_THAT(got.lines(), ::testing::ElementsAre(std::string(expected)));
  };
  const std::string delta = pb_varint(2, 1), cumulative = pb_varint(2, 2), monotonic = pb_varint(3, 1);
  check(delta + monotonic + pb(1, whole(7) + at()), "1", "m counter delta '1' 7");
  check(pb(1, whole(7) + at()) + cumulative + monotonic, "", "m counter cumulative '' 7");  // nature after the points
  check(delta + monotonic + pb(1, whole(7) + at()), "By", "m sum delta 'By' 7");
  check(delta + monotonic + pb(1, pb_real(4, 0.5) + at()), "1", "m sum delta '1' 0.5");
  check(delta + pb(1, whole(-7) + at()), "1", "m last_value delta '1' -7");
  check(cumulative + pb(1, whole(-7) + at()), "1", "m last_value cumulative '1' -7");
}

TEST(OtlpMetrics, Tags) {
  const auto check = [](std::string_view attributes, std::string_view tags, std::string_view resource = "", std::string_view scope = "") {
    const Read got = read(pb_request(gauge(std::string(attributes) + whole(1) + at()), resource, scope));
    ASSERT_EQ(got.metrics.batch.series().size(), 1u);
    EXPECT_EQ(got.metrics.batch.series()[0].tags, tags);
  };
  check("", "");
  check(pb_attribute(7, "b", "2") + pb_attribute(7, "a", "1"), R"({"a":"1","b":"2"})");
  check(pb_attribute(7, "a", "1") + pb_attribute(7, "a", "2"), R"({"a":"2"})");
  check(pb(7, pb(1, "n") + pb(2, pb_varint(3, 5))) + pb(7, pb(1, "x") + pb(2, pb_real(4, 0.5))) + pb(7, pb(1, "t") + pb(2, pb_varint(2, 1))),
        R"({"n":"5","t":"true","x":"0.5"})");
  check(pb(7, pb(1, "m") + pb(2, pb(6, pb_attribute(1, "in", "v")))), R"({"m.in":"v"})");
  check(pb(7, pb(1, "l") + pb(2, pb(5, pb(1, pb(1, "v"))))), R"({"l":"[\"v\"]"})");
  check("", R"({"cloud.region":"eu","k8s.pod.name":"p","service.instance.id":"i","service.name":"s"})",
        pb_attribute(1, "service.name", "s") + pb_attribute(1, "service.instance.id", "i") + pb_attribute(1, "host.name", "h") +
            pb_attribute(1, "cloud.region", "eu") + pb_attribute(1, "k8s.pod.name", "p") + pb_attribute(1, "telemetry.sdk.name", "x"));
  check("", R"({"host.name":"h"})", pb_attribute(1, "host.name", "h"));
  check(pb_attribute(7, "service.name", "own"), R"({"otel.scope.name":"sc","service.name":"own"})", pb_attribute(1, "service.name", "s"), pb(1, "sc"));
}

TEST(OtlpMetrics, EqualAttributesAreOneSeriesAndDifferentOnesAreNot) {
  std::string points;
  for (int i = 0; i < 6; ++i) points += pb(1, pb_attribute(7, "k", i % 2 ? "a" : "b") + whole(i) + at(std::uint64_t(i)));
  const Read got = read(pb_request(metric("m", 5, points)));
  EXPECT_EQ(got.metrics.batch.points.size(), 6u);
  EXPECT_EQ(got.metrics.batch.series().size(), 2u);
  // The same attributes under two names, units, scopes and resources are four more.
  const std::string one = pb(1, pb_attribute(7, "k", "a") + whole(1) + at());
  const Read four = read(pb_request(metric("m", 5, one) + metric("n", 5, one) + metric("m", 5, one, "s")) + pb_request(metric("m", 5, one), "", pb(1, "scope")) +
                         pb_request(metric("m", 5, one), pb_attribute(1, "service.name", "s")));
  EXPECT_EQ(four.metrics.batch.series().size(), 5u);
}

TEST(OtlpMetrics, RefusesOnePointAndTakesTheOthers) {
  const auto check = [](std::string_view bad, std::string_view why) {
    const Read got = read(pb_request(gauge(whole(1) + at()) + std::string(bad) + gauge(whole(2) + at())));
    ASSERT_TRUE(got.status.has_value());
    EXPECT_EQ(got.metrics.batch.points.size(), 2u);
    EXPECT_EQ(got.metrics.rejected, 1u);
    EXPECT_EQ(got.metrics.offered, 3u);
    EXPECT_THAT(got.metrics.first_rejection, HasSubstr(why));
  };
  check(gauge(whole(1)), "time_unix_nano");
  check(gauge(whole(1) + at(3600)), "time_unix_nano");
  check(gauge(whole(1) + pb_fixed(3, t0 - 401 * 86400 * second)), "time_unix_nano");
  check(gauge(whole(1) + pb_fixed(3, ~std::uint64_t(0))), "time_unix_nano");
  check(gauge(at()), "as_int");
  check(gauge(at() + pb_real(4, std::nan(""))), "finite");
  check(gauge(at() + pb_real(4, HUGE_VAL)), "finite");
  check(metric("", 5, pb(1, whole(1) + at())), "name");
  check(metric("m", 7, pb(1, whole(1) + at()) + pb_varint(3, 1)), "temporality");
  check(metric("m", 7, pb_varint(2, 1) + pb_varint(3, 1) + pb(1, whole(-1) + at())), "negative");
  check(gauge("\x0A\x7F"), "protobuf");
  const auto histogram = [](std::string_view point) { return metric("h", 9, pb_varint(2, 1) + pb(1, std::string(point) + at())); };
  const std::string counts = pb(6, packed_fixed({1, 2})), count3 = pb_fixed(4, 3), sum = pb_real(5, 1);
  check(histogram(count3 + sum + counts), "one more");
  check(histogram(pb_fixed(4, 4) + sum + counts + pb(7, packed_real({1}))), "add up");
  check(histogram(count3 + counts + pb(7, packed_real({1}))), "sum");
  check(histogram(pb_fixed(4, std::uint64_t(1) << 63) + sum), "2^63");
  check(histogram(count3 + pb_real(5, std::nan("")) + counts + pb(7, packed_real({1}))), "finite");
  check(histogram(count3 + sum + pb(6, packed_fixed({1, 1, 1})) + pb(7, packed_real({2, 1}))), "rise");
  check(histogram(pb_fixed(4, 1) + sum + pb(6, packed_fixed({2, ~std::uint64_t(0)})) + pb(7, packed_real({1}))), "add up");
  check(metric("h", 9, pb(1, count3 + sum + at())), "temporality");
  const auto exponential = [](std::string_view point) { return metric("e", 10, pb_varint(2, 1) + pb(1, std::string(point) + at())); };
  check(exponential(pb_fixed(4, 1) + sum + pb_varint(6, zigzag(0)) + pb(8, pb_varint(1, zigzag(1024)) + pb(2, "\x01"))), "range of a double");
  check(exponential(pb_fixed(4, 1) + sum + pb_varint(6, zigzag(-200)) + pb(8, pb(2, "\x01"))), "scale");
  check(exponential(pb_fixed(4, 5) + sum + pb(8, pb(2, "\x01"))), "add up");
}

TEST(OtlpMetrics, StalenessMarkersHoldNoValueAndAreNoFault) {
  const Read got = read(pb_request(gauge(pb_varint(8, 1) + at())));
  EXPECT_TRUE(got.metrics.batch.points.empty());
  EXPECT_EQ(got.metrics.rejected, 0u);
}

// The rival: every value by itself, in the bucket it came from.
TEST(OtlpMetrics, QuantilesOfHistogramsAreWithinTheirBuckets) {
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(std::exp(double(i % 997) / 200.0) - 0.9);  // 0.1 .. 145
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  const std::vector<double> bounds{0.5, 1, 2, 5, 10, 20, 50, 100};
  std::vector<std::uint64_t> counts(bounds.size() + 1);
  for (const double v : values) ++counts[std::size_t(std::lower_bound(bounds.begin(), bounds.end(), v) - bounds.begin())];
  const std::string extremes = pb_real(11, values.front()) + pb_real(12, values.back());
  const std::string point = pb_fixed(4, values.size()) + pb_real(5, sum) + pb(6, packed_fixed(counts)) + pb(7, packed_real(bounds)) + extremes + at();
  for (const std::uint64_t temporality : {1u, 2u}) {
    const Read got = read(pb_request(metric("h", 9, pb_varint(2, temporality) + pb(1, point))));
    ASSERT_EQ(got.metrics.batch.distributions.size(), 1u);
    const MetricDistribution& d = got.metrics.batch.distributions[0];
    EXPECT_EQ(d.count, values.size());
    EXPECT_EQ(d.sum, sum);
    EXPECT_EQ(d.min.has_value(), temporality == 1);
    const RealSketch sketch = got.sketch();
    EXPECT_EQ(sketch.count(), values.size());
    for (const double q : {0.01, 0.1, 0.5, 0.9, 0.99}) {
      const double exact = values[std::size_t(q * double(values.size() - 1))];
      const auto above = std::lower_bound(bounds.begin(), bounds.end(), exact);
      const double upper = above == bounds.end() ? values.back() : *above, lower = above == bounds.begin() ? 0 : *(above - 1);
      EXPECT_GE(*sketch.quantile(q), lower * 0.995) << q;
      EXPECT_LE(*sketch.quantile(q), upper * 1.005) << q;
    }
  }
}

TEST(OtlpMetrics, FineExponentialHistogramsKeepTheSketchsAccuracy) {
  constexpr int scale = 8;  // buckets of 0.27 %
  std::vector<double> values;
  std::map<int, std::uint64_t> buckets;
  double sum = 0;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(0.05 + double(i * 7919 % 5000) / 1000.0);
    ++buckets[int(std::ceil(std::log2(values.back()) * (1 << scale))) - 1];
    sum += values.back();
  }
  std::sort(values.begin(), values.end());
  std::string counts;
  for (int i = buckets.begin()->first; i <= buckets.rbegin()->first; ++i) append_varint(counts, buckets[i]);
  const std::string point = pb_fixed(4, values.size()) + pb_real(5, sum) + pb_varint(6, zigzag(scale)) +
                            pb(8, pb_varint(1, zigzag(buckets.begin()->first)) + pb(2, counts)) + at();
  for (const std::uint64_t temporality : {1u, 2u}) {
    const Read got = read(pb_request(metric("e", 10, pb_varint(2, temporality) + pb(1, point))));
    ASSERT_EQ(got.metrics.batch.distributions.size(), 1u) << got.metrics.first_rejection;
    const RealSketch sketch = got.sketch();
    for (const double q : {0.01, 0.25, 0.5, 0.75, 0.99}) {
      const double exact = values[std::size_t(q * double(values.size() - 1))];
      EXPECT_NEAR(*sketch.quantile(q), exact, exact * 0.01) << q;
    }
  }
}

TEST(OtlpMetrics, NegativeExponentialBucketsMirror) {
  const std::string point = pb_fixed(4, 3) + pb_real(5, -4.0) + pb_varint(6, zigzag(0)) + pb(9, pb_varint(1, zigzag(0)) + pb(2, "\x03")) + at();
  const Read got = read(pb_request(metric("e", 10, pb_varint(2, 1) + pb(1, point))));
  ASSERT_EQ(got.metrics.batch.distributions.size(), 1u) << got.metrics.first_rejection;
  EXPECT_NEAR(*got.sketch().quantile(0.5), -std::sqrt(2.0), 0.01);
  EXPECT_LT(*got.sketch().quantile(0), -1.5);
}

TEST(OtlpMetrics, DifferenceOfTwoCumulativesIsASketch) {
  const auto point = [](std::vector<std::uint64_t> counts) {
    std::uint64_t total = 0;
    for (const std::uint64_t c : counts) total += c;
    return read(pb_request(metric("h", 9, pb_varint(2, 2) + pb(1, pb_fixed(4, total) + pb_real(5, 1) + pb(6, packed_fixed(counts)) + pb(7, packed_real({1, 2})) + at()))));
  };
  RealSketch later = point({5, 7, 9}).sketch();
  EXPECT_TRUE(later.subtract(point({1, 7, 2}).sketch()));
  EXPECT_EQ(later, point({4, 0, 7}).sketch());
}

TEST(OtlpMetrics, JsonOfTheDocument) {
  auto transcoded = OtlpJson().transcode(
      OtlpSignal::metrics,
      R"({"resourceMetrics":[{"resource":{"attributes":[]},"scopeMetrics":[{"scope":{"name":"m"},"metrics":[
 {"name":"lk.agents.turn.e2e_latency","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[
  {"startTimeUnixNano":"1790000000000000000","timeUnixNano":"1790000030000000000","count":"3","sum":2.75,
   "bucketCounts":["0","1","2","0"],"explicitBounds":[0.5,0.75,1.5],"min":0.6,"max":1.2}]}},
 {"name":"s","sum":{"dataPoints":[{"asInt":"-3","timeUnixNano":1790000030000000000,"attributes":[{"key":"k","value":{"stringValue":"v"}}]}],
  "aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","isMonotonic":false}},
 {"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"1790000030000000000","count":3,"sum":6,"scale":0,
  "zeroCount":"0","positive":{"offset":-1,"bucketCounts":["1",1,"1"]},"negative":{}}]}},
 {"name":"q","summary":{"dataPoints":[{"timeUnixNano":"1790000030000000000","count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1.5}]}]}}]}]}]})");
  ASSERT_TRUE(transcoded.has_value()) << transcoded.error().message;
  EXPECT_EQ(transcoded->rejected, 0u);
  EXPECT_THAT(read(transcoded->protobuf).lines(),
              ::testing::ElementsAre(R"(lk.agents.turn.e2e_latency{"otel.scope.name":"m"} distribution delta 's' 2.75 count 3 sum 2.75 min 0.6 max 1.2)",
                                     R"(s{"k":"v","otel.scope.name":"m"} last_value delta '' -3)",
                                     R"(e{"otel.scope.name":"m"} distribution delta '' 6 count 3 sum 6 min - max -)",
                                     R"(q{"otel.scope.name":"m","quantile":"0.5"} last_value cumulative '' 1.5)",
                                     R"(q_count{"otel.scope.name":"m"} counter cumulative '' 2)", R"(q_sum{"otel.scope.name":"m"} sum cumulative '' 3)"));
}

TEST(OtlpMetrics, MasksSeeEveryTagAndNameOnce) {
  int tags = 0;
  OtlpMetricsDecoder decoder({.tags = [&](std::string& text) { ++tags, text = R"({"k":"***"})"; }, .name = [](std::string& name) { name += "!"; }});
  OtlpMetrics out;
  const std::string body = pb_request(gauge(pb_attribute(7, "k", "secret") + whole(1) + at()));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(decoder.decode(body, received, out).has_value());
  EXPECT_EQ(tags, 1);  // remembered from request to request
  EXPECT_EQ(out.batch.series()[0].tags, R"({"k":"***"})");
  EXPECT_EQ(out.batch.series()[0].name, "g!");
}

TEST(OtlpMetrics, Ceilings) {
  std::string points;
  for (std::size_t i = 0; i <= limits::otlp_broken_items; ++i) points += pb(1, "\x0B");
  EXPECT_EQ(read(pb_request(metric("m", 5, points))).status.error().code, Code::invalid);
  points.clear();
  for (std::size_t i = 0; i <= limits::otlp_items; ++i) points += pb(1, "");
  EXPECT_EQ(read(pb_request(metric("m", 5, points))).status.error().code, Code::too_large);
  std::string many;
  for (std::size_t i = 0; i <= limits::otlp_attributes; ++i) many += pb_attribute(7, "k", "v");
  const Read got = read(pb_request(gauge(many + whole(1) + at()) + gauge(whole(1) + at())));
  EXPECT_EQ(got.metrics.rejected, 1u);
  EXPECT_EQ(got.metrics.batch.points.size(), 1u);
}

// A resource's tags are in each of its series: a small body could become a large batch.
TEST(OtlpMetrics, TagsOfAllSeriesHaveABound) {
  std::string resource, points;
  for (int i = 0; i < 20; ++i) resource += pb_attribute(1, "k8s.label." + std::to_string(i), std::string(limits::tag_value_bytes, 'x'));
  for (int i = 0; i < 10'000; ++i) points += pb(1, pb_attribute(7, "i", std::to_string(i)) + whole(1) + at());
  const Read got = read(pb_request(metric("m", 5, points), resource));
  ASSERT_FALSE(got.status.has_value());  // a thousand points were refused one by one, then all
  EXPECT_THAT(got.status.error().message, HasSubstr("otlp_broken_items"));
  const Read fewer = read(pb_request(metric("m", 5, points.substr(0, points.find(pb_attribute(7, "i", "5000")) - 2)), resource));
  EXPECT_TRUE(fewer.status.has_value());
  EXPECT_EQ(fewer.metrics.rejected, 0u);
}

TEST(OtlpMetrics, EveryTruncationAndBitFlipEndsInAnAnswer) {
  OtlpMetricsDecoder decoder;
  OtlpMetrics out;
  for (std::size_t i = 0; i < otlp_metrics_vector.size(); ++i) {
    (void)decoder.decode(otlp_metrics_vector.substr(0, i), received, out);
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = otlp_metrics_vector;
      changed[i] = char(changed[i] ^ (1 << bit));
      (void)decoder.decode(changed, received, out);
      for (const MetricPoint& point : out.batch.points) ASSERT_TRUE(std::isfinite(point.value));
    }
  }
}

}  // namespace
}  // namespace aybiza
