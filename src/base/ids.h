// 128-bit identities: UUIDs, event ids and batch hashes.
//
// Shape    Id is 16 bytes, big-endian text order, so that sorting ids sorts their text. A UUID text is kept as it is;
//          other text becomes a UUIDv5 in the namespace that `name_id` documents.
// Cost     parse and print without allocation but for the returned string; hash128 is XXH3, about 10 GB/s.
// Threads  values; none.
// Source   RFC 9562 section 5.5 (UUIDv5); XXH3-128.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aybiza {

struct Id {
  std::uint64_t high = 0, low = 0;
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
  constexpr bool empty() const { return high == 0 && low == 0; }
};

std::string to_string(const Id& id);  // "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
std::optional<Id> parse_uuid(std::string_view text);  // 36 characters, any case; else nullopt

Id hash128(std::string_view bytes, std::uint64_t seed = 0);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// UUIDv5 of `name` in AYBIZA's own namespace.
Id uuid_v5(std::string_view name);

// decisions.md 14: a UUID text is the id itself; other text is UUIDv5 over "<customer>|<kind>|<vendor>|<text>".
Id external_id(std::string_view customer, std::string_view kind, std::string_view vendor, std::string_view text);

// Cryptographically random bytes: session ids, salts, keys.
Id random_id();

struct IdHash {
  std::size_t operator()(const Id& id) const noexcept { return std::size_t(id.low ^ (id.high * 0x9E3779B97F4A7C15u)); }
};

}  // namespace aybiza

template <>
struct std::hash<aybiza::Id> : aybiza::IdHash {};
