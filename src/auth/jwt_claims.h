// Header and claims of a JWT in compact form. Reading is not verifying: check the signature first.
//
// Errors   nullopt: not two parts of base64url, or no JSON objects.
// Threads  pure; any.
// Source   RFC 7515 section 3.1; RFC 7519 section 4.1; ingest-formats.md 4.1, 4.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aybiza::auth {

struct JwtClaims {
  std::string algorithm, issuer, subject, body_sha256;  // alg, iss, sub, sha256
  std::optional<std::int64_t> expires, not_before;      // exp, nbf: seconds since 1970
  bool may_write_observability = false;                 // observability.write
};

// `head_and_payload`: the token up to its last dot.
std::optional<JwtClaims> read_jwt(std::string_view head_and_payload);

}  // namespace aybiza::auth
