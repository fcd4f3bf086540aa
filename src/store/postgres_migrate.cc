#include "store/postgres_migrate.h"

#include <algorithm>

#include "base/ids.h"

namespace aybiza {
namespace {

Result<std::int64_t> version_of(PostgresConnection& connection) {
  const auto exists = connection.integer("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migrations'");
  if (!exists) return std::unexpected(exists.error());
  if (exists->value_or(0) == 0) return 0;
  const auto version = connection.integer("SELECT max(version) FROM schema_migrations");
  if (!version) return std::unexpected(version.error());
  return version->value_or(0);
}

Status in_transaction(PostgresConnection& connection, const auto& work) {
  AYBIZA_TRY(connection.script("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('aybiza migrations ' || current_schema(), 0))"));
  Status done = work();
  if (done) done = connection.script("COMMIT");
  if (!done) static_cast<void>(connection.rollback());  // the answer is the first failure; the connection is closed next
  return done;
}

// Behind what begins at `at`: a text or name in quotes, a text between two $…$, a comment, or one character.
std::size_t behind(std::string_view script, std::size_t at) {
  const auto after = [&](std::string_view end, std::size_t from) { return std::min(script.size(), std::min(script.find(end, from), script.size()) + end.size()); };
  const std::string_view rest = script.substr(at);
  if (rest[0] == '\'' || rest[0] == '"') return after(rest.substr(0, 1), at + 1);  // one that is doubled begins the next
  if (rest.starts_with("--")) return after("\n", at);
  if (rest.starts_with("/*")) return after("*/", at);
  if (rest[0] != '$') return at + 1;
  const std::size_t tag = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 1);
  return tag == rest.npos || rest[tag] != '$' ? at + 1 : after(rest.substr(0, tag + 1), at + tag + 1);
}

Status run_all(PostgresConnection& connection, std::string_view script, Duration patience) {
  for (const std::string_view statement : statements_of(script)) AYBIZA_TRY(connection.script(std::string(statement), patience));
  return {};
}

// Inside a transaction that holds the lock: another program may have done it meanwhile.
Status run_one(PostgresConnection& connection, const Migration& migration, Instant now) {
  const auto version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  if (*version >= migration.version) return {};
  AYBIZA_TRY(connection.script("CREATE TABLE IF NOT EXISTS schema_migrations "
                               "(version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"));
  AYBIZA_TRY(connection.take_time(limits::postgres_migration));
  AYBIZA_TRY(run_all(connection, migration.text, limits::postgres_migration));
  const auto noted = connection.run("INSERT INTO schema_migrations VALUES ($1, $2, $3)", {std::int64_t(migration.version), migration.name, now});
  return noted ? Status() : Status(std::unexpected(noted.error()));
}

Status make(PostgresConnection& connection, const PublishedView& view) {
  AYBIZA_TRY(connection.script("SAVEPOINT view"));
  if (run_all(connection, view.text, limits::postgres_patience)) return connection.script("RELEASE SAVEPOINT view");
  if (connection.broken()) return fail(Code::unavailable, "the connection was lost");
  const std::string_view name = view.name.substr(view.name.find('_') + 1);  // "01_call_analytics_hourly"
  AYBIZA_TRY(connection.script(fmt::format("ROLLBACK TO SAVEPOINT view; DROP VIEW IF EXISTS {}", name)));
  return run_all(connection, view.text, limits::postgres_patience);
}

}  // namespace

std::vector<std::string_view> statements_of(std::string_view script) {
  std::vector<std::string_view> out;
  std::size_t begin = script.npos;  // of a statement, once something of it has come
  for (std::size_t at = 0, next = 0; at < script.size(); at = next) {
    next = behind(script, at);
    const std::string_view rest = script.substr(at);
    if (rest[0] == ';') {
      if (begin != script.npos) out.push_back(script.substr(begin, at - begin));
      begin = script.npos;
    } else if (begin == script.npos && !rest.starts_with("--") && !rest.starts_with("/*") && rest.find_first_of(" \t\r\n") != 0) {
      begin = at;
    }
  }
  if (begin != script.npos) out.push_back(script.substr(begin));
  return out;
}

Status migrate(PostgresConnection& connection, std::span<const Migration> migrations, Instant now) {
  const auto version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  const std::int64_t known = migrations.empty() ? 0 : migrations.back().version;
  if (*version > known)
    return fail(Code::unsupported,
                "the database has schema version {}, this program knows {}: start the newer program; nothing was changed", *version, known);
  if (*version == known) return {};
  for (const Migration& migration : migrations) {
    if (migration.version <= *version) continue;
    const Status done = in_transaction(connection, [&] { return run_one(connection, migration, now); });
    if (!done) return wrap(done.error(), fmt::format("migration {}", migration.name));
  }
  return {};
}

Status publish(PostgresConnection& connection, std::span<const PublishedView> views) {
  std::string all;
  for (const PublishedView& view : views) all.append(view.name).append("\n").append(view.text);
  const std::string digest = to_string(hash128(all));
  const auto same = connection.integer("SELECT count(*) FROM published_views WHERE digest = $1", {std::string_view(digest)});
  if (!same) return std::unexpected(same.error());
  if (same->value_or(0) == 1) return {};
  return in_transaction(connection, [&]() -> Status {
    for (const PublishedView& view : views)
      if (Status made = make(connection, view); !made) return wrap(made.error(), fmt::format("view {}", view.name));
    AYBIZA_TRY(connection.script("DELETE FROM published_views"));
    const auto noted = connection.run("INSERT INTO published_views VALUES ($1)", {std::string_view(digest)});
    return noted ? Status() : Status(std::unexpected(noted.error()));
  });
}

}  // namespace aybiza
