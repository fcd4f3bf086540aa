#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "net/content_coding.h"
#include "net/test_server.h"

namespace aybiza::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Server = TestServer;

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  Server server;
  auto s = server.socket();
  for (int i = 0; i < 3; ++i) {
    s.send(get("/hello"));
    const std::string r = s.receive_response();
    EXPECT_THAT(r, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(r, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_EQ(body_of(r), "hello");
  }
  EXPECT_EQ(server.http->counters().connections_total, 1u);
  EXPECT_EQ(server.http->counters().responses.at(200), 3u);
}

TEST(HttpServer, Routes) {
  Server server;
  auto check = [&](std::string_view request, std::string_view start, std::string_view part = "") {
    const std::string r = server.say(request);
    EXPECT_THAT(r, StartsWith(std::string(start))) << request;
    EXPECT_THAT(r, HasSubstr(std::string(part))) << request;
  };
  check(get("/params/x%20y/%2F?q=%31", last), "HTTP/1.1 200", "x y|/|q=%31");
  check(get("http://host/hello", last), "HTTP/1.1 200", "hello");
  check(get("/nothing", last), "HTTP/1.1 404");
  check(post("/hello", "", last), "HTTP/1.1 405", "Allow: GET, HEAD, OPTIONS\r\n");
  check("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 204", "Allow: POST, OPTIONS\r\n");
  check("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 204", "Allow: ");
  check(get("/drop", last), "HTTP/1.1 500");
  check(get("/throw", last), "HTTP/1.1 500");
  check(get("/secret", last), "HTTP/1.1 401");
  const std::string head = server.say("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(body_of(head), "");
}

TEST(HttpServer, RefusesWhatIsNotARequest) {
  Server server;
  auto check = [&](std::string_view request, std::string_view start) {
    EXPECT_THAT(server.say(request), StartsWith(std::string(start))) << request.substr(0, 80);
  };
  check("hello\r\n\r\n", "HTTP/1.1 400");
  check("GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400");  // no Host
  check("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400");
  check("GET hello HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400");
  check("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505");
  // Framing that two servers could read differently.
  check("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400");
  check("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400");
  check("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400");
  check("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 501");
  check("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", "HTTP/1.1 501");
  check("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400");
  check(post("/small", "x", "Expect: a-miracle\r\nConnection: close\r\n"), "HTTP/1.1 417");
}

// Sizes around those at which a string grows: the body is what was sent, not what there was room for.
TEST(HttpServer, BodiesOfEverySizeArriveAsTheyAre) {
  TestServer server;
  auto client = server.client();
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string body(size, char('a' + size % 26));
    const auto answer = client.request({.method = Method::post, .target = "/echo", .body = body});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body) << size;
  }
}

TEST(HttpServer, Http10) {
  Server server;
  EXPECT_EQ(body_of(server.say("GET /hello HTTP/1.0\r\n\r\n")), "hello");  // closes by itself
}

TEST(HttpServer, HeadLimits) {
  Server server;
  auto with_head_of = [](std::size_t bytes) {
    const std::string rest = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: \r\n\r\n";
    std::string out = rest;
    out.insert(out.size() - 4, std::string(bytes - rest.size(), 'a'));
    return out;
  };
  EXPECT_THAT(server.say(with_head_of(limits::http_head_bytes)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(server.say(with_head_of(limits::http_head_bytes + 1)), StartsWith("HTTP/1.1 431"));
  auto with_headers = [](std::size_t count) {
    std::string more(last);
    for (std::size_t i = 2; i < count; ++i) more += "A: b\r\n";
    return get("/hello", more);
  };
  EXPECT_THAT(server.say(with_headers(limits::http_headers)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(server.say(with_headers(limits::http_headers + 1)), StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(server.http->counters().refused.at("head_too_large"), 2u);
}

TEST(HttpServer, BodyLimits) {
  Server server;
  EXPECT_EQ(body_of(server.say(post("/small", std::string(small_body, 'x'), last))), "1000");
  EXPECT_THAT(server.say(post("/small", std::string(small_body + 1, 'x'), last)), StartsWith("HTTP/1.1 413"));
  auto chunked = [](std::size_t bytes) {
    return fmt::format("POST /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n1\r\ny\r\n0\r\n\r\n",
                       bytes - 1, std::string(bytes - 1, 'x'));
  };
  EXPECT_EQ(body_of(server.say(chunked(small_body))), "1000");
  EXPECT_THAT(server.say(chunked(small_body + 1)), StartsWith("HTTP/1.1 413"));
  // A body far over the limit is refused before it is read, and the answer gets through.
  auto client = server.client();
  const std::string huge(20 * limits::MiB, 'x');
  auto refused = client.post("/small", huge, "text/plain");
  ASSERT_TRUE(refused.has_value()) << refused.error().message;
  EXPECT_EQ(refused->status, 413);
  EXPECT_THAT(server.say("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, ASmallUnwantedBodyDoesNotCostTheConnection) {
  Server server;
  auto s = server.socket();
  s.send(post("/nothing", std::string(5000, 'x')) + get("/hello"));
  EXPECT_THAT(s.receive_response(), StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(body_of(s.receive_response()), "hello");
}

TEST(HttpServer, BodiesOfAllSizesAndPieces) {
  Server server;
  auto client = server.client();
  for (std::size_t bytes : {0u, 1u, 4000u, 70'000u, 1'000'000u, 8u * 1024 * 1024}) {
    std::string body(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<char>(i * 7 + i / 251);
    auto r = client.post("/echo", body, "application/octet-stream");
    ASSERT_TRUE(r.has_value()) << r.error().message;
    EXPECT_EQ(r->status, 200);
    EXPECT_TRUE(r->body == body) << bytes;
    std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < bytes; at += 10'007) {
      const std::size_t n = std::min<std::size_t>(10'007, bytes - at);
      chunked += fmt::format("{:X};ext=1\r\n{}\r\n", n, std::string_view(body).substr(at, n));
    }
    EXPECT_TRUE(body_of(server.say(chunked + "0\r\nTrailer: t\r\n\r\n")) == body) << bytes;
  }
  EXPECT_EQ(server.http->counters().connections_total, 7u);
  EXPECT_EQ(server.budget.used(), 0u);
}

TEST(HttpServer, AByteAtATime) {
  Server server;
  auto s = server.socket();
  for (const char c : post("/echo", "body") + "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n") {
    ASSERT_TRUE(s.send(std::string_view(&c, 1)));
  }
  EXPECT_EQ(body_of(s.receive_response()), "body");
  EXPECT_EQ(body_of(s.receive_response()), "ab");
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  // The first answers last: it waits until the test says so.
  auto held = std::make_shared<std::promise<Responder>>();
  auto holding = held->get_future();
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/wait", [held](RequestPtr, Responder respond) { held->set_value(std::move(respond)); })).has_value());
  });
  auto s = server.socket();
  s.send(get("/wait") + get("/hello") + post("/echo", "two") + post("/echo", std::string(100'000, 'z')) + get("/hello"));
  holding.get()(Response::text(200, "one"));
  EXPECT_EQ(body_of(s.receive_response()), "one");
  EXPECT_EQ(body_of(s.receive_response()), "hello");
  EXPECT_EQ(body_of(s.receive_response()), "two");
  EXPECT_EQ(body_of(s.receive_response()).size(), 100'000u);
  EXPECT_EQ(body_of(s.receive_response()), "hello");
}

TEST(HttpServer, ContinueIsSaidOnlyWhenTheBodyIsWanted) {
  Server server;
  auto s = server.socket();
  s.send("POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(s.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  s.send("body");
  EXPECT_EQ(body_of(s.receive_response()), "4");
  s.send("POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4000\r\n\r\n");
  EXPECT_THAT(s.receive_all(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, TheGuardDecidesBeforeTheBody) {
  std::atomic<int> asked = 0;
  Server server([&](Router& router, HttpConfig& config) {
    config.guard = [&](Request& request, const Route& r) -> std::optional<Response> {
      ++asked;
      EXPECT_TRUE(request.body.empty());
      if (r.policy == Policy::open) return std::nullopt;
      if (request.header("authorization") != "Bearer good") return Response::error(401, "unauthorized", "no");
      request.identity = std::string("somebody");
      return std::nullopt;
    };
    EXPECT_TRUE(router.add(route(Method::post, "/who", [](RequestPtr r, Responder respond) {
      respond(Response::text(200, std::any_cast<std::string>(r->identity)));
    }, 100, Policy::ingest)).has_value());
  });
  EXPECT_EQ(body_of(server.say(post("/who", "x", "Authorization: Bearer good\r\nConnection: close\r\n"))), "somebody");
  // The body never comes, and the answer does not wait for it.
  EXPECT_THAT(server.say("POST /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n"), StartsWith("HTTP/1.1 401"));
  EXPECT_EQ(asked.load(), 2);
}

TEST(HttpServer, NoMemoryNoBody) {
  Server server;
  auto all = server.budget.reserve(server.budget.hard_mark() - 100);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(body_of(server.say(post("/echo", std::string(100, 'x'), last))).size(), 100u);
  const std::string refused = server.say(post("/echo", std::string(101, 'x'), last));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_EQ(server.http->counters().refused.at("memory"), 1u);
  all->release();
  EXPECT_EQ(server.budget.used(), 0u);
}

TEST(HttpServer, TheBodysMemoryIsHeldUntilTheHandlerLetsGo) {
  auto kept = std::make_shared<std::promise<RequestPtr>>();
  auto keeping = kept->get_future();
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::post, "/keep", [kept](RequestPtr r, Responder respond) {
      kept->set_value(std::move(r));
      respond(Response::text(200, ""));
    }, 1000)).has_value());
  });
  EXPECT_THAT(server.say(post("/keep", std::string(700, 'x'), last)), StartsWith("HTTP/1.1 200"));
  RequestPtr request = keeping.get();
  EXPECT_EQ(server.budget.used(), 700u);
  request.reset();
  EXPECT_EQ(server.budget.used(), 0u);
}


}  // namespace
}  // namespace aybiza::net
