#include "net/content_coding.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

namespace aybiza::net {
namespace {

std::string zstd_pack(std::string_view bytes, bool with_size = true, int window_log = 0) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, with_size ? 1 : 0);
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string noise(std::size_t bytes) {  // does not compress
  std::mt19937_64 random(7);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

// 40 % noise, 60 % zeros: packs to a bit less than half.
std::string half_noise(std::size_t bytes) {
  std::string out = noise(bytes);
  for (std::size_t i = 0; i < bytes; i += 1000) out.replace(i, std::min<std::size_t>(600, bytes - i), std::min<std::size_t>(600, bytes - i), '\0');
  return out;
}

void check_round(Coding coding, std::string_view packed, std::string_view expected) {
  auto got = unpack(coding, packed);
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_TRUE(got->bytes == expected);
}

void check_error(Coding coding, std::string_view packed, Code expected, UnpackLimits limits = {}) {
  auto got = unpack(coding, packed, limits);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, expected) << got.error().message;
}

TEST(ContentCoding, RoundTrips) {
  for (std::size_t bytes : {0u, 1u, 1000u, 65536u, 65537u, 3'000'000u}) {
    const std::string text = half_noise(bytes);
    check_round(Coding::gzip, gzip_pack(text), text);
    check_round(Coding::zstd, zstd_pack(text), text);
    check_round(Coding::zstd, zstd_pack(text, false), text);
  }
}

TEST(ContentCoding, SeveralMembersAreOneBody) {
  check_round(Coding::gzip, gzip_pack("one") + gzip_pack("") + gzip_pack(std::string(100'000, 'x')), "one" + std::string(100'000, 'x'));
  check_round(Coding::zstd, zstd_pack("one") + zstd_pack(std::string(100'000, 'x'), false), "one" + std::string(100'000, 'x'));
}

TEST(ContentCoding, EveryCutIsCorrupt) {
  const std::string text = half_noise(3000);
  const std::string g = gzip_pack(text), z = zstd_pack(text), zn = zstd_pack(text, false);
  for (std::size_t n = 0; n < g.size(); ++n) check_error(Coding::gzip, std::string_view(g).substr(0, n), Code::corrupt);
  for (std::size_t n = 0; n < z.size(); ++n) check_error(Coding::zstd, std::string_view(z).substr(0, n), Code::corrupt);
  for (std::size_t n = 0; n < zn.size(); ++n) check_error(Coding::zstd, std::string_view(zn).substr(0, n), Code::corrupt);
  check_error(Coding::gzip, g + "tail", Code::corrupt);
  check_error(Coding::zstd, z + "tail", Code::corrupt);
  check_error(Coding::gzip, text, Code::corrupt);
  check_error(Coding::zstd, text, Code::corrupt);
}

TEST(ContentCoding, ABitFlipIsNeverMoreThanAnError) {
  const std::string g = gzip_pack(half_noise(2000)), z = zstd_pack(half_noise(2000));
  for (std::size_t i = 0; i < g.size(); ++i) {
    std::string bad = g;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    (void)unpack(Coding::gzip, bad);  // a flip in the header's file name or time may pass
  }
  for (std::size_t i = 0; i < z.size(); ++i) {
    std::string bad = z;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    (void)unpack(Coding::zstd, bad);
  }
}

TEST(ContentCoding, BombsStopAtTheCap) {
  const std::string bomb = std::string(65 * limits::MiB, 'a');
  check_error(Coding::gzip, gzip_pack(bomb, 1), Code::too_large);
  check_error(Coding::zstd, zstd_pack(bomb), Code::too_large);
  check_error(Coding::zstd, zstd_pack(bomb, false), Code::too_large);
  std::string liar = gzip_pack(bomb, 1);  // says that it is one byte
  liar.replace(liar.size() - 4, 4, std::string("\1\0\0\0", 4));
  check_error(Coding::gzip, liar, Code::too_large);
}

TEST(ContentCoding, CapIsExact) {
  const std::string text = noise(100'000);
  for (const auto& [coding, packed] : {std::pair{Coding::gzip, gzip_pack(text)}, {Coding::zstd, zstd_pack(text)}, {Coding::zstd, zstd_pack(text, false)}}) {
    EXPECT_TRUE(unpack(coding, packed, {.bytes_max = 100'000}).has_value());
    check_error(coding, packed, Code::too_large, {.bytes_max = 99'999});
  }
}

TEST(ContentCoding, RatioCountsAboveOneMebibyteOnly) {
  const std::string small = std::string(limits::MiB, 'a'), large = std::string(limits::MiB + 1, 'a');
  check_round(Coding::gzip, gzip_pack(small), small);
  check_round(Coding::zstd, zstd_pack(small), small);
  check_error(Coding::gzip, gzip_pack(large), Code::too_large);
  check_error(Coding::zstd, zstd_pack(large), Code::too_large);
}

TEST(ContentCoding, WindowIsBounded) {
  const std::string text = half_noise(17 * limits::MiB);
  EXPECT_TRUE(unpack(Coding::zstd, zstd_pack(text, false, 23)).has_value());
  check_error(Coding::zstd, zstd_pack(text, false, 24), Code::corrupt);
}

TEST(ContentCoding, StepsAreReservedAndGivenBack) {
  Budget budget(10 * limits::MiB);
  const std::string text = half_noise(4 * limits::MiB);
  for (const auto& [coding, packed] : {std::pair{Coding::gzip, gzip_pack(text)}, {Coding::zstd, zstd_pack(text, false)}}) {
    auto got = unpack(coding, packed, {.budget = &budget});
    ASSERT_TRUE(got.has_value());
    EXPECT_GE(got->held.bytes(), got->bytes.size());
    EXPECT_EQ(budget.used(), got->held.bytes());
    got->held.release();
    EXPECT_EQ(budget.used(), 0u);
  }
  check_error(Coding::gzip, gzip_pack(half_noise(12 * limits::MiB), 1), Code::unavailable, {.budget = &budget});
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ContentCoding, Names) {
  EXPECT_EQ(parse_content_encoding(""), Coding::identity);
  EXPECT_EQ(parse_content_encoding(" GZip "), Coding::gzip);
  EXPECT_EQ(parse_content_encoding("zstd"), Coding::zstd);
  for (auto bad : {"br", "deflate", "gzip, gzip", "gzip,zstd"}) {
    ASSERT_FALSE(parse_content_encoding(bad).has_value());
    EXPECT_EQ(parse_content_encoding(bad).error().code, Code::unsupported);
  }
  auto check = [](std::string_view text, bool expected) { EXPECT_EQ(accepts_gzip(text), expected) << text; };
  check("", false);
  check("gzip", true);
  check("deflate, GZIP;q=0.5, br", true);
  check("gzip;q=0", false);
  check("gzip;q=0.000, *", false);
  check("*", true);
  check("*;q=0", false);
  check("br, zstd", false);
}

}  // namespace
}  // namespace aybiza::net
