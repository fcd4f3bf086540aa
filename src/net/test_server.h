// A server of the tests' own on a free loopback port, and the requests they send it.
//
// Threads  None: the test's own; its handlers run on the server's threads.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/test_socket.h"

namespace aybiza::net {

inline constexpr std::size_t small_body = 1000;

inline Route route(Method method, std::string pattern, Handler handler, std::size_t body_limit = 0, Policy policy = Policy::open) {
  return {.method = method, .pattern = std::move(pattern), .policy = policy, .body_limit = body_limit, .handler = std::move(handler)};
}

// A server with the handlers every test may use, and those a test adds.
class TestServer {
 public:
  explicit TestServer(std::function<void(Router&, HttpConfig&)> change = {}) {
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

inline std::string get(std::string_view path, std::string_view more = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", path, more);
}
inline std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}", path, more, body.size(), body);
}
inline constexpr std::string_view last = "Connection: close\r\n";

inline std::string body_of(const std::string& response) {
  const std::size_t at = response.find("\r\n\r\n");
  return at == std::string::npos ? "" : response.substr(at + 4);
}

}  // namespace aybiza::net
