// Versioned migrations of a PostgreSQL schema.
//
// Shape    as migrate.h: each runs in one transaction with its line in schema_migrations, so whatever is killed at whichever
//          step leaves whole versions. Two programs that start at once take turns by a lock.
//          Views are replaced where their columns allow it, else made anew; what others built on them then stands in the way and is told.
// Errors   unsupported: the tables are of a newer version; nothing was touched.
// Threads  as the connection.
#pragma once

#include <string_view>
#include <vector>

#include "store/migrate.h"
#include "store/postgres.h"

namespace aybiza {

// A script's statements without the semicolons between them; those in quotes, $…$ and comments are none. Citus refuses several at a time that
// change a table on its nodes.
std::vector<std::string_view> statements_of(std::string_view script);

Status migrate(PostgresConnection& connection, std::span<const Migration> migrations, Instant now);
Status publish(PostgresConnection& connection, std::span<const PublishedView> views);

}  // namespace aybiza
