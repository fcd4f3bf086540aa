// The exporters' own ports: OTLP over HTTP on 4318, over gRPC on 4317, beside the port that serves everything.
//
// Errors   listen: an address that is not loopback; one that was asked for and is taken. A default port that is taken is said, not an
//          error: the main port takes OTLP too.
// Threads  one owner. REQUIRES: the parts outlive it.
// Source   ingest-formats.md (ports); OTLP specification, "OTLP/HTTP" and "OTLP/gRPC".
#pragma once

#include <memory>

#include "auth/key_store.h"
#include "auth/webhook_sources.h"
#include "ingest/otlp_endpoint.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "server/options.h"

namespace aybiza {

class OtlpListeners {
 public:
  struct Parts {
    OtlpEndpoint* otlp = nullptr;
    auth::KeyStore* keys = nullptr;
    auth::WebhookSources* sources = nullptr;
    const Clock* clock = nullptr;
    Budget* budget = nullptr;
  };
  explicit OtlpListeners(Parts parts) : parts_(parts) {}

  Status listen(const ServeOptions& options);
  void stop();
  std::string http_address() const { return http_ ? http_->addresses().front() : std::string(); }  // empty: does not listen
  std::string grpc_address() const { return grpc_ ? grpc_->address() : std::string(); }

 private:
  Status listen_for_http(const ServeOptions& options);
  Status listen_for_grpc(const ServeOptions& options);

  const Parts parts_;
  std::unique_ptr<net::HttpServer> http_;
  std::unique_ptr<net::GrpcServer> grpc_;
};

}  // namespace aybiza
