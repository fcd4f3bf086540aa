#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "net/content_coding.h"
#include "net/http_client.h"
#include "net/test_socket.h"
#include "runtime/mailbox.h"

namespace aybiza::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t small_body = 1000;

Route route(Method method, std::string pattern, Handler handler, std::size_t body_limit = 0, Policy policy = Policy::open) {
  return {.method = method, .pattern = std::move(pattern), .policy = policy, .body_limit = body_limit, .handler = std::move(handler)};
}

// A server with the handlers every test may use, and those a test adds.
class Server {
 public:
  explicit Server(std::function<void(Router&, HttpConfig&)> change = {}) {
    Router router;
    HttpConfig config{.listen = {"127.0.0.1:0"}, .threads = 2};
    config.budget = &budget;
    auto add = [&](Route r) { EXPECT_TRUE(router.add(std::move(r)).has_value()); };
    add(route(Method::get, "/hello", [](RequestPtr, Responder respond) { respond(Response::text(200, "hello")); }));
    add(route(Method::post, "/echo", [](RequestPtr r, Responder respond) { respond(Response::text(200, r->body)); }, 8 * limits::MiB));
    add(route(Method::post, "/small", [](RequestPtr r, Responder respond) { respond(Response::text(200, std::to_string(r->body.size()))); }, small_body));
    add(route(Method::get, "/drop", [](RequestPtr, Responder) {}));
    add(route(Method::get, "/throw", [](RequestPtr, Responder) { throw std::runtime_error("no"); }));
    add(route(Method::get, "/secret", [](RequestPtr, Responder respond) { respond(Response::text(200, "secret")); }, 0, Policy::read));
    add(route(Method::get, "/params/:a/:b", [](RequestPtr r, Responder respond) {
      respond(Response::text(200, std::string(r->path_param("a")) + "|" + std::string(r->path_param("b")) + "|" + r->query));
    }));
    if (change) change(router, config);
    auto started = HttpServer::start(std::move(config), std::move(router));
    EXPECT_TRUE(started.has_value()) << started.error().message;
    http = std::move(*started);
  }
  TestSocket socket() { return TestSocket(http->port()); }
  HttpClient client() { return HttpClient({.port = http->port()}); }
  // What one connection answers to these bytes, until it is closed.
  std::string say(std::string_view bytes) {
    auto s = socket();
    s.send(bytes);
    return s.receive_all();
  }

  Budget budget{64 * limits::MiB};
  std::unique_ptr<HttpServer> http;
};

std::string get(std::string_view path, std::string_view more = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", path, more);
}
std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}", path, more, body.size(), body);
}
constexpr std::string_view last = "Connection: close\r\n";

std::string body_of(const std::string& response) {
  const std::size_t at = response.find("\r\n\r\n");
  return at == std::string::npos ? "" : response.substr(at + 4);
}

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

HttpLimits hurried() { return {.head_timeout = 50ms, .idle_timeout = 50ms, .handler_timeout = 50ms, .write_timeout = 50ms, .body_grace = 50ms}; }

TEST(HttpServer, SlowClientsAreToldOrClosed) {
  Server server([](Router& router, HttpConfig& config) {
    config.limits = hurried();
    EXPECT_TRUE(router.add(route(Method::get, "/never", [](RequestPtr, Responder respond) {
      static std::vector<Responder> kept;  // answered by nobody until the program ends
      kept.push_back(std::move(respond));
    })).has_value());
  });
  EXPECT_EQ(server.say(""), "");  // idle: closed without a word
  EXPECT_THAT(server.say("GET /hel"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(server.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(server.say("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(server.say(get("/never")), StartsWith("HTTP/1.1 503"));
  auto s = server.socket();
  s.send(get("/hello"));
  EXPECT_EQ(body_of(s.receive_response()), "hello");
  EXPECT_EQ(s.receive_all(), "");
  auto refused = server.http->counters().refused;
  EXPECT_EQ(refused.at("head_timeout"), 1u);
  EXPECT_EQ(refused.at("body_timeout"), 2u);
  EXPECT_EQ(refused.at("handler_timeout"), 1u);
}

TEST(HttpServer, AClientThatDoesNotReadIsCutOff) {
  Server server([](Router& router, HttpConfig& config) {
    config.limits.write_timeout = 50ms;
    EXPECT_TRUE(router.add(route(Method::get, "/endless", [](RequestPtr, Responder respond) {
      respond(Response::stream(200, [](ChunkReady ready) { ready(std::string(1'000'000, 'x')); }, "text/plain"));
    })).has_value());
  });
  auto s = server.socket();
  s.send(get("/endless"));
  while (!server.http->counters().refused.contains("write_timeout")) std::this_thread::yield();
}

TEST(HttpServer, StreamsWithBackPressure) {
  auto most = std::make_shared<std::atomic<int>>(0);
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/count", [most](RequestPtr, Responder respond) {
      respond(Response::stream(200, [n = 0, open = std::make_shared<std::atomic<int>>(0), most](ChunkReady ready) mutable {
        most->store(std::max(most->load(), ++*open));
        std::thread([ready = std::move(ready), k = n++, open]() mutable {  // from another thread
          --*open;
          ready(k < 100 ? std::to_string(k) + "," : "");
        }).detach();
      }, "text/plain"));
    })).has_value());
    EXPECT_TRUE(router.add(route(Method::get, "/broken", [](RequestPtr, Responder respond) {
      respond(Response::stream(200, [n = 0](ChunkReady ready) mutable {
        if (n++ == 0) ready("part");  // then the second is dropped: a failure
      }, "text/plain"));
    })).has_value());
  });
  auto client = server.client();
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + ",";
  for (int round = 0; round < 2; ++round) {
    auto r = client.get("/count");
    ASSERT_TRUE(r.has_value()) << r.error().message;
    EXPECT_EQ(r->body, expected);
    EXPECT_EQ(r->header("transfer-encoding"), "chunked");
  }
  EXPECT_EQ(most->load(), 1);  // never two chunks asked for at once
  EXPECT_EQ(body_of(server.say("GET /count HTTP/1.0\r\n\r\n")), expected);
  EXPECT_EQ(body_of(server.say("HEAD /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), "");
  const std::string broken = server.say(get("/broken"));
  EXPECT_EQ(body_of(broken), "4\r\npart\r\n");  // no closing chunk: the client knows that it is cut
  EXPECT_FALSE(client.get("/broken").has_value());
}

TEST(HttpServer, AStreamEndsWhenTheClientLeaves) {
  struct Told {  // destroyed with the source
    std::shared_ptr<std::promise<void>> promise;
    ~Told() { promise->set_value(); }
  };
  auto promise = std::make_shared<std::promise<void>>();
  auto destroyed = promise->get_future();
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/endless", [&promise](RequestPtr, Responder respond) {
      respond(Response::stream(200, [told = std::make_unique<Told>(promise)](ChunkReady ready) { ready(std::string(10'000, 'x')); }, "text/plain"));
    })).has_value());
  });
  auto s = server.socket();
  s.send(get("/endless"));
  EXPECT_EQ(s.receive(100'000).size(), 100'000u);
  s.close();
  destroyed.get();
}

TEST(HttpServer, AThousandConnectionsAtOnce) {
  Server server([](Router&, HttpConfig& config) { config.limits.connections = 1000; });
  std::vector<TestSocket> sockets;
  for (int i = 0; i < 1000; ++i) sockets.push_back(server.socket());
  for (auto& s : sockets) s.send(get("/hello"));
  for (auto& s : sockets) ASSERT_EQ(body_of(s.receive_response()), "hello");
  EXPECT_EQ(server.http->counters().connections_open, 1000u);
  const std::string refused = server.say(get("/hello"));  // the 1001st
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(server.http->counters().refused.at("connections"), 1u);
  sockets.clear();
  while (server.http->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_THAT(server.say(get("/hello", last)), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, AnswersFromOtherThreadsAndAfterTheEnd) {
  auto box = std::make_shared<Mailbox<Responder>>(1000);
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/later", [box](RequestPtr, Responder respond) { EXPECT_TRUE(box->post(std::move(respond))); })).has_value());
  });
  std::vector<TestSocket> sockets;
  for (int i = 0; i < 100; ++i) sockets.push_back(server.socket());
  for (auto& s : sockets) s.send(get("/later"));
  for (int answered = 0; answered < 100;) {
    answered += static_cast<int>(box->drain_wait(1s, [](Responder respond) { respond(Response::text(200, "late")); }));
  }
  for (auto& s : sockets) EXPECT_EQ(body_of(s.receive_response()), "late");
  // One whose client has gone, and one that outlives the server.
  auto gone = server.socket();
  gone.send(get("/later"));
  std::vector<Responder> kept;
  while (kept.empty()) box->drain_wait(1s, [&](Responder respond) { kept.push_back(std::move(respond)); });
  gone.close();
  server.http->stop(10ms);
  kept.back()(Response::text(200, "nobody hears this"));
  EXPECT_TRUE(kept.back().client_gone());
}

TEST(HttpServer, StopLetsRequestsFinish) {
  auto held = std::make_shared<std::promise<Responder>>();
  auto holding = held->get_future();
  Server server([&](Router& router, HttpConfig&) {
    EXPECT_TRUE(router.add(route(Method::get, "/wait", [held](RequestPtr, Responder respond) { held->set_value(std::move(respond)); })).has_value());
  });
  auto idle = server.socket(), busy = server.socket();
  idle.send(get("/hello"));
  EXPECT_EQ(body_of(idle.receive_response()), "hello");
  busy.send(get("/wait"));
  Responder respond = holding.get();
  std::thread stopping([&] { server.http->stop(30s); });
  EXPECT_EQ(idle.receive_all(), "");  // closed at once
  respond(Response::text(200, "done"));
  const std::string answer = busy.receive_all();
  EXPECT_EQ(body_of(answer), "done");
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  busy.close();
  stopping.join();
}

TEST(HttpServer, ListensWhereItIsTold) {
  Server server([](Router&, HttpConfig& config) { config.listen = {"127.0.0.1:0", "localhost:0"}; });
  ASSERT_EQ(server.http->addresses().size(), 2u);
  for (const std::string& address : server.http->addresses()) {
    auto config = parse_http_url("http://" + address);
    ASSERT_TRUE(config.has_value()) << address;
    auto r = HttpClient(*config).get("/hello");
    ASSERT_TRUE(r.has_value()) << r.error().message;
    EXPECT_EQ(r->body, "hello");
  }
  auto error = [](std::string listen) {
    auto started = HttpServer::start({.listen = {std::move(listen)}}, {});
    return started.has_value() ? std::optional<Code>() : started.error().code;
  };
  EXPECT_EQ(error(server.http->addresses()[0]), Code::io);  // taken
  EXPECT_EQ(error("127.0.0.1"), Code::invalid);
  EXPECT_EQ(error("example.org:80"), Code::invalid);
  EXPECT_EQ(error("127.0.0.1:99999"), Code::invalid);
  EXPECT_EQ(error("::1:80"), Code::invalid);
}

// Connects to ourselves by an address that is not loopback, where this machine has one.
TEST(HttpServer, OneAddressMayHaveSoManyConnections) {
  ifaddrs* all = nullptr;
  ASSERT_EQ(::getifaddrs(&all), 0);
  std::string address;
  for (const ifaddrs* a = all; a != nullptr; a = a->ifa_next) {
    if (a->ifa_addr == nullptr || a->ifa_addr->sa_family != AF_INET || (a->ifa_flags & IFF_LOOPBACK) != 0) continue;
    char text[INET_ADDRSTRLEN];
    address = ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(a->ifa_addr)->sin_addr, text, sizeof text);
  }
  ::freeifaddrs(all);
  if (address.empty()) GTEST_SKIP() << "this machine has only a loopback address";
  Server server([&](Router&, HttpConfig& config) {
    config.listen = {address + ":0", "127.0.0.1:0"};
    config.limits.connections_per_address = 2;
  });
  auto client = [&] { return HttpClient({.host = address, .port = server.http->port()}); };
  HttpClient a = client(), b = client(), c = client();
  EXPECT_EQ(a.get("/hello")->status, 200);
  EXPECT_EQ(b.get("/hello")->status, 200);
  EXPECT_EQ(c.get("/hello")->status, 503);
  EXPECT_EQ(server.http->counters().refused.at("connections_per_address"), 1u);
  b.disconnect();
  c.disconnect();
  while (server.http->counters().connections_open > 1) std::this_thread::yield();
  EXPECT_EQ(c.get("/hello")->status, 200);
  const auto loopback = *parse_http_url("http://" + server.http->addresses()[1]);
  std::vector<HttpClient> many;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(many.emplace_back(loopback).get("/hello")->status, 200);
}

TEST(HttpServer, LoopbackIsRecognised) {
  auto check = [](std::string_view listen, bool expected) { EXPECT_EQ(is_loopback_listen(listen), expected) << listen; };
  check("127.0.0.1:80", true);
  check("127.9.9.9:80", true);
  check("localhost:0", true);
  check("[::1]:80", true);
  check("[::ffff:127.0.0.1]:80", true);
  check("0.0.0.0:80", false);
  check("[::]:80", false);
  check("10.0.0.1:80", false);
  check("nonsense", false);
}

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
