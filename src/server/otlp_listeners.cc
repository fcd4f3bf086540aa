#include "server/otlp_listeners.h"

#include <fmt/format.h>

#include "ingest/otlp_grpc.h"
#include "ingest/otlp_livekit.h"
#include "server/guard.h"

namespace aybiza {
namespace {

Status only_loopback(std::string_view option, const std::string& listen) {
  if (net::is_loopback_listen(listen)) return {};
  return fail(Code::invalid, "{} {} is not a loopback address: this version has no TLS, so listen on 127.0.0.1 and put a TLS proxy in front", option, listen);
}

}  // namespace

Status OtlpListeners::listen(const ServeOptions& options) {
  AYBIZA_TRY(listen_for_http(options));
  return listen_for_grpc(options);
}

// Exporters look for 4318. Where something else listens there already, that is no reason not to start, unless it was asked for.
Status OtlpListeners::listen_for_http(const ServeOptions& options) {
  if (options.otlp == "off") return {};
  AYBIZA_TRY(only_loopback("--otlp", options.otlp));
  net::Router router;
  AYBIZA_TRY(parts_.otlp->add_routes(router));
  AYBIZA_TRY(add_livekit_routes(router, *parts_.otlp, *parts_.sources, *parts_.clock));
  auto server = net::HttpServer::start({.listen = {options.otlp}, .threads = options.http_threads, .limits = {},
                                        .guard = make_guard(*parts_.keys, options.insecure_loopback, *parts_.clock), .budget = parts_.budget, .extra_headers = {}},
                                       std::move(router));
  if (server) http_ = std::move(*server);
  else if (options.otlp_chosen) return std::unexpected(server.error());
  else fmt::print(stderr, "aybiza: {}; OTLP is taken at {} only (--otlp chooses another address)\n", server.error().message, options.listen);
  return {};
}

// The same for 4317 and gRPC.
Status OtlpListeners::listen_for_grpc(const ServeOptions& options) {
  if (options.otlp_grpc == "off") return {};
  AYBIZA_TRY(only_loopback("--otlp-grpc", options.otlp_grpc));
  net::Router router;
  AYBIZA_TRY(add_grpc_routes(router, *parts_.otlp));
  auto server = net::GrpcServer::start({.listen = options.otlp_grpc, .guard = make_guard(*parts_.keys, options.insecure_loopback, *parts_.clock), .budget = parts_.budget},
                                       std::move(router));
  if (server) grpc_ = std::move(*server);
  else if (options.otlp_grpc_chosen) return std::unexpected(server.error());
  else fmt::print(stderr, "aybiza: {}; OTLP/gRPC is not taken (--otlp-grpc chooses another address)\n", server.error().message);
  return {};
}

void OtlpListeners::stop() {
  if (http_) http_->stop();
  if (grpc_) grpc_->stop();
}

}  // namespace aybiza
