#include "ingest/sealed_box.h"

#include <sodium.h>

#include <cstring>

#include "base/check.h"

namespace aybiza::sealed_box {
namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string bytes_of(const Id& id) {
  std::string out(id_bytes, '\0');
  std::memcpy(out.data(), &id.high, 8);
  std::memcpy(out.data() + 8, &id.low, 8);
  return out;
}
Id id_of(std::string_view bytes) {
  CHECK(bytes.size() >= id_bytes);
  Id id;
  std::memcpy(&id.high, bytes.data(), 8);
  std::memcpy(&id.low, bytes.data() + 8, 8);
  return id;
}

std::string hex(std::string_view bytes) {
  std::string out(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), raw(bytes), bytes.size());
  out.pop_back();
  return out;
}
std::optional<std::string> unhex(std::string_view text) {
  std::string out(text.size() / 2, '\0');
  std::size_t size = 0;
  if (text.size() % 2 != 0 || sodium_hex2bin(raw(out), out.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 || size != out.size())
    return std::nullopt;
  return out;
}
std::optional<Id> parse_hex_id(std::string_view text) {
  const auto bytes = unhex(text);
  return bytes && bytes->size() == id_bytes ? std::optional(id_of(*bytes)) : std::nullopt;
}

std::string encrypt(const auth::KeyBytes& key, const Id& id, std::string_view text) {
  const std::string about = bytes_of(id);
  std::string out(nonce_bytes + text.size() + tag_bytes, '\0');
  randombytes_buf(out.data(), nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(out) + nonce_bytes, nullptr, raw(text), text.size(), raw(about), about.size(), nullptr, raw(out), key.data());
  return out;
}
std::optional<std::string> decrypt(const auth::KeyBytes& key, const Id& id, std::string_view box) {
  if (box.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const std::string about = bytes_of(id);
  std::string out(box.size() - nonce_bytes - tag_bytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(out), nullptr, nullptr, raw(box) + nonce_bytes, box.size() - nonce_bytes, raw(about), about.size(),
                                                 raw(box), key.data()) != 0)
    return std::nullopt;
  return out;
}

}  // namespace aybiza::sealed_box
