// The HTTP/1.1 and WebSocket server: listens, reads within limits, asks the guard, hands over, writes.
//
// Shape    a few threads share all connections; each connection is a strand. Requests of one connection are answered
//          one after another, in order. A body is read only after the route, the guard and the memory budget agreed.
// Errors   start: io (address in use, ...), invalid (no such address). On the wire: 400 404 405 408 411 413 417 431
//          500 501 503 505, each counted by reason. No handler's exception gets out: 500.
// Cost     about 4 KiB per idle connection; no allocation is shared between connections.
// Threads  start, stop and destroy from one thread; counters from any. Handlers run on the server's threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/units.h"
#include "net/http.h"
#include "net/router.h"
#include "runtime/budget.h"

namespace aybiza::net {

struct HttpLimits {
  std::size_t head_bytes = limits::http_head_bytes;
  std::size_t headers = limits::http_headers;
  std::size_t connections = limits::connections;
  std::size_t connections_per_address = limits::http_connections_per_address;  // not for loopback
  Duration head_timeout = limits::http_head_timeout;
  Duration idle_timeout = limits::http_idle_timeout;
  Duration handler_timeout = limits::http_handler_timeout;
  Duration write_timeout = limits::http_write_timeout;
  Duration body_grace = limits::http_body_grace;  // then at least body_rate
  std::size_t body_rate = limits::http_body_bytes_per_second;
  std::size_t ws_message_bytes = limits::ws_message_bytes;
  std::size_t ws_queue_bytes = limits::ws_queue_bytes;
  std::int64_t ws_messages_per_second = limits::ws_messages_per_second;
  std::int64_t ws_messages_burst = limits::ws_messages_burst;
};

struct HttpConfig {
  std::vector<std::string> listen;  // "127.0.0.1:8080", "[::1]:8080", "localhost:0"; port 0: the kernel chooses
  unsigned threads = 2;
  HttpLimits limits;
  Guard guard;               // none: only routes with Policy::open are answered, the others 401
  Budget* budget = nullptr;  // outlives the server; null: bodies are not counted
  std::vector<Header> extra_headers;  // sent with every response (security headers)
  // Answers a path that no route has, before any guard; nullopt: the usual JSON. Runs on the network's threads, several at once.
  std::function<std::optional<Response>(const Request&)> nothing_here = {};
};

struct HttpCounters {
  std::uint64_t connections_open = 0, connections_total = 0, websockets_open = 0;
  std::uint64_t requests_total = 0, requests_in_flight = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::map<int, std::uint64_t> responses;                // by status
  std::map<std::string, std::uint64_t> refused;          // by reason: "head_too_large", "body_too_large", "memory", ...
};

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> start(HttpConfig config, Router router);
  ~HttpServer();  // stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // As bound, in the order of config.listen: "127.0.0.1:40123".
  const std::vector<std::string>& addresses() const;
  std::uint16_t port() const;  // of the first

  // Stops accepting, lets requests in flight finish, closes WebSockets with 1012; what is left after `patience` is
  // broken off. Returns when the threads ended.
  void stop(Duration patience = limits::http_stop_patience);

  HttpCounters counters() const;

 private:
  struct Core;
  explicit HttpServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

// Is this "host:port" a loopback address? decisions.md 33: beyond it the server needs TLS or a declared proxy.
bool is_loopback_listen(std::string_view listen);

}  // namespace aybiza::net
