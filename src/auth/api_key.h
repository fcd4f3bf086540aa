// An API key: what the customer holds, and the line the server keeps of it.
//
// Shape    the key is "aybiza_<scope>_<43 base62 digits of 32 random bytes>". It has 256 bits of entropy, so a plain
//          SHA-256 of it is stored and no slow hash; the key itself is shown once and kept nowhere.
//          A line is tab separated: id, sha256, customer, scope, created, expires, revoked, name.
// Errors   parse_key_line: nullopt for anything that is not such a line.
// Threads  values; none.
// Source   reliability.md 3.4, point 26.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/authz.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza::auth {

using KeyDigest = std::array<unsigned char, 32>;

struct ApiKey {
  std::string id;        // 12 base62 digits, for lists and revocation
  KeyDigest digest{};    // SHA-256 of the key
  std::string customer;  // "*" is the platform
  Scope scope = Scope::ingest;
  Instant created;
  std::optional<Instant> expires, revoked;
  std::string name;

  bool usable(Instant now) const { return !revoked && (!expires || now < *expires); }
};

std::string generate_key_text(Scope scope);
std::string random_base62(std::size_t digits);
KeyDigest digest_of(std::string_view key_text);
std::string digest_text(const KeyDigest& digest);  // hexadecimal
std::optional<KeyDigest> parse_digest(std::string_view text);

std::string to_line(const ApiKey& key);
std::optional<ApiKey> parse_key_line(std::string_view line);

}  // namespace aybiza::auth
