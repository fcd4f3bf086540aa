#include "auth/jwt_claims.h"

#include <simdjson.h>

#include "auth/webhook_signature.h"

namespace aybiza::auth {
namespace {

std::string text_of(const simdjson::dom::object& object, std::string_view name) {
  std::string_view out;
  return object.at_key(name).get(out) == simdjson::SUCCESS ? std::string(out) : std::string();
}

std::optional<std::int64_t> seconds_of(const simdjson::dom::object& object, std::string_view name) {
  std::int64_t whole = 0;
  double fraction = 0;
  if (object.at_key(name).get(whole) == simdjson::SUCCESS) return whole;
  if (object.at_key(name).get(fraction) != simdjson::SUCCESS || !(fraction > 0 && fraction < 1e12)) return std::nullopt;
  return std::int64_t(fraction);
}

}  // namespace

std::optional<JwtClaims> read_jwt(std::string_view head_and_payload) {
  const std::size_t dot = head_and_payload.find('.');
  if (dot == std::string_view::npos || head_and_payload.size() > 64 * 1024) return std::nullopt;
  const auto head = from_base64(head_and_payload.substr(0, dot), true), payload = from_base64(head_and_payload.substr(dot + 1), true);
  if (!head || !payload) return std::nullopt;
  simdjson::dom::parser parser;
  if (parser.allocate(64 * 1024, 8) != simdjson::SUCCESS) return std::nullopt;
  JwtClaims out;
  simdjson::dom::object object;
  if (parser.parse(*head).get(object) != simdjson::SUCCESS) return std::nullopt;
  out.algorithm = text_of(object, "alg");
  if (parser.parse(*payload).get(object) != simdjson::SUCCESS) return std::nullopt;
  out.issuer = text_of(object, "iss");
  out.subject = text_of(object, "sub");
  out.body_sha256 = text_of(object, "sha256");
  out.expires = seconds_of(object, "exp");
  out.not_before = seconds_of(object, "nbf");
  simdjson::dom::object grant;
  bool may = false;
  if (object.at_key("observability").get(grant) == simdjson::SUCCESS && grant.at_key("write").get(may) == simdjson::SUCCESS)
    out.may_write_observability = may;
  return out;
}

}  // namespace aybiza::auth
