#include "store/postgres_columnstore.h"

#include <array>
#include <cstdio>

namespace aybiza {
namespace {

struct Compression {
  std::string_view table, segment_by, order_by;  // few values, often asked for one by one; what makes neighbours alike
};
constexpr std::array<Compression, 8> compressions = {{
    {"call_analytics", "region", "\"time\" DESC, call_id"},
    {"conversation_turns", "speaker", "\"time\" DESC, call_id, turn_number"},
    {"usage_events", "model", "\"time\" DESC, event_id"},
    {"system_performance_metrics", "region", "\"time\" DESC, event_id"},
    {"agent_status", "", "\"time\" DESC, event_id"},
    {"metric_values", "series", "\"time\" DESC, place DESC"},
    {"metric_distributions", "series", "\"time\" DESC, place DESC"},
    {"raw_events", "type", "\"time\" DESC, event_id"},
}};

constexpr int oldest_major = 2, oldest_minor = 20;  // from which on rows of compressed days can be changed like others

Status compress(PostgresConnection& connection, const Compression& one, std::string_view home) {
  AYBIZA_TRY(connection.script("BEGIN"));
  Status done = connection.script(fmt::format(
      "ALTER TABLE {0} SET (timescaledb.compress, timescaledb.compress_segmentby = '{1}', timescaledb.compress_orderby = '{2}'); "
      "SELECT {3}.add_compression_policy('{0}', compress_after => interval '{4} days', if_not_exists => true)",
      one.table, one.segment_by, one.order_by, home, limits::postgres_rests_after_days));
  if (done) return connection.script("COMMIT");
  static_cast<void>(connection.rollback());  // the answer is the first failure
  return done;
}

}  // namespace

bool may_compress(const PostgresFeatures& features) {
  int major = 0, minor = 0;
  const std::string version = features.installed("timescaledb");
  return features.timescale_license == "timescale" && std::sscanf(version.c_str(), "%d.%d", &major, &minor) == 2 &&
         (major > oldest_major || (major == oldest_major && minor >= oldest_minor));
}

std::string describe_compression(const PostgresFeatures& features) {
  if (may_compress(features))
    return fmt::format("compression: {} of {} hypertables are compressed by a policy, days older than {} days; those that are not are set up when the server starts",
                       features.compressed, features.hypertables, limits::postgres_rests_after_days);
  if (features.timescale_license == "timescale") return fmt::format("compression: none, it is used from TimescaleDB {}.{} on", oldest_major, oldest_minor);
  return fmt::format("compression: none, this edition has none (timescaledb.license = '{}'); the Community edition compresses days that rest", features.timescale_license);
}

Status compress_days(PostgresConnection& connection, const PostgresFeatures& features) {
  if (!may_compress(features)) return {};
  const auto home = extension_home(connection, "timescaledb");
  if (!home) return std::unexpected(home.error());
  for (const Compression& one : compressions) {
    const auto open = connection.integer(
        "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND NOT compression_enabled", {one.table});
    if (!open) return std::unexpected(open.error());
    if (open->value_or(0) == 0) continue;
    if (const Status done = compress(connection, one, *home); !done) return wrap(done.error(), fmt::format("compressing {}", one.table));
  }
  return {};
}

Status allow_changes_of_compressed_days(PostgresConnection& writer) {
  const auto told = writer.word("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'");
  return told ? Status() : std::unexpected(told.error());
}

}  // namespace aybiza
