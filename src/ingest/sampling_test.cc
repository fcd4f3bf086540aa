// Rules, and what sampling leaves of batches: whose sums stay right, and which points stay however often they come.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "codec/event_json.h"
#include "codec/identity.h"
#include "ingest/metric_sampler.h"

namespace aybiza {
namespace {

const Instant now = from_micros(1'795'000'000'000'000);

class Sampling : public testing::Test {
 protected:
  Sampling() {
    std::filesystem::create_directories(directory_);
    rules_ = std::move(*SamplingRules::open(directory_));
  }
  ~Sampling() override { std::filesystem::remove_all(directory_); }

  void rule(SamplingRule::What what, const char* pattern, double keep, const char* customer = "*") {
    const auto done = rules_->set({.id = {}, .customer = customer, .what = what, .pattern = pattern, .keep = keep}, now);
    ASSERT_TRUE(done) << done.error().message;
  }

  // 20 000 points of one series; what stays of them.
  MetricBatch points(MetricKind kind, Temporality temporality = Temporality::delta, std::uint64_t salt = 0) {
    MetricBatch batch;
    const auto series = batch.add_series({.kind = kind, .temporality = temporality, .name = "voice.step", .unit = {}, .tags = R"({"host":"a"})"});
    for (int i = 0; i < 20'000; ++i) batch.points.push_back({.time = now + Duration(i), .value = double((i * 7919) % 101) + double(salt), .series = series});
    return batch;
  }

  const std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("aybiza-sampling-" + to_string(random_id()));
  std::unique_ptr<SamplingRules> rules_;
};

using enum SamplingRule::What;

TEST_F(Sampling, TheSmallestShareThatMatchesCounts) {
  rule(metric, "voice.*", 0.5);
  rule(metric, "voice.step", 0.25);
  rule(tag, "host=a", 0.75);
  rule(tag, "host=b", 0.1, "acme");
  const auto table = rules_->look(now);
  const auto check = [&](const char* customer, const char* name, const char* tags, double keep) { EXPECT_EQ(table->keep(customer, name, tags), keep) << name << tags; };
  check("acme", "voice.step", "", 0.25);
  check("acme", "voice.stepping", "", 0.5);
  check("acme", "voice", "", 1);
  check("acme", "other", R"({"host":"a"})", 0.75);
  check("acme", "other", R"({"ahost":"a","host":"ab"})", 1);
  check("acme", "other", R"({"host":"b","zone":"1"})", 0.1);
  check("zen", "other", R"({"host":"b","zone":"1"})", 1);
  check("zen", "other", R"({"say":"\"host\":\"a\""})", 1);
}

TEST_F(Sampling, RulesAreKeptReplacedAndRemoved) {
  rule(metric, "voice.step", 0.25);
  rule(metric, "voice.step", 0.5);
  rule(metric, "voice.step", 0.125, "acme");
  auto again = SamplingRules::open(directory_);
  ASSERT_TRUE(again);
  const auto list = (*again)->list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].keep, 0.5);
  EXPECT_EQ(list[1].customer, "acme");
  EXPECT_TRUE((*again)->remove(list[0].id));
  EXPECT_EQ((*again)->remove(list[0].id).error().code, Code::not_found);
  EXPECT_EQ((*again)->list().size(), 1u);
  for (const auto& [pattern, keep] : {std::pair("", 0.5), {"*", 0.5}, {"a\tb", 0.5}, {"a", 1.0}, {"a", 0.0}, {"a", -1.0}, {"a", std::nan("")}})
    EXPECT_EQ(rules_->set({.id = {}, .pattern = pattern, .keep = keep}, now).error().code, Code::invalid) << pattern << keep;
  EXPECT_EQ(rules_->set({.id = {}, .what = tag, .pattern = "host", .keep = 0.5}, now).error().code, Code::invalid);
  std::ofstream(directory_ / "sampling") << "x\t*\tmetric\tvoice\t2\t2026-01-01T00:00:00Z\n";
  EXPECT_EQ(SamplingRules::open(directory_).error().code, Code::corrupt);
}

TEST_F(Sampling, SumsStayRightAndTheSamePointsStay) {
  const MetricSampler sampler(*rules_);
  MetricBatch untouched = points(MetricKind::summary);
  EXPECT_EQ(sampler.sample(untouched, "acme", now), 0u);
  EXPECT_EQ(untouched.points.size(), 20'000u);
  rule(metric, "voice.step", 0.1);
  // Over many batches nine of ten estimates lie within two standard errors of the truth, and their mean is the truth.
  int within = 0;
  double mean = 0;
  for (std::uint64_t salt = 0; salt < 60; ++salt) {
    const MetricBatch whole = points(MetricKind::summary, Temporality::delta, salt);
    MetricBatch batch = points(MetricKind::summary, Temporality::delta, salt), again = points(MetricKind::summary, Temporality::delta, salt);
    const std::uint64_t left_out = sampler.sample(batch, "acme", now);
    EXPECT_EQ(batch.points.size() + left_out, whole.points.size());
    EXPECT_EQ(batch.series()[0].sample_rate, 0.1);
    double truth = 0, estimate = 0, variance = 0;
    for (const MetricPoint& point : whole.points) truth += point.value;
    for (const MetricPoint& point : batch.points) estimate += point.value / 0.1, variance += point.value * point.value * 0.9 / 0.01;
    within += std::abs(estimate - truth) < 2 * std::sqrt(variance) ? 1 : 0;
    mean += estimate / truth / 60;
    sampler.sample(again, "acme", now);
    ASSERT_EQ(again.points.size(), batch.points.size());
    EXPECT_TRUE(std::ranges::equal(again.points, batch.points, {}, &MetricPoint::time, &MetricPoint::time));
  }
  EXPECT_GE(within, 52);
  EXPECT_LE(within, 60);
  EXPECT_NEAR(mean, 1, 0.01);
}

TEST_F(Sampling, WhatCannotBeWeighedIsKeptWhole) {
  rule(metric, "voice.step", 0.1);
  const MetricSampler sampler(*rules_);
  const auto kept = [&](MetricBatch batch) {
    sampler.sample(batch, "acme", now);
    return batch.points.size() == 20'000 && batch.series()[0].sample_rate == 1;
  };
  EXPECT_TRUE(kept(points(MetricKind::counter, Temporality::cumulative)));
  EXPECT_TRUE(kept(points(MetricKind::last_value, Temporality::cumulative)));
  EXPECT_TRUE(kept(points(MetricKind::last_value)));
  EXPECT_TRUE(kept(points(MetricKind::set)));
  EXPECT_FALSE(kept(points(MetricKind::counter)));
  MetricBatch histogram = points(MetricKind::distribution);
  histogram.points.resize(1);
  histogram.points[0].distribution = 0;
  histogram.distributions.push_back({.count = 4, .sum = 10, .min = {}, .max = {}, .sketch = {}});
  EXPECT_EQ(sampler.sample(histogram, "acme", now), 0u);
}

TEST_F(Sampling, EventsAreKeptByTheirIdsAndCarryTheirWeight) {
  rule(tag, "host=a", 0.25, "acme");
  const MetricSampler sampler(*rules_);
  std::string body;
  for (int i = 0; i < 4'000; ++i)
    body += fmt::format(R"({{"type":"{}","id":"e{}","time":"2026-11-18T11:06:40Z","data":{{"name":"n","kind":"counter","value":1,"tags":{{"host":"{}"}}{}}}}})"
                        "\n", "metric", i, i % 2 ? "a" : "b", i % 4 == 1 ? R"(,"sample_rate":0.5)" : "");
  const auto run = [&](EventBatch& batch) {
    JsonDecoder decoder;
    Identity identity;
    const Status done = decoder.decode(BodyFormat::ndjson, body, {.customer = "acme", .source = "s", .received = now}, batch);
    EXPECT_TRUE(done) << done.error().message;
    identity.assign(batch, "acme");
    return sampler.sample(batch, "acme", now);
  };
  EventBatch batch, again;
  const std::uint64_t left_out = run(batch);
  EXPECT_EQ(batch.events.size() + left_out, 4'000u);
  EXPECT_EQ(batch.index.size(), batch.events.size());
  std::size_t of_b = 0, halves = 0, whole = 0;
  for (const Event& event : batch.events) {
    const auto number = event.number(Field::sample_rate);
    const double rate = number ? to_wire(Field::sample_rate, *number) : 1;
    (event.text(Field::tags).find("\"b\"") != std::string_view::npos ? of_b : rate == 0.125 ? halves : whole) += 1;
    EXPECT_TRUE(std::ranges::is_sorted(event.values, {}, &Value::field));
    if (event.text(Field::tags).find("\"a\"") != std::string_view::npos) {
      EXPECT_TRUE(rate == 0.125 || rate == 0.25) << rate;
    }
  }
  EXPECT_EQ(of_b, 2'000u);
  EXPECT_NEAR(double(halves), 250, 60);  // of 1 000 each, a quarter
  EXPECT_NEAR(double(whole), 250, 60);
  EXPECT_EQ(run(again), left_out);
}

}  // namespace
}  // namespace aybiza
