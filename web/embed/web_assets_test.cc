#include "web_assets.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace aybiza::web {
namespace {

std::string gunzipped(std::string_view packed, size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 31), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(WebAssets, EveryPageHasItsFiles) {
  for (const auto* name : {"app.js", "charts.js", "theme.js", "app.css", "world.json", "icon.svg"}) EXPECT_NE(path_of(name), "") << name;
  EXPECT_EQ(path_of("app.php"), "");
  EXPECT_EQ(find("/assets/../etc/passwd"), nullptr);
  EXPECT_EQ(find(""), nullptr);
}

TEST(WebAssets, AddressAndNameAgree) {
  for (const auto& asset : assets()) {
    EXPECT_EQ(find(asset.path), &asset);
    EXPECT_EQ(path_of(asset.name), asset.path);
    EXPECT_TRUE(asset.path.starts_with(path_prefix));
  }
}

TEST(WebAssets, PackedFormsAreTheSameFile) {
  for (const auto& asset : assets()) EXPECT_EQ(gunzipped(asset.gz, asset.plain.size()), asset.plain) << asset.name;
}

// The bundle names the lazily loaded files by the addresses they are served under.
TEST(WebAssets, TheBundleKnowsTheLazyFiles) {
  const auto* app = find(path_of("app.js"));
  ASSERT_NE(app, nullptr);
  EXPECT_NE(app->plain.find(path_of("charts.js")), std::string_view::npos);
  EXPECT_NE(app->plain.find(path_of("world.json")), std::string_view::npos);
}

// The page's CSP allows neither of these.
TEST(WebAssets, NothingTheCspRefuses) {
  const auto* app = find(path_of("app.js"));
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(app->plain.find("new Function("), std::string_view::npos);
  EXPECT_EQ(app->plain.find("eval("), std::string_view::npos);
}

TEST(WebAssets, NegotiatesTheEncoding) {
  const auto* app = find(path_of("app.js"));
  ASSERT_NE(app, nullptr);
  const auto check = [&](std::string_view header, std::string_view expected) { EXPECT_EQ(choose(*app, header).encoding, expected) << header; };
  check("", "");
  check("gzip, deflate, br, zstd", "br");
  check("gzip", "gzip");
  check("identity", "");
  check("br;q=0, gzip;q=0.5", "gzip");
  check("br;q=0.0,gzip;q=0.000", "");
  check("*", "br");
  check("*;q=0", "");
  check("br;q=0, *", "gzip");
  check("brotli", "");
  check(" , ;;q=,", "");
}

}  // namespace
}  // namespace aybiza::web
