// The server's secret: 32 random bytes in a file of its data directory, and the keys derived from it.
//
// Shape    one file `<data>/secret`, mode 0600, made at the first start. Every use derives its own key by name, so a
//          session cookie can never pass for a PII token.
// Errors   io: cannot be read or made; corrupt: not 32 bytes in hexadecimal; unauthorized: others may read the file.
// Threads  a value; none. load_or_create may race with another process: both get the same secret.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace aybiza::auth {

using KeyBytes = std::array<unsigned char, 32>;

class Secret {
 public:
  static Result<Secret> load_or_create(const std::filesystem::path& data_dir, std::string_view name = "secret");

  // HMAC-SHA-256 of `purpose` under the secret: "session", "pii/<customer>", ...
  KeyBytes derive(std::string_view purpose) const;

 private:
  explicit Secret(const KeyBytes& bytes) : bytes_(bytes) {}
  KeyBytes bytes_{};
};

// HMAC-SHA-256 of `text` under `key`.
KeyBytes keyed_hash(const KeyBytes& key, std::string_view text);

}  // namespace aybiza::auth
