#include "store/postgres_migrate.h"

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

// Inside a transaction that holds the lock: another program may have done it meanwhile.
Status run_one(PostgresConnection& connection, const Migration& migration, Instant now) {
  const auto version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  if (*version >= migration.version) return {};
  AYBIZA_TRY(connection.script("CREATE TABLE IF NOT EXISTS schema_migrations "
                               "(version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"));
  AYBIZA_TRY(connection.take_time(limits::postgres_migration));
  AYBIZA_TRY(connection.script(std::string(migration.text), limits::postgres_migration));
  const auto noted = connection.run("INSERT INTO schema_migrations VALUES ($1, $2, $3)", {std::int64_t(migration.version), migration.name, now});
  return noted ? Status() : Status(std::unexpected(noted.error()));
}

Status make(PostgresConnection& connection, const PublishedView& view) {
  AYBIZA_TRY(connection.script("SAVEPOINT view"));
  if (connection.script(std::string(view.text))) return connection.script("RELEASE SAVEPOINT view");
  if (connection.broken()) return fail(Code::unavailable, "the connection was lost");
  const std::string_view name = view.name.substr(view.name.find('_') + 1);  // "01_call_analytics_hourly"
  AYBIZA_TRY(connection.script(fmt::format("ROLLBACK TO SAVEPOINT view; DROP VIEW IF EXISTS {}", name)));
  return connection.script(std::string(view.text));
}

}  // namespace

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
