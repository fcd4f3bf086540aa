#include "codec/metric_binary.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "codec/event_binary.h"

namespace aybiza {
namespace {

bool same(const MetricBatch& a, const MetricBatch& b) {
  if (a.series() != b.series() || a.points.size() != b.points.size()) return false;
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    const MetricPoint &x = a.points[i], &y = b.points[i];
    if (x.time != y.time || x.start != y.start || std::bit_cast<std::uint64_t>(x.value) != std::bit_cast<std::uint64_t>(y.value) ||
        x.series != y.series || (x.distribution == MetricPoint::plain) != (y.distribution == MetricPoint::plain))
      return false;
    if (x.distribution == MetricPoint::plain) continue;
    const MetricDistribution &p = a.distributions[x.distribution], &q = b.distributions[y.distribution];
    if (p.count != q.count || p.sum != q.sum || p.min != q.min || p.max != q.max || p.sketch != q.sketch) return false;
  }
  return true;
}

void check(const MetricBatch& batch) {
  std::string bytes;
  append_metric_batch(bytes, batch);
  MetricBatch back;
  const auto done = decode_metric_batch(bytes, back);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(same(batch, back));
  MetricBatch other;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode_metric_batch(std::string_view(bytes).substr(0, cut), other)) << cut;
  EXPECT_FALSE(decode_metric_batch(bytes + 'x', other));
}

TEST(MetricBinary, RoundTrip) {
  MetricBatch batch;
  check(batch);
  const auto a = batch.add_series({.kind = MetricKind::counter, .name = "a"});
  const auto b = batch.add_series({.kind = MetricKind::distribution, .name = "b", .unit = "ms", .tags = R"({"x":"y"})", .sample_rate = 0.25});
  const auto c = batch.add_series({.kind = MetricKind::sum, .temporality = Temporality::cumulative, .name = "c"});
  const Instant t = from_micros(1'790'000'000'000'000);
  batch.points.push_back({.time = t, .value = 1, .series = a});
  batch.points.push_back({.time = t - Duration(5), .value = -0.0, .series = b});
  check(batch);
  batch.points.push_back({.time = t, .start = t, .value = 5e300, .series = c});
  batch.points.push_back({.time = t + Duration(7), .start = t - Duration(70'000'000), .value = 0.1, .series = c});
  check(batch);
  batch.distributions.push_back({.count = 3, .sum = 6.5, .min = 1, .max = {}, .sketch = "bytes"});
  batch.distributions.push_back({.count = 0, .sum = 0, .min = {}, .max = {}, .sketch = {}});
  batch.points.push_back({.time = t, .value = 6.5, .series = b, .distribution = 0});
  batch.points.push_back({.time = t, .value = 0, .series = b, .distribution = 1});
  check(batch);
}

TEST(MetricBinary, TextsAreToldOnce) {
  MetricBatch batch;
  const std::string_view tags = batch.keep(R"({"agent":"a text of some length","region":"another one"})"), name = batch.keep("voice.latency");
  for (int i = 0; i < 100; ++i)
    batch.points.push_back({.time = from_micros(i), .value = 1, .series = batch.adopt_series({.kind = MetricKind(i % 3), .name = name, .tags = tags})});
  check(batch);
  std::string bytes;
  append_metric_batch(bytes, batch);
  EXPECT_LT(bytes.size(), 100 * (4 + 12) + name.size() + tags.size() + 12);
}

// What a program of format 1 wrote: each series with its texts.
TEST(MetricBinary, TheFormatBeforeIsRead) {
  using namespace std::string_view_literals;
  const std::string bytes("\x01\x00\x01\x00\x01" "a" "\x02ms" "\x00" "\x01\x00\x0A\x00\x00\x00\x00\x00\x00\xF0\x3F"sv);
  MetricBatch back;
  const auto done = decode_metric_batch(bytes, back);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(back.series().size(), 1u);
  EXPECT_EQ(back.series()[0], (MetricSeries{.kind = MetricKind::counter, .name = "a", .unit = "ms"}));
  EXPECT_EQ(back.points[0].value, 1);
  EXPECT_EQ(back.points[0].time, from_micros(5));
}

TEST(MetricBinary, AsAnEvent) {
  MetricBatch batch;
  batch.points.push_back({.time = from_micros(5), .value = 2, .series = batch.add_series({.name = "n"})});
  std::string bytes;
  append_metric_event(bytes, {.scope = "acme", .customer = "acme", .source = "statsd", .time = from_micros(9)}, batch);
  std::vector<Value> values;
  const auto event = decode_event(bytes, values);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->event.type, EventType::metric_points);
  EXPECT_EQ(event->event.customer, "acme");
  EXPECT_TRUE(event->event.id.empty());
  MetricBatch back;
  ASSERT_TRUE(decode_metric_batch(event->event.text(Field::points), back));
  EXPECT_TRUE(same(batch, back));
  EXPECT_EQ(parse_event_type("metric.points"), EventType::other);  // nobody sends one
}

TEST(MetricBinary, ForeignBytesAreRefusedOrKeepThePromises) {
  MetricBatch batch;
  for (int i = 0; i < 3; ++i)
    batch.points.push_back({.time = from_micros(1'790'000'000'000'000 + i), .start = from_micros(i), .value = double(i),
                            .series = batch.add_series({.kind = MetricKind::set, .name = "n", .tags = i == 1 ? "{}" : "", .sample_rate = 0.5})});
  batch.distributions.push_back({.count = 1, .sum = 1, .min = 1, .max = 1, .sketch = "s"});
  batch.points.push_back({.time = {}, .value = 1, .series = 0, .distribution = 0});
  std::string bytes;
  append_metric_batch(bytes, batch);
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = bytes;
    broken[random() % broken.size()] = char(random());
    MetricBatch back;
    if (!decode_metric_batch(broken, back)) continue;
    for (const MetricPoint& p : back.points) {
      ASSERT_LT(p.series, back.series().size());
      ASSERT_TRUE(p.distribution == MetricPoint::plain || p.distribution < back.distributions.size());
      ASSERT_TRUE(p.start == MetricPoint::unknown_start || p.start <= p.time);
    }
  }
}

}  // namespace
}  // namespace aybiza
