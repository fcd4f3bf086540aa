#include "auth/livekit_token.h"

#include <sodium.h>

#include "auth/jwt_claims.h"

namespace aybiza::auth {

Verdict verify_livekit_upload(std::string_view token, std::string_view api_key, std::string_view api_secret, Instant now) {
  if (token.empty()) return Verdict::missing;
  const std::size_t last = token.rfind('.');
  if (last == std::string_view::npos) return Verdict::malformed;
  const auto signature = from_base64(token.substr(last + 1), true);
  if (!signature) return Verdict::malformed;
  // The signature first: nothing of the token is believed before.
  const std::string expected = hmac(HashAlgorithm::sha256, api_secret, token.substr(0, last));
  if (api_secret.empty() || signature->size() != expected.size() || sodium_memcmp(signature->data(), expected.data(), expected.size()) != 0)
    return Verdict::mismatch;
  const auto claims = read_jwt(token.substr(0, last));
  if (!claims || claims->algorithm != "HS256") return Verdict::malformed;
  if ((!api_key.empty() && claims->issuer != api_key) || !claims->may_write_observability) return Verdict::mismatch;
  constexpr std::int64_t leeway = 60;  // clocks differ
  const std::int64_t seconds = to_micros(now) / 1'000'000;
  const bool too_late = !claims->expires || seconds > *claims->expires + leeway;
  const bool too_early = claims->not_before && seconds + leeway < *claims->not_before;
  return too_late || too_early ? Verdict::expired : Verdict::good;
}

}  // namespace aybiza::auth
