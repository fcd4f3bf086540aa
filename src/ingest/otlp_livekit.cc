#include "ingest/otlp_livekit.h"

#include <expected>

#include "auth/livekit_token.h"
#include "base/limits.h"
#include "codec/livekit_recording.h"

namespace aybiza {
namespace {

constexpr std::string_view vendor = "livekit";

constexpr std::string_view no_sender =
    "the token is not signed with the secret of a livekit source (`aybiza source add --vendor livekit`), names another API key than that source, or lacks the claim observability.write";
constexpr std::string_view out_of_time = "the token has expired or is not valid yet: check the sender's clock and this machine's";

// The source whose secret signed the token, or why there is none.
std::expected<auth::Authz, std::string_view> sender_of(const net::Request& request, auth::WebhookSources& sources, Instant now) {
  const auto token = auth::bearer_token(request.header("Authorization"));
  if (!token) return std::unexpected(no_sender);
  (void)sources.find(vendor, "", now);  // nobody's token: it only makes the table look at its file
  std::string_view why = no_sender;
  for (const auth::WebhookSource& source : sources.list()) {
    if (source.vendor != vendor) continue;
    const auth::Verdict verdict = auth::verify_livekit_upload(*token, source.key, source.secret, now);
    if (verdict == auth::Verdict::good)
      return auth::Authz::of(source.customer, auth::Scope::ingest, source.id, source.name.empty() ? std::string(vendor) : source.name);
    if (verdict == auth::Verdict::expired) why = out_of_time;
  }
  return std::unexpected(why);
}

void refuse(int status, std::string_view why, std::string_view content_type, net::Responder& respond) {
  const auto encoding = parse_otlp_content_type(content_type).value_or(OtlpEncoding::protobuf);
  respond(net::Response::text(status, otlp_failure(encoding, status, why), std::string(content_type_of(encoding))).with("WWW-Authenticate", "Bearer"));
}

net::Route route(std::string pattern, net::Handler handler) {
  return {.method = net::Method::post,
          .pattern = std::move(pattern),
          .policy = net::Policy::ingest,
          .body_limit = limits::body_unpacked_bytes,
          .handler = std::move(handler),
          .websocket = {}};
}

}  // namespace

Status add_livekit_routes(net::Router& router, OtlpEndpoint& endpoint, auth::WebhookSources& sources, const Clock& clock) {
  for (const OtlpSignal signal : {OtlpSignal::traces, OtlpSignal::metrics, OtlpSignal::logs}) {
    const auto handler = [signal, &endpoint, &sources, &clock](net::RequestPtr request, net::Responder respond) {
      const auto sender = sender_of(*request, sources, clock.now());
      if (sender) return endpoint.take(signal, std::move(request), *sender, std::move(respond));
      refuse(401, sender.error(), request->header("Content-Type"), respond);
    };
    AYBIZA_TRY(router.add(route(fmt::format("/observability/{}/otlp/v0", to_string(signal)), handler)));
  }
  return router.add(route("/observability/recordings/v0", [&endpoint, &sources, &clock](net::RequestPtr request, net::Responder respond) {
    const Instant now = clock.now();
    const auto sender = sender_of(*request, sources, now);
    if (!sender) return refuse(401, sender.error(), {}, respond);
    auto logs = logs_of_recording(request->header("Content-Type"), request->body, now);
    if (!logs) return refuse(400, logs.error().message, {}, respond);
    auto records = std::make_shared<net::Request>();
    records->method = net::Method::post;
    records->headers.push_back({"Content-Type", "application/json"});
    records->body = std::move(*logs);
    records->peer = request->peer;
    request.reset();  // with the audio
    endpoint.take(OtlpSignal::logs, std::move(records), *sender, std::move(respond));
  }));
}

}  // namespace aybiza
