#include "server/key_commands.h"

#include <fmt/format.h>

#include "auth/key_store.h"
#include "base/clock.h"

namespace aybiza {
namespace {

Result<std::unique_ptr<auth::KeyStore>> open_keys(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", data.string(), error.message());
  return auth::KeyStore::open(data);
}

int complain(const Error& error) {
  fmt::print(stderr, "aybiza key: {}\n", error.message);
  return 1;
}

}  // namespace

int run_key_create(const NewKeyOptions& options) {
  const auto scope = auth::parse_scope(options.scope);
  if (!scope) {
    fmt::print(stderr, "aybiza key: '{}' is not a scope: give ingest, read or admin\n", options.scope);
    return 2;
  }
  auto keys = open_keys(options.data);
  if (!keys) return complain(keys.error());
  const SystemClock clock;
  std::optional<Instant> expires;
  if (options.expires_days > 0) expires = clock.now() + Duration(std::int64_t(options.expires_days * 86'400e6));
  const auto made = (*keys)->create({options.customer, *scope, options.name, expires}, clock.now());
  if (!made) return complain(made.error());
  // The key alone goes to stdout, so that a script can keep it; it is shown once.
  fmt::print(stderr, "key {} for {} ({}); it is shown once:\n", made->key.id, options.customer == "*" ? "the platform" : options.customer, options.scope);
  fmt::print("{}\n", made->text);
  return 0;
}

int run_key_list(const std::filesystem::path& data) {
  auto keys = open_keys(data);
  if (!keys) return complain(keys.error());
  for (const auth::ApiKey& key : (*keys)->list(SystemClock().now()))
    fmt::print("{}  {:<7} {:<20} {}  {}{}\n", key.id, to_string(key.scope), key.customer, format_rfc3339(key.created), key.name,
               key.revoked ? "  revoked" : "");
  return 0;
}

int run_key_revoke(const std::filesystem::path& data, const std::string& id) {
  auto keys = open_keys(data);
  if (!keys) return complain(keys.error());
  const SystemClock clock;
  if (auto done = (*keys)->revoke(id, clock.now()); !done) return complain(done.error());
  fmt::print("key {} is revoked; a running server notices within a second\n", id);
  return 0;
}

}  // namespace aybiza
