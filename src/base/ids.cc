#include "base/ids.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <xxhash.h>

#include "base/check.h"

namespace aybiza {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Id from_bytes(const unsigned char* bytes) {
  Id id;
  for (int i = 0; i < 8; ++i) id.high = id.high << 8 | bytes[i];
  for (int i = 8; i < 16; ++i) id.low = id.low << 8 | bytes[i];
  return id;
}

}  // namespace

std::string to_string(const Id& id) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high >> 32, id.high >> 16 & 0xFFFF, id.high & 0xFFFF,
                     id.low >> 48, id.low & 0xFFFF'FFFF'FFFF);
}

std::optional<Id> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Id id;
  int nibbles = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    std::uint64_t& half = nibbles++ < 16 ? id.high : id.low;
    half = half << 4 | std::uint64_t(digit);
  }
  return id;
}

Id hash128(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.high64, hash.low64};
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Id uuid_v5(std::string_view name) {
  // Our namespace: the UUIDv5 of "aybiza.analytics" in the DNS namespace of RFC 9562, fixed for ever.
  static constexpr unsigned char name_space[16] = {0x5b, 0x1f, 0x2c, 0x0e, 0x7a, 0x0d, 0x5c, 0x7e,
                                                   0x9c, 0x51, 0x2f, 0x86, 0x4d, 0x5e, 0x0a, 0x31};
  std::string input(reinterpret_cast<const char*>(name_space), sizeof name_space);
  input += name;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x50);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);
  return from_bytes(digest);
}

Id external_id(std::string_view customer, std::string_view kind, std::string_view vendor, std::string_view text) {
  if (const auto uuid = parse_uuid(text)) return *uuid;
  std::string name;
  name.reserve(customer.size() + kind.size() + vendor.size() + text.size() + 3);
  name.append(customer).append("|").append(kind).append("|").append(vendor).append("|").append(text);
  return uuid_v5(name);
}

Id random_id() {
  unsigned char bytes[16];
  CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
  return from_bytes(bytes);
}

}  // namespace aybiza
