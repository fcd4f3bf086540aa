#include "store/migrate.h"

#include "base/ids.h"
#include "store/duck.h"

namespace aybiza {
namespace {

Result<std::int64_t> version_of(DuckConnection& connection) {
  const auto exists =
      connection.integer("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_migrations'");
  if (!exists) return std::unexpected(exists.error());
  if (exists->value_or(0) == 0) return 0;
  const auto version = connection.integer("SELECT max(version) FROM schema_migrations");
  if (!version) return std::unexpected(version.error());
  return version->value_or(0);
}

Status run_one(DuckConnection& connection, const Migration& migration, Instant now) {
  AYBIZA_TRY(connection.script(std::string(migration.text)));
  AYBIZA_TRY(connection.run("INSERT INTO schema_migrations VALUES ($1, $2, $3)",
                            {std::int64_t(migration.version), migration.name, now}));
  return {};
}

Status in_transaction(DuckConnection& connection, const auto& work) {
  AYBIZA_TRY(connection.script("BEGIN TRANSACTION"));
  Status done = work();
  if (done) done = connection.script("COMMIT");
  // The answer is the first failure; a rollback that fails has nothing to add, the connection is closed next.
  if (!done) static_cast<void>(connection.script("ROLLBACK"));
  return done;
}

}  // namespace

Status migrate(DuckConnection& connection, std::span<const Migration> migrations, Instant now) {
  const auto version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  const std::int64_t known = migrations.empty() ? 0 : migrations.back().version;
  if (*version > known)
    return fail(Code::unsupported,
                "the store has schema version {}, this program knows {}: start the newer program; nothing was changed",
                *version, known);
  if (*version == known) return {};
  AYBIZA_TRY(connection.script("CREATE TABLE IF NOT EXISTS schema_migrations "
                               "(version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"));
  for (const Migration& migration : migrations) {
    if (migration.version <= *version) continue;
    const Status done = in_transaction(connection, [&] { return run_one(connection, migration, now); });
    if (!done) return wrap(done.error(), fmt::format("migration {}", migration.name));
  }
  return {};
}

Status publish(DuckConnection& connection, std::span<const PublishedView> views) {
  std::string all;
  for (const PublishedView& view : views) all.append(view.name).append("\n").append(view.text);
  const std::string digest = to_string(hash128(all));
  const auto same = connection.integer("SELECT count(*) FROM published_views WHERE digest = $1", {std::string_view(digest)});
  if (!same) return std::unexpected(same.error());
  if (same->value_or(0) == 1) return {};
  return in_transaction(connection, [&]() -> Status {
    for (const PublishedView& view : views)
      if (Status made = connection.script(std::string(view.text)); !made) return wrap(made.error(), fmt::format("view {}", view.name));
    AYBIZA_TRY(connection.script("DELETE FROM published_views"));
    AYBIZA_TRY(connection.run("INSERT INTO published_views VALUES ($1)", {std::string_view(digest)}));
    return {};
  });
}

Status publish_over_archive(DuckConnection& connection) {
  AYBIZA_TRY(connection.script("SET search_path = 'archived,main'"));
  Status made;
  for (const PublishedView& view : published_views())
    if (made && view.text.contains("CREATE ")) made = connection.script(std::string(view.text));  // the other one says what columns mean
  AYBIZA_TRY(connection.script("SET search_path = 'main'"));
  return made;
}

}  // namespace aybiza
