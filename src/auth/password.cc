#include "auth/password.h"

#include <sodium.h>

#include "base/check.h"
#include "auth/sign_in_limits.h"

namespace aybiza::auth {
namespace {

constexpr unsigned long long passes = 2;
constexpr std::size_t memory_bytes = 19 * limits::MiB;

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  CHECK(sodium_init() >= 0);
  if (password.size() < limits::password_least) return fail(Code::invalid, "a password has at least {} bytes; a few words will do", limits::password_least);
  if (password.size() > limits::password_most) return fail(Code::invalid, "a password has at most {} bytes", limits::password_most);
  char out[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(out, password.data(), password.size(), passes, memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Code::unavailable, "no memory to hash a password ({} MiB)", memory_bytes / limits::MiB);
  return std::string(out);
}

bool verify_password(const std::string& hash, std::string_view password) {
  CHECK(sodium_init() >= 0);
  if (hash.size() >= crypto_pwhash_STRBYTES || password.size() > limits::password_most) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool verify_nobody(std::string_view password) {
  static const std::string hash = *hash_password("a password nobody has");
  return verify_password(hash, password) && false;
}

}  // namespace aybiza::auth
