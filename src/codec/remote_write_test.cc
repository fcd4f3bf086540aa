#include "codec/remote_write.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>

#include "base/limits.h"
#include "sketch/real_sketch.h"

namespace aybiza {
namespace {

constexpr Instant now = from_micros(1'790'000'005'000'000);

std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += char(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

// A writer of its own: what is read here was not written by the library that reads it.
std::string varint(std::uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += char(v | 0x80);
  return out + char(v);
}
std::string field(int number, std::string_view bytes) { return varint(std::uint64_t(number) << 3 | 2) + varint(bytes.size()) + std::string(bytes); }
std::string number(int of, std::uint64_t v) { return varint(std::uint64_t(of) << 3) + varint(v); }
std::string real(int of, double v) {
  const auto bits = std::bit_cast<std::uint64_t>(v);
  return varint(std::uint64_t(of) << 3 | 1) + std::string(reinterpret_cast<const char*>(&bits), 8);
}
std::string label(std::string_view name, std::string_view value) { return field(1, field(1, name) + field(2, value)); }
std::string sample(double value, std::int64_t ms) { return field(2, real(1, value) + number(2, std::uint64_t(ms))); }
constexpr std::int64_t t = 1'790'000'000'000;

struct Decoded {
  Result<RemoteWriteCounts> counts;
  std::string text;
  std::vector<MetricDistribution> distributions;
  std::vector<std::string> sketches;
};
Decoded decode(RemoteWriteVersion version, std::string_view message, MetricFamilies* families = nullptr, bool packed = false) {
  MetricFamilies own;
  RemoteWriteDecoder decoder(families ? *families : own);
  Decoded out;
  out.counts = decoder.decode(version, packed ? std::string(message) : snappy_pack(message), "acme", now, [&](MetricBatch& batch) {
    for (const MetricPoint& p : batch.points) {
      const MetricSeries& s = batch.series()[p.series];
      out.text += fmt::format("{}{}{} {}{} {} @{}", out.text.empty() ? "" : "; ", to_string(s.kind),
                              s.temporality == Temporality::cumulative && s.kind != MetricKind::last_value ? "*" : "", s.name, s.tags, p.value,
                              to_micros(p.time) / 1000 - t);
      if (p.start != MetricPoint::unknown_start) out.text += fmt::format(" from {}", to_micros(p.start) / 1000 - t);
      if (!s.unit.empty()) out.text += fmt::format(" unit={}", s.unit);
      if (p.distribution != MetricPoint::plain) {
        out.distributions.push_back(batch.distributions[p.distribution]);
        out.sketches.emplace_back(out.distributions.back().sketch);
      }
    }
  });
  return out;
}
void check(RemoteWriteVersion version, std::string_view message, std::string_view expected) {
  const auto got = decode(version, message);
  ASSERT_TRUE(got.counts) << got.counts.error().message;
  EXPECT_EQ(got.text, expected);
}
void check_refused(std::string_view packed, Code code) {
  const auto got = decode(RemoteWriteVersion::v1, packed, nullptr, true);
  ASSERT_FALSE(got.counts);
  EXPECT_EQ(got.counts.error().code, code);
}

// The vectors of ingest-formats.md 9.2.
TEST(RemoteWrite, Vectors) {
  constexpr std::string_view v1_packed =
      "74f05b0a540a1d0a085f5f6e616d655f5f1211766f6963655f63616c6c735f746f74616c0a120a08696e7374616e63651206613a393536380a0d0a036a6f6212066167"
      "656e747312100900000000000045401080d8c1a28c341a1c08011211424c0018220563616c6c73";
  constexpr std::string_view v2_packed =
      "5ab8220022085f5f6e616d655f5f2211766f6963655f63616c6c735f746f74616c22036a6f6222066167656e7473220563011a2c2a250a04010203041217090005015445"
      "401080d8c1a28c3418c0d384a28c342a0408011805";
  auto got = decode(RemoteWriteVersion::v1, unhex(v1_packed), nullptr, true);
  ASSERT_TRUE(got.counts) << got.counts.error().message;
  EXPECT_EQ(got.text, R"(counter* voice_calls_total{"instance":"a:9568","job":"agents"} 42 @0)");
  got = decode(RemoteWriteVersion::v2, unhex(v2_packed), nullptr, true);
  ASSERT_TRUE(got.counts) << got.counts.error().message;
  EXPECT_EQ(got.text, R"(counter* voice_calls_total{"job":"agents"} 42 @0 from -1000000)");
  EXPECT_EQ(got.counts->samples, 1u);
}

TEST(RemoteWrite, TypesComeFromMetadataOrTheName) {
  const auto one = [](std::string_view name) { return field(1, label("__name__", name) + sample(1, t)); };
  using enum RemoteWriteVersion;
  check(v1, one("up"), "last_value up 1 @0");
  check(v1, one("x_total"), "counter* x_total 1 @0");
  check(v1, one("x_bucket"), "counter* x_bucket 1 @0");
  check(v1, one("requests") + field(3, number(1, 1) + field(2, "requests") + field(5, "calls")), "counter* requests 1 @0 unit=calls");
  check(v1, one("odd_total") + field(3, number(1, 2) + field(2, "odd_total")), "last_value odd_total 1 @0");
  check(v1, one("h_sum") + field(3, number(1, 3) + field(2, "h")), "counter* h_sum 1 @0");
  MetricFamilies families;  // of an earlier request
  ASSERT_TRUE(decode(v1, field(3, number(1, 1) + field(2, "requests")), &families).counts);
  EXPECT_EQ(decode(v1, one("requests"), &families).text, "counter* requests 1 @0");
}

TEST(RemoteWrite, SamplesThatAreNone) {
  const auto got = decode(RemoteWriteVersion::v1, field(1, label("__name__", "g") + sample(std::bit_cast<double>(0x7ff0000000000002u), t) +
                                                               sample(std::nan(""), t) + sample(INFINITY, t) + sample(3, t) + sample(1, 5)));
  ASSERT_TRUE(got.counts);
  EXPECT_EQ(got.text, "last_value g 3 @0");
  EXPECT_EQ(got.counts->samples, 3u);
  EXPECT_EQ(got.counts->stale, 2u);
  EXPECT_EQ(got.counts->rejected, 2u);
  EXPECT_EQ(decode(RemoteWriteVersion::v1, field(1, label("x", "y") + sample(3, t))).counts->rejected, 1u);
}

TEST(RemoteWrite, NativeHistograms) {
  // Schema 0: bucket i is (2^(i-1), 2^i]. Counts 1, 3 at 1 and 2, then one gap, 2 at 4; two zeros.
  const auto zigzag = [](std::int64_t v) { return (std::uint64_t(v) << 1) ^ std::uint64_t(v >> 63); };
  const std::string h = number(1, 8) + real(3, 40) + number(4, zigzag(0)) + number(6, 2) + field(11, number(1, zigzag(1)) + number(2, 2)) +
                        field(11, number(1, zigzag(1)) + number(2, 1)) + field(12, varint(zigzag(1)) + varint(zigzag(2)) + varint(zigzag(-1))) +
                        number(15, std::uint64_t(t));
  const auto got = decode(RemoteWriteVersion::v1, field(1, label("__name__", "lat") + field(4, h)));
  ASSERT_TRUE(got.counts) << got.counts.error().message;
  EXPECT_EQ(got.counts->first_rejection, "");
  EXPECT_EQ(got.text, "distribution* lat 40 @0");
  ASSERT_EQ(got.distributions.size(), 1u);
  EXPECT_EQ(got.distributions[0].count, 8u);
  const auto sketch = RealSketch::deserialise(got.sketches[0]);
  ASSERT_TRUE(sketch);
  EXPECT_EQ(sketch->count(), 8u);
  EXPECT_EQ(*sketch->quantile(0), 0);
  EXPECT_NEAR(*sketch->quantile(1), std::exp2(3.5), 0.1);
  EXPECT_NEAR(*sketch->quantile(0.5), std::exp2(1.5), 0.02);
  // A span that counts more buckets than there are.
  const std::string broken = number(1, 1) + field(11, number(2, 9)) + field(12, varint(zigzag(1))) + number(15, std::uint64_t(t));
  EXPECT_EQ(decode(RemoteWriteVersion::v1, field(1, label("__name__", "lat") + field(4, broken))).counts->rejected, 1u);
}

TEST(RemoteWrite, ForeignBodies) {
  check_refused("", Code::invalid);
  check_refused("plainly not snappy", Code::invalid);
  check_refused("\xff\xff\xff\xff\x0f", Code::too_large);
  check_refused(varint(60'000'000), Code::invalid);  // a length that so few bytes cannot unpack to
  check_refused(snappy_pack("\x0a\x7f"), Code::invalid);
  check_refused(snappy_pack(field(1, std::string(4000, '\x0a') )), Code::invalid);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += label("", "");
  check_refused(snappy_pack(field(1, many)), Code::invalid);
  EXPECT_FALSE(decode(RemoteWriteVersion::v2, field(5, field(1, varint(7) + varint(8)) + sample(1, t))).counts);  // symbols that are not there
}

}  // namespace
}  // namespace aybiza
