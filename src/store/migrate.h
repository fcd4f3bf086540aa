// Versioned migrations: the texts of sql/<dialect>/NNNN_name.sql and what is still to run; and the published views.
//
// Shape    each migration runs in one transaction together with its line in schema_migrations, so a stop between two
//          of them resumes where it was. Migrations are only ever added. Views hold nothing: they are replaced whenever
//          the program's differ from those the store was opened with last.
// Errors   unsupported: the store knows a version this program does not; nothing was touched.
// Threads  constant data; migrate() on the opening thread.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "base/units.h"

namespace aybiza {

struct Migration {
  int version = 0;
  std::string_view name;  // "0001_tables"
  std::string_view text;
};

std::span<const Migration> duckdb_migrations();  // ascending versions from 1, no gap
std::span<const Migration> postgres_migrations();

// The views every engine publishes and what every column means: sql/views/NN_name.sql, replaceable at any time.
struct PublishedView {
  std::string_view name;  // "01_call_analytics_hourly"
  std::string_view text;
};

std::span<const PublishedView> published_views();  // in the order they are to be made

class DuckConnection;
// Brings the database up to the last of `migrations`; `now` is recorded.
Status migrate(DuckConnection& connection, std::span<const Migration> migrations, Instant now);
// Makes the views anew where they are not of these texts.
Status publish(DuckConnection& connection, std::span<const PublishedView> views);
// Makes the published views once more in schema archived, over what is there and over the tables for the rest.
Status publish_over_archive(DuckConnection& connection);

}  // namespace aybiza
