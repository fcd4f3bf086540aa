// Unary gRPC calls over HTTP/2 without TLS: the routes of a Router, whose patterns are "/package.Service/Method".
//
// Shape    one thread, a GrpcSession per connection. A call is asked of the guard when it is whole, then goes to its route's handler, which answers as
//          an HTTP handler does; see grpc_session.h.
// Errors   start: io (address in use, ...), invalid (no such address). On the wire: the statuses of gRPC; UNIMPLEMENTED for a call of no route.
// Cost     a few KiB per idle connection; one that says nothing for `idle` is closed, its client connects again.
// Threads  start, stop and destroy from one thread. Handlers run on the server's thread and must not block; they may answer from any.
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "base/units.h"
#include "net/router.h"
#include "runtime/budget.h"

namespace aybiza::net {

class GrpcConnection;

struct GrpcConfig {
  std::string listen;  // "127.0.0.1:4317"; port 0: the kernel chooses
  Guard guard;         // REQUIRES: there is one
  Budget* budget = nullptr;
  std::size_t connections = 1'024;
  Duration idle = std::chrono::minutes(5);
};

class GrpcServer {
 public:
  static Result<std::unique_ptr<GrpcServer>> start(GrpcConfig config, Router router);
  ~GrpcServer();  // stop()
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  const std::string& address() const;  // as bound: "127.0.0.1:4317"
  // Stops accepting, answers the calls at work; what is left after `patience` is broken off. Returns when the thread ended.
  void stop(Duration patience = limits::http_stop_patience);

 private:
  friend class GrpcConnection;
  struct Core;
  explicit GrpcServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace aybiza::net
