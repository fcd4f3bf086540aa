#include "auth/secret.h"

#include <sodium.h>
#include <sys/stat.h>

#include "auth/file.h"
#include "base/check.h"

namespace aybiza::auth {
namespace {

std::string to_hex(const KeyBytes& bytes) {
  std::string out(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.back() = '\n';
  return out;
}

std::optional<KeyBytes> parse_hex(std::string_view text) {
  KeyBytes out{};
  std::size_t count = 0;
  if (!text.ends_with('\n') || text.size() != 2 * out.size() + 1) return std::nullopt;
  const int bad = sodium_hex2bin(out.data(), out.size(), text.data(), text.size() - 1, nullptr, &count, nullptr);
  if (bad != 0 || count != out.size()) return std::nullopt;
  return out;
}

Status only_for_us(const std::filesystem::path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0 || (s.st_mode & 077) == 0) return {};
  return fail(Code::unauthorized, "others may read {}: chmod 600 it, and replace it if they did", file.string());
}

}  // namespace

Result<Secret> Secret::load_or_create(const std::filesystem::path& data_dir, std::string_view name) {
  CHECK(sodium_init() >= 0);
  const auto file = data_dir / name;
  auto lock_file = file;
  lock_file += ".lock";
  auto lock = FileLock::acquire(lock_file);  // so that two first starts agree
  if (!lock) return std::unexpected(lock.error());
  AYBIZA_TRY(only_for_us(file));
  auto text = read_file(file);
  if (text) {
    const auto bytes = parse_hex(*text);
    if (!bytes) return fail(Code::corrupt, "{} is not a secret: restore it, or remove it to sign everyone out", file.string());
    return Secret(*bytes);
  }
  if (text.error().code != Code::not_found) return std::unexpected(text.error());
  KeyBytes bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  AYBIZA_TRY(replace_file(file, to_hex(bytes), 0600));
  return Secret(bytes);
}

KeyBytes keyed_hash(const KeyBytes& key, std::string_view text) {
  static_assert(crypto_auth_hmacsha256_BYTES == std::tuple_size_v<KeyBytes>);
  static_assert(crypto_auth_hmacsha256_KEYBYTES == std::tuple_size_v<KeyBytes>);
  KeyBytes out{};
  crypto_auth_hmacsha256(out.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data());
  return out;
}

KeyBytes Secret::derive(std::string_view purpose) const { return keyed_hash(bytes_, purpose); }

}  // namespace aybiza::auth
