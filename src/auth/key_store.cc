#include "auth/key_store.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "auth/file.h"
#include "base/check.h"
#include "base/limits.h"

namespace aybiza::auth {

namespace {

std::uint64_t first_eight(const KeyDigest& digest) {
  std::uint64_t out;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

Result<std::vector<ApiKey>> parse_file(std::string_view bytes, const std::filesystem::path& file) {
  std::vector<ApiKey> out;
  AYBIZA_TRY(each_line(file, bytes, "key", [&](std::string_view line) {
    auto key = parse_key_line(line);
    if (key) out.push_back(std::move(*key));
    return bool(key);
  }));
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
  std::vector<ApiKey> keys;
  std::unordered_multimap<std::uint64_t, std::size_t> by_digest;  // first eight bytes -> index

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
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

KeyStore::KeyStore(const std::filesystem::path& data_dir) : file_(data_dir / "keys") { CHECK(sodium_init() >= 0); }
KeyStore::~KeyStore() = default;

Result<std::unique_ptr<KeyStore>> KeyStore::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<KeyStore> store(new KeyStore(data_dir));
  AYBIZA_TRY(store->file_.reload());
  return store;
}

Result<KeyStore::Created> KeyStore::create(NewKey wanted, Instant now) {
  if (wanted.customer.empty() || !line_text(wanted.customer, limits::id_bytes)) {
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters", limits::id_bytes);
  }
  if (!line_text(wanted.name, limits::id_bytes)) return fail(Code::invalid, "a name is at most {} bytes without control characters", limits::id_bytes);
  Created out{.text = generate_key_text(wanted.scope), .key = {}};
  out.key = {.id = random_base62(12), .digest = digest_of(out.text), .customer = std::move(wanted.customer),
             .scope = wanted.scope, .created = now, .expires = wanted.expires, .revoked = std::nullopt,
             .name = std::move(wanted.name)};
  AYBIZA_TRY(file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<ApiKey> keys = table.keys;
    const auto same = std::ranges::count(keys, out.key.customer, &ApiKey::customer);
    if (static_cast<std::size_t>(same) >= limits::keys_per_customer) {
      return fail(Code::too_large, "customer {} has {} keys already", out.key.customer, same);
    }
    keys.push_back(out.key);
    return print_file(keys);
  }));
  return out;
}

Status KeyStore::revoke(std::string_view key_id, Instant now) {
  return file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<ApiKey> keys = table.keys;
    const auto at = std::ranges::find(keys, key_id, &ApiKey::id);
    if (at == keys.end()) return fail(Code::not_found, "there is no key {}", key_id);
    if (!at->revoked) at->revoked = now;
    return print_file(keys);
  });
}

std::vector<ApiKey> KeyStore::list(Instant now) { return file_.look(now)->keys; }

Result<Authz> KeyStore::authenticate(std::string_view key_text, Instant now) {
  const auto keys = file_.look(now);
  const ApiKey* key = key_text.size() <= limits::id_bytes ? keys->find(digest_of(key_text)) : nullptr;
  if (key == nullptr || !key->usable(now)) return fail(Code::unauthorized, "this key is not known or not valid any more");
  {
    const std::lock_guard lock(used_mutex_);
    used_[key->id] = now;  // no more of them than there are keys
  }
  return Authz::of(key->customer, key->scope, key->id, key->name);
}

std::optional<Instant> KeyStore::last_used(std::string_view key_id) const {
  const std::lock_guard lock(used_mutex_);
  const auto at = used_.find(key_id);
  return at == used_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace aybiza::auth
