#include "auth/api_key.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <vector>

#include "auth/watched_file.h"
#include "base/check.h"

namespace aybiza::auth {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t key_digits = 43;  // 62^43 > 2^256

std::string time_text(const std::optional<Instant>& t) { return t ? format_rfc3339(*t) : "-"; }

// "-" is none; nullopt is not a time.
std::optional<std::optional<Instant>> parse_time(std::string_view text) {
  if (text == "-") return std::optional<Instant>();
  const auto t = parse_rfc3339(text);
  if (!t) return std::nullopt;
  return t;
}

}  // namespace

std::string digest_text(const KeyDigest& digest) {
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

std::optional<KeyDigest> parse_digest(std::string_view text) {
  KeyDigest out{};
  std::size_t count = 0;
  if (text.size() != 2 * out.size() ||
      sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &count, nullptr) != 0 ||
      count != out.size()) {
    return std::nullopt;
  }
  return out;
}

std::string random_base62(std::size_t count) {
  CHECK(sodium_init() >= 0);
  std::string out;
  // randombytes_uniform has no modulo bias, so each digit carries log2(62) bits.
  for (std::size_t i = 0; i < count; ++i) out += digits[randombytes_uniform(static_cast<std::uint32_t>(digits.size()))];
  return out;
}

std::string generate_key_text(Scope scope) { return fmt::format("aybiza_{}_{}", to_string(scope), random_base62(key_digits)); }

KeyDigest digest_of(std::string_view key_text) {
  KeyDigest out{};
  std::string bytes(key_text);
  crypto_hash_sha256(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  sodium_memzero(bytes.data(), bytes.size());
  return out;
}

std::string to_line(const ApiKey& key) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", key.id, digest_text(key.digest), key.customer, to_string(key.scope),
                     format_rfc3339(key.created), time_text(key.expires), time_text(key.revoked), key.name);
}

std::optional<ApiKey> parse_key_line(std::string_view line) {
  const auto part = split_line(line);
  if (part.size() != 8 || part[0].empty() || part[2].empty()) return std::nullopt;
  const auto digest = parse_digest(part[1]);
  const auto scope = parse_scope(part[3]);
  const auto created = parse_rfc3339(part[4]);
  const auto expires = parse_time(part[5]), revoked = parse_time(part[6]);
  if (!digest || !scope || !created || !expires || !revoked) return std::nullopt;
  return ApiKey{.id = std::string(part[0]), .digest = *digest, .customer = std::string(part[2]), .scope = *scope,
                .created = *created, .expires = *expires, .revoked = *revoked, .name = std::string(part[7])};
}

}  // namespace aybiza::auth
