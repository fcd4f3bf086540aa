#include "ingest/authorize.h"

#include <any>

namespace aybiza {
namespace {

std::unexpected<net::Response> unauthorized(std::string_view message) {
  return std::unexpected(net::Response::error(401, "unauthorized", message).with("WWW-Authenticate", "Bearer"));
}

}  // namespace

std::expected<auth::Authz, net::Response> authorize_ingest(const net::Request& request, const IngestTrust& trust,
                                                           Instant now) {
  const auto may_ingest = [](auth::Authz authz) -> std::expected<auth::Authz, net::Response> {
    if (authz.may(auth::Scope::ingest)) return authz;
    return std::unexpected(net::Response::error(403, "forbidden", "this key may not send events: it needs scope ingest"));
  };
  if (const auto* known = std::any_cast<auth::Authz>(&request.identity)) return may_ingest(*known);  // the guard's work
  const std::string_view header = request.header("Authorization");
  const std::string_view api_key = request.header("x-api-key");  // what exporters of other formats can set more easily
  if (header.empty() && api_key.empty()) {
    if (trust.insecure_loopback && request.peer.loopback) return auth::Authz::insecure_loopback();
    return unauthorized("send Authorization: Bearer <ingest key>; `aybiza key create` makes one");
  }
  std::optional<std::string> token;
  if (header.empty()) token = api_key;
  else if (const auto bearer = auth::bearer_token(header)) token = *bearer;
  else token = auth::basic_password(header);
  if (!token) return unauthorized("Authorization must be Bearer <ingest key>, or Basic with the key as password");
  if (trust.keys != nullptr)
    if (const auto authz = trust.keys->authenticate(*token, now)) return may_ingest(*authz);
  return unauthorized("the key is unknown, revoked or expired");
}

}  // namespace aybiza
