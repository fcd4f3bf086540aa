// `aybiza serve` and `aybiza demo`: the whole server from options to the end of the process.
//
// Shape    start() opens everything in the order data flows and answers when it serves; stop() takes it down in the same
//          order: stop accepting, drain, last rows to the store, close.
// Errors   one line for the operator; nothing is touched when the port is taken or the directory is not ours.
// Threads  one owner.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "server/options.h"

namespace aybiza {

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(const ServeOptions& options);
  ~Server();
  Server(const Server&) = delete;

  std::string statsd_address() const;  // "" when nothing listens on UDP
  std::string url() const;
  std::string set_up_url() const;  // where the first user is made; empty: there are users, or nobody has to sign in  // "http://127.0.0.1:8080"
  std::string grpc_address() const;  // likewise
  std::string otlp_address() const;  // "127.0.0.1:4318"; empty without that listener
  void stop();

 private:
  struct Inner;
  explicit Server(std::unique_ptr<Inner> inner);
  std::unique_ptr<Inner> inner_;
};

int run_serve(const ServeOptions& options, const std::atomic<bool>& stop);
int run_demo(ServeOptions serve, FleetOptions fleet, const std::atomic<bool>& stop);

}  // namespace aybiza
