#include "net/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/http_server.h"
#include "net/test_socket.h"
#include "runtime/mailbox.h"

namespace aybiza::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view upgrade =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

enum Op : unsigned char { continuation = 0, text = 1, binary = 2, closing = 8, ping = 9, pong = 10 };

// A masked frame as a browser sends it (RFC 6455, 5.2).
std::string frame(Op op, std::string_view payload, bool final = true) {
  std::string out(1, static_cast<char>((final ? 0x80 : 0) | op));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    const bool wide = payload.size() > 0xffff;
    out += static_cast<char>(0x80 | (wide ? 127 : 126));
    for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  const char mask[] = {1, 2, 3, 4};
  out.append(mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::string close_frame(std::uint16_t code) {
  return frame(closing, std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
}

struct Frame {
  int op = -1;  // -1: the connection ended
  std::string payload;
  std::uint16_t close_code() const {
    if (op != closing || payload.size() < 2) return 0;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
  }
};

Frame receive(TestSocket& s) {
  const std::string head = s.receive(2);
  if (head.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(head[1]) & 0x7f;
  EXPECT_EQ(head[1] & 0x80, 0);  // a server does not mask
  EXPECT_EQ(head[0] & 0x70, 0);  // no extension
  if (size >= 126) {
    const std::string more = s.receive(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : more) size = size << 8 | static_cast<unsigned char>(c);
  }
  return {.op = head[0] & 0x0f, .payload = s.receive(size)};
}

struct Event {
  enum Kind { opened, got, writable, closed } kind;
  std::string text;
  std::uint16_t code = 0;
  WsSender sender;
};
using Events = Mailbox<Event>;

// Tells the test what happens, and answers "echo …", "throw", "big".
class Reporter final : public WsHandler {
 public:
  explicit Reporter(std::shared_ptr<Events> events) : events_(std::move(events)) {}
  void on_open(const Request& request, WsSender sender) override {
    sender_ = sender;
    (void)events_->post({.kind = Event::opened, .text = request.target, .sender = sender});
  }
  void on_text(std::string_view message) override {
    (void)events_->post({.kind = Event::got, .text = std::string(message)});
    if (message == "throw") throw std::runtime_error("no");
    if (message.starts_with("echo")) {
      auto shared = [](std::string_view s) { return std::make_shared<const std::string>(s); };
      sender_.send(WsMessage{.prefix = shared("<"), .body = shared(message), .suffix = shared(">")});
    }
  }
  void on_writable() override { (void)events_->post({.kind = Event::writable}); }
  void on_close(std::uint16_t code) override { (void)events_->post({.kind = Event::closed, .code = code}); }

 private:
  std::shared_ptr<Events> events_;
  WsSender sender_;
};

class Server {
 public:
  explicit Server(HttpLimits limits = {}) {
    Router router;
    auto added = router.add({.method = Method::get, .pattern = "/ws", .policy = Policy::open,
                             .websocket = [events = events](RequestPtr r) -> std::expected<std::unique_ptr<WsHandler>, Response> {
                               if (!origin_allowed(*r, {})) return std::unexpected(Response::error(403, "origin", "not from there"));
                               if (r->query == "full") return std::unexpected(Response::error(503, "full", "too many"));
                               return std::make_unique<Reporter>(events);
                             }});
    EXPECT_TRUE(added.has_value());
    auto started = HttpServer::start({.listen = {"127.0.0.1:0"}, .limits = limits}, std::move(router));
    EXPECT_TRUE(started.has_value());
    http = std::move(*started);
  }
  ~Server() {
    http.reset();
    events->drain([](Event) {});  // an event holds a sender, which holds the router, which holds the events
  }
  TestSocket connect() {
    TestSocket s(http->port());
    s.send(std::string(upgrade) + "\r\n");
    const std::string answer = s.receive_until("\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 101"));
    EXPECT_THAT(answer, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));  // RFC 6455, 1.3
    EXPECT_THAT(answer, testing::Not(HasSubstr("permessage-deflate")));
    return s;
  }
  // The next event of this kind; others before it are passed over.
  Event next(Event::Kind kind) {
    for (;;) {
      while (!queue_.empty()) {
        Event e = std::move(queue_.front());
        queue_.erase(queue_.begin());
        if (e.kind == kind) return e;
      }
      if (events->drain_wait(20s, [&](Event e) { queue_.push_back(std::move(e)); }) == 0) {
        ADD_FAILURE() << "no event of kind " << kind;
        return {.kind = kind};
      }
    }
  }

  std::shared_ptr<Events> events = std::make_shared<Events>(10'000);
  std::unique_ptr<HttpServer> http;

 private:
  std::vector<Event> queue_;
};

TEST(WebSocket, EchoesInThreePartsAndClosesAsAsked) {
  Server server;
  auto s = server.connect();
  EXPECT_EQ(server.next(Event::opened).text, "/ws");
  for (const std::string& body : {std::string("echo"), "echo " + std::string(200, 'x'), "echo " + std::string(60'000, 'y')}) {
    s.send(frame(text, body));
    const Frame f = receive(s);
    EXPECT_EQ(f.op, text);
    EXPECT_EQ(f.payload, "<" + body + ">");
  }
  s.send(frame(text, "echo", false) + frame(ping, "p") + frame(continuation, "es"));  // a ping between fragments
  EXPECT_EQ(receive(s).op, pong);
  EXPECT_EQ(receive(s).payload, "<echoes>");
  EXPECT_EQ(server.http->counters().websockets_open, 1u);
  s.send(close_frame(1000));
  EXPECT_EQ(receive(s).close_code(), 1000);
  EXPECT_EQ(server.next(Event::closed).code, 1000);
  EXPECT_EQ(s.receive_all(), "");
}

TEST(WebSocket, RefusesBeforeItAccepts) {
  Server server;
  auto check = [&](std::string_view request, std::string_view start) {
    TestSocket s(server.http->port());
    s.send(request);
    EXPECT_THAT(s.receive_until("\r\n\r\n"), StartsWith(std::string(start)));
  };
  check(std::string(upgrade) + "Origin: http://evil.example\r\n\r\n", "HTTP/1.1 403");
  check(std::string(upgrade) + fmt::format("Origin: http://localhost:{}\r\n\r\n", server.http->port()), "HTTP/1.1 101");
  std::string full(upgrade);
  full.insert(full.find(" HTTP"), "?full");
  check(full + "\r\n", "HTTP/1.1 503");
  check("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426");
  check(std::string(upgrade) + "\r\n" + frame(text, "too early"), "HTTP/1.1 400");
}

TEST(WebSocket, WhatIsWrongHasItsCode) {
  Server server({.ws_messages_per_second = 1, .ws_messages_burst = 5});
  auto check = [&](std::string_view bytes, std::uint16_t expected) {
    auto s = server.connect();
    s.send(bytes);
    Frame f;
    do {
      f = receive(s);
    } while (f.op == text);
    EXPECT_EQ(f.close_code(), expected);
    s.send(close_frame(expected));
    EXPECT_EQ(server.next(Event::closed).code, expected);
  };
  check(frame(binary, "x"), 1003);
  check(frame(text, "\xff"), 1007);
  check(frame(text, std::string(limits::ws_message_bytes + 1, 'x')), 1009);
  check(frame(text, "throw"), 1011);
  check(frame(continuation, "x"), 1002);
  check(std::string("\x81\x01x", 3), 1002);  // not masked
  std::string many;
  for (int i = 0; i < 6; ++i) many += frame(text, "x");
  check(many, 1008);
}

TEST(WebSocket, TheMessageLimitIsExact) {
  Server server;
  auto s = server.connect();
  const std::string largest = "echo" + std::string(limits::ws_message_bytes - 4, 'x');
  s.send(frame(text, largest));
  EXPECT_EQ(receive(s).payload.size(), limits::ws_message_bytes + 2);
}

TEST(WebSocket, ALostClientIs1006) {
  Server server;
  auto s = server.connect();
  s.close();
  EXPECT_EQ(server.next(Event::closed).code, 1006);
}

TEST(WebSocket, TheQueueIsBoundedAndTellsWhenItIsEmpty) {
  Server server({.ws_queue_bytes = 1'000'000});
  auto s = server.connect();
  const WsSender sender = server.next(Event::opened).sender;
  EXPECT_TRUE(sender.open());
  const auto large = std::make_shared<const std::string>(2'000'000, 'x');
  ASSERT_TRUE(sender.send(large));  // an empty queue takes any message
  std::size_t sent = 1;
  while (sender.send(std::make_shared<const std::string>(400'000, 'y'))) ++sent;  // the client does not read
  EXPECT_GT(sender.pending_bytes(), 0u);
  for (std::size_t i = 0; i < sent; ++i) EXPECT_EQ(receive(s).payload.size(), i == 0 ? 2'000'000u : 400'000u);
  server.next(Event::writable);
  EXPECT_EQ(sender.pending_bytes(), 0u);
  EXPECT_TRUE(sender.send("again"));
  EXPECT_EQ(receive(s).payload, "again");
}

TEST(WebSocket, AClientThatDoesNotReadIsCutOff) {
  Server server({.write_timeout = 50ms});
  auto s = server.connect();
  const WsSender sender = server.next(Event::opened).sender;
  ASSERT_TRUE(sender.send(std::string(50'000'000, 'x')));
  EXPECT_EQ(server.next(Event::closed).code, 1006);
  EXPECT_FALSE(sender.open());
  EXPECT_FALSE(sender.send("nobody"));
}

TEST(WebSocket, SilenceEndsIt) {
  Server server({.idle_timeout = 50ms});
  auto s = server.connect();
  EXPECT_EQ(receive(s).op, ping);  // asked first, not answered
  EXPECT_EQ(server.next(Event::closed).code, 1006);
}

TEST(WebSocket, ManyThreadsSendWholeMessages) {
  Server server({.ws_queue_bytes = 100'000'000});
  auto s = server.connect();
  const WsSender sender = server.next(Event::opened).sender;
  constexpr int threads = 4, each = 500;
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t) {
    senders.emplace_back([&sender, t] {
      for (int i = 0; i < each; ++i) EXPECT_TRUE(sender.send(fmt::format("{} {}", t, i)));
    });
  }
  std::vector<int> next(threads, 0);
  for (int i = 0; i < threads * each; ++i) {
    const std::string got = receive(s).payload;
    ASSERT_GE(got.size(), 3u);
    EXPECT_EQ(std::stoi(got.substr(2)), next[static_cast<std::size_t>(got[0] - '0')]++);  // each thread's in its order
  }
  for (auto& t : senders) t.join();
}

TEST(WebSocket, OursToClose) {
  Server server;
  auto s = server.connect();
  const WsSender sender = server.next(Event::opened).sender;
  sender.close(4001, "signed out");
  const Frame f = receive(s);
  EXPECT_EQ(f.close_code(), 4001);
  EXPECT_EQ(f.payload.substr(2), "signed out");
  s.send(close_frame(4001));
  EXPECT_EQ(server.next(Event::closed).code, 4001);
  sender.close();  // again: nothing
}

TEST(WebSocket, AServerThatStopsSays1012) {
  Server server;
  auto polite = server.connect(), silent = server.connect();
  const WsSender sender = server.next(Event::opened).sender;
  std::thread stopping([&] { server.http->stop(200ms); });
  EXPECT_EQ(receive(polite).close_code(), 1012);
  polite.send(close_frame(1012));
  EXPECT_EQ(receive(silent).close_code(), 1012);  // never answers: broken off in the end
  stopping.join();
  EXPECT_EQ(server.next(Event::closed).code, 1012);
  EXPECT_EQ(server.next(Event::closed).code, 1012);
  EXPECT_FALSE(sender.send("late"));
}

}  // namespace
}  // namespace aybiza::net
