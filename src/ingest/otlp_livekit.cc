#include "ingest/otlp_livekit.h"

#include "auth/livekit_token.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view vendor = "livekit";

// The source whose secret signed the token.
std::optional<auth::Authz> sender_of(const net::Request& request, auth::WebhookSources& sources, Instant now) {
  const auto token = auth::bearer_token(request.header("Authorization"));
  if (!token) return std::nullopt;
  (void)sources.find(vendor, "", now);  // nobody's token: it only makes the table look at its file
  for (const auth::WebhookSource& source : sources.list())
    if (source.vendor == vendor && auth::verify_livekit_upload(*token, source.key, source.secret, now) == auth::Verdict::good)
      return auth::Authz::of(source.customer, auth::Scope::ingest, source.id, source.name.empty() ? std::string(vendor) : source.name);
  return std::nullopt;
}

}  // namespace

Status add_livekit_routes(net::Router& router, OtlpEndpoint& endpoint, auth::WebhookSources& sources, const Clock& clock) {
  for (const OtlpSignal signal : {OtlpSignal::traces, OtlpSignal::metrics, OtlpSignal::logs}) {
    const auto handler = [signal, &endpoint, &sources, &clock](net::RequestPtr request, net::Responder respond) {
      const auto sender = sender_of(*request, sources, clock.now());
      if (sender) return endpoint.take(signal, std::move(request), *sender, std::move(respond));
      const auto encoding = parse_otlp_content_type(request->header("Content-Type")).value_or(OtlpEncoding::protobuf);
      respond(net::Response::text(401, otlp_failure(encoding, 401, "the token is not signed with the secret of a livekit source: `aybiza source add --vendor livekit`"),
                                  std::string(content_type_of(encoding)))
                  .with("WWW-Authenticate", "Bearer"));
    };
    AYBIZA_TRY(router.add({.method = net::Method::post,
                           .pattern = fmt::format("/observability/{}/otlp/v0", to_string(signal)),
                           .policy = net::Policy::ingest,
                           .body_limit = limits::body_unpacked_bytes,
                           .handler = handler,
                           .websocket = {}}));
  }
  return {};
}

}  // namespace aybiza
