#include "codec/statsd.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr Instant now = from_micros(1'790'000'100'000'000);

std::string show(const MetricBatch& batch) {
  std::string out;
  for (const MetricPoint& p : batch.points) {
    const MetricSeries& s = batch.series()[p.series];
    out += fmt::format("{}{} {} {}", out.empty() ? "" : "; ", to_string(s.kind), s.name,
                       s.kind == MetricKind::set ? std::string("member") : fmt::format("{}", p.value));
    if (s.kind == MetricKind::last_value && s.temporality == Temporality::delta) out += " signed";
    if (!s.unit.empty()) out += fmt::format(" unit={}", s.unit);
    if (s.sample_rate != 1) out += fmt::format(" rate={}", s.sample_rate);
    if (!s.tags.empty()) out += fmt::format(" {}", s.tags);
    if (p.time != now) out += fmt::format(" at={}", to_micros(p.time) / 1'000'000);
  }
  return out;
}

void check(std::string_view packet, std::string_view expected, StatsdOptions options = {}) {
  StatsdDecoder decoder(std::move(options));
  for (int round = 0; round < 2; ++round) {  // the second time the series are known
    MetricBatch batch;
    decoder.begin(batch);
    decoder.decode(packet, now);
    EXPECT_EQ(show(batch), expected) << packet;
  }
  const StatsdCounts& c = decoder.counts();
  std::uint64_t refused = 0;
  for (const auto n : c.refused) refused += n;
  EXPECT_EQ(c.lines, c.metrics + c.events + c.checks + refused) << packet;
}

void check_refused(std::string_view line, StatsdRefusal reason) {
  StatsdDecoder decoder;
  MetricBatch batch;
  decoder.begin(batch);
  decoder.decode(fmt::format("ok:1|c\n{}\nok:2|c", line), now);
  EXPECT_EQ(batch.points.size(), 2u) << line;
  EXPECT_EQ(decoder.counts().refused[std::size_t(reason)], 1u) << line;
}

TEST(Statsd, Kinds) {
  check("a:1|c", "counter a 1");
  check("a:-3|c", "counter a -3");
  check("a:1.5e3|c", "counter a 1500");
  check("a:+1|g", "last_value a 1 signed");
  check("a:-1|g", "last_value a -1 signed");
  check("a:7|g", "last_value a 7");
  check("a:-1|g", "last_value a -1", {.signed_gauges_are_deltas = false, .templates = {}});
  check("a:320|ms", "summary a 320 unit=ms");
  check("a:0.5|h", "summary a 0.5");
  check("a:12|d", "distribution a 12");
  check("users:u:1|s", "set users member");
}

TEST(Statsd, Parts) {
  check("a:1|c|@0.1", "counter a 1 rate=0.1");
  check("a:1|g|@0.1", "last_value a 1");
  check("a:1|c|#b:2,a:1:x,flag", R"(counter a 1 {"a":"1:x","b":"2","flag":"true"})");
  check("a:1|c|#a:1,a:2", R"(counter a 1 {"a":"2"})");
  check("a:1|c|e:it-false,pu-x|card:low|zz", "counter a 1");
  check("vapi.turn.latency:812:940:1033|d|@0.5|#agent:support-7,region:us-east-1|c:ci-0a1b|T1790000000",
        "distribution vapi.turn.latency 812 rate=0.5 {\"agent\":\"support-7\",\"container_id\":\"ci-0a1b\",\"region\":\"us-east-1\"} at=1790000000; "
        "distribution vapi.turn.latency 940 rate=0.5 {\"agent\":\"support-7\",\"container_id\":\"ci-0a1b\",\"region\":\"us-east-1\"} at=1790000000; "
        "distribution vapi.turn.latency 1033 rate=0.5 {\"agent\":\"support-7\",\"container_id\":\"ci-0a1b\",\"region\":\"us-east-1\"} at=1790000000");
  check("a:1|c|T1790000000|#x:y", R"(counter a 1 {"x":"y"} at=1790000000)");
  check("a:1|c|#", "counter a 1");
}

// What telemetry_metrics_statsd sends (ingest-formats.md 8.2).
TEST(Statsd, Elixir) {
  check("voice.call.count:1|c\nvoice.call.sum:+25|g\nvoice.call.sum:-3|g\nvm.memory:4000|g\nvoice.call.stop.duration:130|ms\n",
        "counter voice.call.count 1; last_value voice.call.sum 25 signed; last_value voice.call.sum -3 signed; "
        "last_value vm.memory 4000; summary voice.call.stop.duration 130 unit=ms");
  check("voice.call.count:1|c|@0.1|#tenant:acme", R"(counter voice.call.count 1 rate=0.1 {"tenant":"acme"})");
  const auto templated = [] {
    StatsdOptions options;
    options.templates.push_back(*StatsdTemplate::parse("voice.call.stop.duration.{tenant}.{region}"));
    return options;
  };
  check("voice.call.stop.duration.acme.us-east-1:130|ms", R"(summary voice.call.stop.duration 130 unit=ms {"region":"us-east-1","tenant":"acme"})", templated());
  check("voice.call.stop.duration.acme.nil:130|ms", R"(summary voice.call.stop.duration 130 unit=ms {"tenant":"acme"})", templated());
  check("voice.call.stop.duration.acme:130|ms", "summary voice.call.stop.duration.acme 130 unit=ms", templated());
  EXPECT_FALSE(StatsdTemplate::parse("a.{b"));
  EXPECT_FALSE(StatsdTemplate::parse("{a}.{b}"));
  EXPECT_FALSE(StatsdTemplate::parse(""));
}

TEST(Statsd, PacketsOfSeveralLines) {
  check("a:1|c\n\nb:2|g\r\n", "counter a 1; last_value b 2");
  check("", "");
  check("\n\n", "");
  check("_e{10,4}:Deploy v42|done|t:info|#service:agents\n_sc|db|0|m:fine\na:1|c", "counter a 1");
}

TEST(Statsd, RefusedLinesLeaveTheRest) {
  check_refused("nothing", StatsdRefusal::malformed);
  check_refused("a:1", StatsdRefusal::malformed);
  check_refused("a|b:1|c", StatsdRefusal::malformed);
  check_refused(":1|c", StatsdRefusal::name);
  check_refused("\x01:1|c", StatsdRefusal::name);
  for (const std::string_view value : {"", "x", "1x", "+-1", "nan", "inf", "1e999", "0x10", "1:", ":1", "1::2", "1:x:2"})
    check_refused(fmt::format("a:{}|c", value), StatsdRefusal::value);
  check_refused("a:1|x", StatsdRefusal::type);
  check_refused("a:1|", StatsdRefusal::type);
  check_refused("a:1|cc", StatsdRefusal::type);
  for (const std::string_view rate : {"", "0", "-1", "2", "x"}) check_refused(fmt::format("a:1|c|@{}", rate), StatsdRefusal::rate);
  for (const std::string_view time : {"", "x", "1", "1790009999", "99999999999999999999"})
    check_refused(fmt::format("a:1|c|T{}", time), StatsdRefusal::time);
  check_refused("_e{4,4}:ab|c", StatsdRefusal::event);
  check_refused("_e{a}:x", StatsdRefusal::event);
  check_refused("_sc|x|9", StatsdRefusal::check);
  check_refused("_sc|", StatsdRefusal::check);
}

// A line whose second value is broken adds nothing, although its first one was already read.
TEST(Statsd, LineCountsWholeOrNotAtAll) {
  StatsdDecoder decoder;
  MetricBatch batch;
  decoder.begin(batch);
  decoder.decode("a:1:2:x|d", now);
  EXPECT_TRUE(batch.points.empty());
  EXPECT_EQ(decoder.counts().points, 0u);
}

TEST(Statsd, SeriesCacheIsBounded) {
  StatsdDecoder decoder;
  for (std::size_t i = 0; i < limits::statsd_series_cached + 10; i += 1000) {
    MetricBatch batch;
    decoder.begin(batch);
    for (std::size_t k = i; k < i + 1000; ++k) decoder.decode(fmt::format("m{}:1|c", k), now);
    ASSERT_EQ(batch.series().size(), 1000u);
  }
}

}  // namespace
}  // namespace aybiza
