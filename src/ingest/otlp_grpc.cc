#include "ingest/otlp_grpc.h"

#include "base/limits.h"
#include "codec/otlp_answer.h"

namespace aybiza {
namespace {

constexpr std::string_view unavailable = "14";

struct Method {
  OtlpSignal signal;
  std::string_view pattern;
};
constexpr Method methods[] = {{OtlpSignal::traces, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
                              {OtlpSignal::metrics, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"},
                              {OtlpSignal::logs, "/opentelemetry.proto.collector.logs.v1.LogsService/Export"}};

// Failures of OTLP/HTTP have the code and the text of gRPC's status in their body.
class GrpcResponder final : public net::Responder::Sink {
 public:
  explicit GrpcResponder(net::Responder respond) : respond_(std::move(respond)) {}
  void deliver(net::Response response) override {
    if (response.status != 200) {
      const auto* body = std::get_if<std::string>(&response.body);
      const auto status = body ? read_otlp_failure(*body) : std::nullopt;
      const bool again = response.status == 429 || response.status == 503;
      if (status || again) response.headers.push_back({"grpc-status", again ? std::string(unavailable) : std::to_string(status->code)});
      if (status) response.headers.push_back({"grpc-message", status->message});
    }
    respond_(std::move(response));
  }
  bool client_gone() const override { return respond_.client_gone(); }

 private:
  net::Responder respond_;
};

net::Handler handler_of(OtlpEndpoint& endpoint, OtlpSignal signal) {
  return [&endpoint, signal](net::RequestPtr request, net::Responder respond) {
    endpoint.handle(signal, std::move(request), net::Responder(std::make_shared<GrpcResponder>(std::move(respond))));
  };
}

}  // namespace

Status add_grpc_routes(net::Router& router, OtlpEndpoint& endpoint) {
  for (const Method& method : methods)
    AYBIZA_TRY(router.add({.method = net::Method::post, .pattern = std::string(method.pattern), .policy = net::Policy::ingest,
                           .body_limit = limits::body_unpacked_bytes, .handler = handler_of(endpoint, method.signal), .websocket = {}}));
  return {};
}

}  // namespace aybiza
