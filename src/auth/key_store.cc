#include "auth/key_store.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "auth/file.h"
#include "base/check.h"
#include "base/limits.h"

namespace aybiza::auth {

struct KeyStore::FileStamp {
  std::int64_t mtime_ns = 0, bytes = 0;
  std::uint64_t inode = 0;  // 0: no file
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

namespace {

std::uint64_t first_eight(const KeyDigest& digest) {
  std::uint64_t out;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

template <typename Stamp>
Stamp stamp_of(const std::filesystem::path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0) return {};
  return {s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec, s.st_size, s.st_ino};
}

// Text that can stand between tabs and newlines.
bool line_text(std::string_view text) {
  return text.size() <= limits::id_bytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::vector<ApiKey>> parse_file(std::string_view bytes, const std::filesystem::path& file) {
  std::vector<ApiKey> out;
  for (std::size_t number = 1; !bytes.empty(); ++number) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.empty() || line.starts_with('#')) continue;
    auto key = parse_key_line(line);
    if (!key) return fail(Code::corrupt, "{} line {} is not a key: restore the file or remove the line", file.string(), number);
    out.push_back(std::move(*key));
  }
  return out;
}

std::string print_file(const std::vector<ApiKey>& keys) {
  std::string out = "# id\tsha256\tcustomer\tscope\tcreated\texpires\trevoked\tname\n";
  for (const ApiKey& key : keys) {
    out += to_line(key);
    out += '\n';
  }
  return out;
}

}  // namespace

// What was in the file at one moment. Immutable once shared.
struct KeyStore::Table {
  FileStamp stamp;
  std::vector<ApiKey> keys;
  std::unordered_multimap<std::uint64_t, std::size_t> by_digest;  // first eight bytes -> index

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
    table->stamp = stamp_of<FileStamp>(file);  // before the read: a change in between is noticed next time
    auto bytes = read_file(file);
    if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
    auto keys = parse_file(bytes ? *bytes : std::string(), file);
    if (!keys) return std::unexpected(keys.error());
    table->keys = std::move(*keys);
    for (std::size_t i = 0; i < table->keys.size(); ++i) table->by_digest.emplace(first_eight(table->keys[i].digest), i);
    return table;
  }

  // The map is keyed by a digest nobody can aim at; the rest is compared in constant time.
  const ApiKey* find(const KeyDigest& digest) const {
    const auto [begin, end] = by_digest.equal_range(first_eight(digest));
    for (auto at = begin; at != end; ++at) {
      const ApiKey& key = keys[at->second];
      if (sodium_memcmp(key.digest.data(), digest.data(), digest.size()) == 0) return &key;
    }
    return nullptr;
  }
};

KeyStore::KeyStore(std::filesystem::path data_dir) : file_(data_dir / "keys"), lock_file_(data_dir / "keys.lock") {
  CHECK(sodium_init() >= 0);
}
KeyStore::~KeyStore() = default;

Result<std::unique_ptr<KeyStore>> KeyStore::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<KeyStore> store(new KeyStore(data_dir));
  AYBIZA_TRY(store->reload());
  return store;
}

std::shared_ptr<const KeyStore::Table> KeyStore::table() const {
  std::lock_guard lock(mutex_);
  return table_;
}

Status KeyStore::reload() {
  auto fresh = Table::read(file_);
  if (!fresh) return std::unexpected(fresh.error());
  std::lock_guard lock(mutex_);
  table_ = std::move(*fresh);
  return {};
}

void KeyStore::reload_if_changed(Instant now) {
  std::int64_t due = next_look_micros_.load(std::memory_order_relaxed);
  const std::int64_t micros = to_micros(now);
  // Relaxed: this only elects one thread per second; the table itself is guarded by the mutex.
  if (micros < due && due - micros <= 1'000'000) return;
  if (!next_look_micros_.compare_exchange_strong(due, micros + 1'000'000, std::memory_order_relaxed)) return;
  if (stamp_of<FileStamp>(file_) == table()->stamp) return;
  (void)reload();  // a damaged file: the keys that were good stay good, the next second tries again
}

template <typename Change>
Status KeyStore::rewrite(Change&& change) {
  auto lock = FileLock::acquire(lock_file_);
  if (!lock) return std::unexpected(lock.error());
  AYBIZA_TRY(reload());
  std::vector<ApiKey> keys = table()->keys;
  AYBIZA_TRY(change(keys));
  AYBIZA_TRY(replace_file(file_, print_file(keys), 0600));
  return reload();
}

Result<KeyStore::Created> KeyStore::create(NewKey wanted, Instant now) {
  if (wanted.customer.empty() || !line_text(wanted.customer)) {
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters", limits::id_bytes);
  }
  if (!line_text(wanted.name)) return fail(Code::invalid, "a name is at most {} bytes without control characters", limits::id_bytes);
  Created out{.text = generate_key_text(wanted.scope), .key = {}};
  out.key = {.id = random_base62(12), .digest = digest_of(out.text), .customer = std::move(wanted.customer),
             .scope = wanted.scope, .created = now, .expires = wanted.expires, .revoked = std::nullopt,
             .name = std::move(wanted.name)};
  AYBIZA_TRY(rewrite([&](std::vector<ApiKey>& keys) -> Status {
    const auto same = std::ranges::count(keys, out.key.customer, &ApiKey::customer);
    if (static_cast<std::size_t>(same) >= limits::keys_per_customer) {
      return fail(Code::too_large, "customer {} has {} keys already", out.key.customer, same);
    }
    keys.push_back(out.key);
    return {};
  }));
  return out;
}

Status KeyStore::revoke(std::string_view key_id, Instant now) {
  return rewrite([&](std::vector<ApiKey>& keys) -> Status {
    const auto at = std::ranges::find(keys, key_id, &ApiKey::id);
    if (at == keys.end()) return fail(Code::not_found, "there is no key {}", key_id);
    if (!at->revoked) at->revoked = now;
    return {};
  });
}

std::vector<ApiKey> KeyStore::list() const { return table()->keys; }

Result<Authz> KeyStore::authenticate(std::string_view key_text, Instant now) {
  reload_if_changed(now);
  const auto keys = table();
  const ApiKey* key = key_text.size() <= limits::id_bytes ? keys->find(digest_of(key_text)) : nullptr;
  if (key == nullptr || !key->usable(now)) return fail(Code::unauthorized, "this key is not known or not valid any more");
  return Authz::of(key->customer, key->scope, key->id, key->name);
}

}  // namespace aybiza::auth
