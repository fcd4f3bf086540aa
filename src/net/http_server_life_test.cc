// Slow clients, streams, many connections, and the server's own beginning and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>

#include "net/http_server.h"
#include "net/test_server.h"
#include "runtime/mailbox.h"

namespace aybiza::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Server = TestServer;

TEST(HttpServer, SlowClientsAreToldOrClosed) {
  Server server([](Router& router, HttpConfig& config) {
    config.limits = {.head_timeout = 50ms, .handler_timeout = 50ms, .body_grace = 50ms};
    EXPECT_TRUE(router.add(route(Method::get, "/never", [](RequestPtr, Responder respond) {
      static std::vector<Responder> kept;  // answered by nobody until the program ends
      kept.push_back(std::move(respond));
    })).has_value());
  });
  const auto told = [&](const std::string& bytes) {  // whom a busy machine keeps from speaking is closed without a word, and no refusal
    std::string answer;
    while (answer.empty()) answer = server.say(bytes);
    return answer;
  };
  EXPECT_THAT(told("GET /hel"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(told("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(told("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(told(get("/never")), StartsWith("HTTP/1.1 503"));
  auto refused = server.http->counters().refused;
  EXPECT_EQ(refused.at("head_timeout"), 1u);
  EXPECT_EQ(refused.at("body_timeout"), 2u);
  EXPECT_EQ(refused.at("handler_timeout"), 1u);
}

TEST(HttpServer, IdleClientsAreClosedWithoutAWord) {
  Server server([](Router&, HttpConfig& config) { config.limits.head_timeout = config.limits.idle_timeout = 50ms; });
  EXPECT_EQ(server.say(""), "");
  std::string answer;
  std::optional<TestSocket> s;
  while (answer.empty()) {  // a client whom a busy machine keeps from speaking is idle too
    s.emplace(server.socket());
    s->send(get("/hello"));
    answer = s->receive_response();
  }
  EXPECT_EQ(body_of(answer), "hello");
  EXPECT_EQ(s->receive_all(), "");
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
  EXPECT_FALSE(kept.back().client_gone());
  gone.close();
  while (!kept.back().client_gone()) std::this_thread::yield();  // noticed although nothing is read from it
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
  EXPECT_NE(HttpServer::start({.listen = {server.http->addresses()[0]}}, {}).error().message.find("choose another port"), std::string::npos);
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

}  // namespace
}  // namespace aybiza::net
