#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/content_coding.h"
#include "net/test_server.h"

namespace aybiza::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Server = TestServer;

TEST(HttpClient, ReconnectsWhenTheServerClosed) {
  Server server([](Router&, HttpConfig& config) { config.limits.idle_timeout = 20ms; });
  auto client = server.client();
  for (int i = 0; i < 3; ++i) {
    auto r = client.get("/hello");
    ASSERT_TRUE(r.has_value()) << r.error().message;
    EXPECT_EQ(r->body, "hello");
    while (server.http->counters().connections_open > 0) std::this_thread::yield();
  }
  EXPECT_EQ(server.http->counters().connections_total, 3u);
}

TEST(HttpClient, ErrorsAndPacking) {
  Server server([](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/busy", [](RequestPtr, Responder respond) {
      respond(Response::error(429, "slow", "down").with("Retry-After", "7"));
    })).has_value());
  });
  auto client = server.client();
  auto busy = client.get("/busy");
  ASSERT_TRUE(busy.has_value());
  EXPECT_EQ(busy->status, 429);
  EXPECT_EQ(busy->retry_after(), Duration(7s));
  EXPECT_EQ(client.get("/hello")->retry_after(), std::nullopt);
  const std::string text(100'000, 'a');
  auto packed = client.request({.method = Method::post, .target = "/echo", .body = text, .gzip = true});
  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->body.size(), 1000u);
  EXPECT_EQ(unpack(Coding::gzip, packed->body)->bytes, text);
  HttpClient tiny({.port = server.http->port(), .body_limit = 4});
  EXPECT_EQ(tiny.get("/hello").error().code, Code::too_large);
  server.http->stop();
  EXPECT_EQ(client.get("/hello").error().code, Code::io);
}

TEST(HttpClient, Urls) {
  auto check = [](std::string_view url, std::string_view host, int port) {
    auto c = parse_http_url(url);
    EXPECT_EQ(c ? c->host : "", host) << url;
    EXPECT_EQ(c ? c->port : 0, port) << url;
  };
  check("http://127.0.0.1:8080", "127.0.0.1", 8080);
  check("http://localhost/", "localhost", 80);
  check("http://[::1]:9", "::1", 9);
  check("https://a", "", 0);
  check("http://", "", 0);
  check("http://a:0", "", 0);
  check("http://a:x", "", 0);
  check("http://u@a", "", 0);
  check("http://a/path", "", 0);
}

}  // namespace
}  // namespace aybiza::net
