// The API keys of a data directory: created, revoked and looked up, also by two processes at once.
//
// Shape    one file, `<data>/keys`, one line per key (api_key.h). A writer takes `<data>/keys.lock`, writes a new file,
//          fsyncs and renames it. A server looks at the file's mtime, inode and size at most once a second, so
//          `aybiza key create` and `key revoke` beside it work within a second.
// Errors   io: the file cannot be read or written; corrupt: a line is not a key, with its number. A reader that meets
//          either keeps the keys it had. authenticate: unauthorized, without saying which half was wrong.
// Cost     authenticate is one SHA-256, one hash look-up, one constant-time compare.
// Threads  any; a lock is held to copy a pointer, never during i/o.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_key.h"
#include "auth/authz.h"
#include "auth/watched_file.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza::auth {

class KeyStore {
 public:
  // A directory without a key file is a store without keys.
  static Result<std::unique_ptr<KeyStore>> open(const std::filesystem::path& data_dir);
  ~KeyStore();
  KeyStore(const KeyStore&) = delete;  // share a reference
  KeyStore& operator=(const KeyStore&) = delete;

  struct NewKey {
    std::string customer;  // "*" is the platform
    Scope scope = Scope::ingest;
    std::string name;
    std::optional<Instant> expires;
  };
  struct Created {
    std::string text;  // shown once
    ApiKey key;
  };
  Result<Created> create(NewKey wanted, Instant now);
  Status revoke(std::string_view key_id, Instant now);

  std::vector<ApiKey> list(Instant now);

  Result<Authz> authenticate(std::string_view key_text, Instant now);
  // When a key last let somebody in; empty: not since this store was opened.
  std::optional<Instant> last_used(std::string_view key_id) const;

 private:
  struct Table;
  explicit KeyStore(const std::filesystem::path& data_dir);

  WatchedFile<Table> file_;
  mutable std::mutex used_mutex_;  // guards used_
  std::map<std::string, Instant, std::less<>> used_;
};

}  // namespace aybiza::auth
