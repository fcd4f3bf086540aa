// A text that only the holder of a key can read, bound to the id it is kept under; ids and bytes as text for the file of keys.
//
// Shape    [nonce 24][text and its tag 16+]; what is sealed under one id does not open under another.
// Errors   decrypt(): nullopt for bytes that encrypt() did not make with this key and id.
// Threads  pure, but for the system's random bytes.
// Source   draft-irtf-cfrg-xchacha-03 (XChaCha20-Poly1305, libsodium).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/secret.h"
#include "base/ids.h"

namespace aybiza::sealed_box {

std::string encrypt(const auth::KeyBytes& key, const Id& id, std::string_view text);
std::optional<std::string> decrypt(const auth::KeyBytes& key, const Id& id, std::string_view box);

inline constexpr std::size_t id_bytes = 16;
std::string bytes_of(const Id& id);
Id id_of(std::string_view bytes);  // REQUIRES: id_bytes of them

std::string hex(std::string_view bytes);
std::optional<std::string> unhex(std::string_view text);
std::optional<Id> parse_hex_id(std::string_view text);

}  // namespace aybiza::sealed_box
