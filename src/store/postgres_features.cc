#include "store/postgres_features.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "store/postgres_citus.h"
#include "store/postgres_columnstore.h"

namespace aybiza {
namespace {

constexpr int oldest = 150'000;
// Tables with a time that grow with every event. Rollups do not: a question about a year would open all of its chunks.
constexpr std::array<std::string_view, 8> timed = {"call_analytics", "conversation_turns", "usage_events", "system_performance_metrics",
                                                   "agent_status", "metric_values", "metric_distributions", "raw_events"};

Result<std::string> ask(PostgresConnection& connection, std::string_view text) {
  auto word = connection.word(text);
  if (!word) return std::unexpected(word.error());
  return word->value_or("");
}

std::string available(const PostgresFeatures& features, std::string_view name) {
  const auto at = std::ranges::find(features.extensions, name, &PostgresFeatures::Extension::name);
  return at == features.extensions.end() ? "" : at->available;
}

// Of an extension that is not used (yet): "not on this server", "on this server, not in this database", "0.8.1".
std::string presence(const PostgresFeatures& features, std::string_view name) {
  if (const std::string version = features.installed(name); !version.empty()) return version;
  const std::string version = available(features, name);
  return version.empty() ? "not on this server" : fmt::format("{} is on this server, but not in this database (CREATE EXTENSION {})", version, name);
}

// How many of our hypertables there are, and how many are compressed.
Status count_hypertables(PostgresConnection& connection, PostgresFeatures& out) {
  if (out.installed("timescaledb").empty()) return {};
  const std::pair<std::int64_t*, std::string_view> counts[] = {{&out.hypertables, ""}, {&out.compressed, " AND compression_enabled"}};
  for (const auto& [count, condition] : counts) {
    const auto found = connection.integer(fmt::format("SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema(){}", condition));
    if (!found) return std::unexpected(found.error());
    *count = found->value_or(0);
  }
  return {};
}

}  // namespace

Result<std::string> extension_home(PostgresConnection& connection, std::string_view extension) {
  return ask(connection, fmt::format("SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = '{}'", extension));
}

std::string PostgresFeatures::installed(std::string_view name) const {
  const auto at = std::ranges::find(extensions, name, &Extension::name);
  return at == extensions.end() ? "" : at->installed;
}

Result<PostgresFeatures> detect_features(PostgresConnection& connection) {
  PostgresFeatures out;
  out.version_number = connection.server_version();
  out.version = fmt::format("{}.{}", out.version_number / 10'000, out.version_number % 10'000);
  out.encoding = connection.parameter("server_encoding");
  const std::pair<std::string*, std::string_view> words[] = {
      {&out.schema, "SELECT coalesce(current_schema(), '')::text"},
      {&out.user, "SELECT current_user::text"},
      {&out.timescale_license, "SELECT coalesce(current_setting('timescaledb.license', true), '')"},
  };
  for (const auto& [word, question] : words) {
    auto answer = ask(connection, question);
    if (!answer) return std::unexpected(answer.error());
    *word = std::move(*answer);
  }
  const auto rights = connection.integer(
      "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END + "
      "CASE WHEN current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE') THEN 2 ELSE 0 END");
  if (!rights) return std::unexpected(rights.error());
  out.read_only = (rights->value_or(0) & 1) != 0;
  out.may_create = (rights->value_or(0) & 2) != 0;
  auto answer = connection.open("SELECT name::text, default_version, coalesce(installed_version, '') FROM pg_available_extensions "
                                "WHERE name IN ('timescaledb', 'vector', 'vectorscale', 'citus', 'tdigest') ORDER BY name", {});
  if (!answer) return std::unexpected(answer.error());
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < answer->row_count(); ++row)
      out.extensions.push_back({std::string(answer->bytes(row, 0)), std::string(answer->bytes(row, 1)), std::string(answer->bytes(row, 2))});
  }
  AYBIZA_TRY(count_hypertables(connection, out));
  AYBIZA_TRY(count_distributed(connection, out));
  return out;
}

Status refuse_unsupported(const PostgresFeatures& features) {
  if (features.version_number < oldest)
    return fail(Code::unsupported, "the server is PostgreSQL {}, version 15 is the oldest that will do", features.version);
  if (features.encoding != "UTF8")
    return fail(Code::unsupported, "the database has the encoding {}: make one with ENCODING 'UTF8'", features.encoding);
  if (!features.installed("citus").empty() && !features.installed("timescaledb").empty())
    return fail(Code::unsupported, "this database has Citus and TimescaleDB at once, which break each other silently: use a server with one of them");
  if (features.citus_group != 0) return fail(Code::unsupported, "this server is a worker of a Citus cluster: name its coordinator");
  if (features.schema.empty())
    return fail(Code::invalid, "no schema of the search path exists: create one, or name it with ?options=-csearch_path%3D<schema>");
  if (features.read_only) return fail(Code::unavailable, "the server is a standby and cannot be written to: name the primary");
  return {};
}

std::vector<std::string> describe(const PostgresFeatures& features) {
  std::vector<std::string> out;
  out.push_back(fmt::format("PostgreSQL {}, encoding {}, schema {}, user {}", features.version, features.encoding,
                            features.schema.empty() ? "none" : features.schema, features.user));
  if (!features.may_create) out.push_back("rights: the user may not create tables here: GRANT CREATE, USAGE ON SCHEMA … TO …");
  const std::string timescale = features.installed("timescaledb");
  if (timescale.empty()) {
    out.push_back(fmt::format("timescaledb: {}: plain tables with an index on time; retention deletes day by day", presence(features, "timescaledb")));
  } else {
    out.push_back(fmt::format("timescaledb {}, {} edition: tables that are empty when the server first starts become hypertables with a chunk a day",
                              timescale, features.timescale_license == "timescale" ? "Community" : "Apache"));
    out.push_back("  " + describe_compression(features));
    out.push_back("  continuous aggregates and retention policies are not used, in any edition: rollups and retention of our own are the same in every store");
  }
  out.push_back(fmt::format("vector (pgvector): {}: {}", presence(features, "vector"),
                            features.installed("vector").empty() ? "vectors are compared one by one, the newest first"
                                                                 : "vectors are compared in the server; `aybiza topics index` builds indexes (HNSW) for many"));
  out.push_back(fmt::format("vectorscale: {}; not used: its index reads a column of type vector, ours are arrays, and pgvector indexes what they are as vectors", presence(features, "vectorscale")));
  out.push_back(fmt::format("tdigest: {}; not needed: percentiles are merged from sketches of our own", presence(features, "tdigest")));
  out.push_back(fmt::format("citus: {}{}", presence(features, "citus"), features.installed("citus").empty() ? ": all tables are on this server" : ""));
  if (!features.installed("citus").empty()) out.push_back("  " + describe_distribution(features));
  return out;
}

namespace {

struct VectorColumn {
  std::string_view name, index;
  std::size_t numbers;
};
constexpr std::array<VectorColumn, 2> vector_columns = {{{"text_embedding", "conversation_turns_embedding_hnsw", 1536},
                                                         {"topic_vector", "conversation_turns_topic_hnsw", 100}}};

}  // namespace

// The columns stay arrays, so that rows are the same with and without pgvector: the index is over what they are as vectors.
Result<std::string> make_vector_indexes(PostgresConnection& connection, const PostgresFeatures& features) {
  if (features.installed("vector").empty())
    return fail(Code::unsupported, "pgvector: {}; without it vectors are compared one by one", presence(features, "vector"));
  const auto home = extension_home(connection, "vector");
  if (!home) return std::unexpected(home.error());
  const auto hypertable = features.installed("timescaledb").empty() ? Result<std::optional<std::int64_t>>(0) : connection.integer(
      "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = 'conversation_turns'");
  if (!hypertable) return std::unexpected(hypertable.error());
  const bool chunks = hypertable->value_or(0) != 0;
  AYBIZA_TRY(connection.script("SET maintenance_work_mem = '256MB'; SET statement_timeout = 0"));
  if (const auto dropped = drop_vector_indexes(connection); !dropped) return std::unexpected(dropped.error());
  for (const VectorColumn& column : vector_columns)
    AYBIZA_TRY(connection.script(fmt::format("CREATE INDEX {}{} ON conversation_turns USING hnsw (({}::{}.vector({})) {}.vector_cosine_ops){} WHERE cardinality({}) = {}",
                                             chunks ? "" : "CONCURRENTLY ", column.index, column.name, *home, column.numbers, *home,
                                             chunks ? " WITH (timescaledb.transaction_per_chunk)" : "", column.name, column.numbers),
                                 limits::postgres_migration));
  return fmt::format("HNSW indexes of text_embedding and topic_vector are built{}", chunks ? ", chunk by chunk" : "");
}

Result<std::string> drop_vector_indexes(PostgresConnection& connection) {
  for (const VectorColumn& column : vector_columns) AYBIZA_TRY(connection.script(fmt::format("DROP INDEX IF EXISTS {}", column.index)));
  return "indexes of vectors are dropped: they are compared one by one";
}

Status use_features(PostgresConnection& connection, const PostgresFeatures& features) {
  // Where tables lie changes nothing of what they hold.
  if (const Status done = distribute_tables(connection, features); !done) fmt::print(stderr, "aybiza: {}; its tables stay on this server\n", done.error().message);
  if (features.installed("timescaledb").empty()) return {};
  const auto home = extension_home(connection, "timescaledb");
  if (!home) return std::unexpected(home.error());
  for (const std::string_view table : timed) {
    const auto full = connection.integer(fmt::format(
        "SELECT count(*) FROM (SELECT 1 FROM {0} LIMIT 1) first_row", table));
    if (!full) return std::unexpected(full.error());
    const auto made = connection.integer(
        "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = $1", {table});
    if (!made) return std::unexpected(made.error());
    if (full->value_or(0) != 0 || made->value_or(0) != 0) continue;
    AYBIZA_TRY(connection.script(fmt::format(
        "SELECT {}.create_hypertable('{}', 'time', chunk_time_interval => interval '1 day', create_default_indexes => false)", *home, table)));
  }
  // Rows are as right without it.
  if (const Status done = compress_days(connection, features); !done) fmt::print(stderr, "aybiza: {}; days that rest stay as large as they are\n", done.error().message);
  return {};
}

Result<std::uint64_t> drop_days(PostgresConnection& connection, std::string_view table, Instant before) {
  const auto home = extension_home(connection, "timescaledb");
  if (!home) return std::unexpected(home.error());
  if (home->empty()) return 0;
  const auto made = connection.integer("SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = $1", {table});
  if (!made) return std::unexpected(made.error());
  if (made->value_or(0) == 0) return 0;
  const std::string until = fmt::format("make_timestamptz({}::BIGINT)", to_micros(floor_to(before, std::chrono::hours(24))));
  const auto rows = connection.integer(fmt::format("SELECT count(*) FROM {} WHERE time < {}", table, until));
  if (!rows) return std::unexpected(rows.error());
  if (rows->value_or(0) > 0) AYBIZA_TRY(connection.script(fmt::format("SELECT {}.drop_chunks('{}', older_than => {})", *home, table, until), limits::postgres_day));
  return std::uint64_t(rows->value_or(0));
}

}  // namespace aybiza
