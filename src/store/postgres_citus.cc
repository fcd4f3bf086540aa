#include "store/postgres_citus.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace aybiza {
namespace {

constexpr int oldest_major = 13;

struct Distribution {
  std::string_view table, column;  // by which its rows are spread; empty: all of them are on every node
};
constexpr std::array<Distribution, 4> of_calls = {{{"call_analytics", "call_id"}, {"conversation_turns", "call_id"}, {"usage_events", "call_id"}, {"interventions", "call_id"}}};
constexpr std::array<Distribution, 3> of_metrics = {{{"metric_values", "series"}, {"metric_distributions", "series"}, {"metric_series", ""}}};
constexpr std::array<Distribution, 1> of_events = {{{"raw_events", "event_id"}}};
constexpr std::array<Distribution, 1> of_machines = {{{"system_performance_metrics", ""}}};

std::span<const std::span<const Distribution>> groups() {
  static constexpr std::span<const Distribution> all[] = {of_calls, of_metrics, of_events, of_machines};
  return all;
}

constexpr std::string_view cut_key = "hashtextextended('aybiza cut ' || current_schema(), 0)";
constexpr std::string_view moves_key = "hashtextextended('aybiza moves ' || current_schema(), 0)";
constexpr std::string_view is_ours = "logicalrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)";

std::string list_of(std::span<const Distribution> group) {
  std::string out;
  for (const Distribution& one : group) out += fmt::format("{}'{}'", out.empty() ? "" : ", ", one.table);
  return out;
}

// A key holds the column that rows are spread by.
std::string text_of(const Distribution& one, std::string_view first) {
  std::string out;
  if (one.table == "usage_events") out = "ALTER TABLE usage_events DROP CONSTRAINT usage_events_pkey, ADD PRIMARY KEY (time, event_id, call_id); ";
  if (one.column.empty()) return out + fmt::format("SELECT create_reference_table('{}'); ", one.table);
  return out + fmt::format("SELECT create_distributed_table('{}', '{}', colocate_with => '{}'); ", one.table, one.column, one.table == first ? "none" : first);
}

Status distribute(PostgresConnection& connection, std::span<const Distribution> group) {
  std::set<std::string, std::less<>> left;
  for (const Distribution& one : group) {
    const auto made = connection.integer("SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)", {one.table});
    if (!made) return std::unexpected(made.error());
    if (made->value_or(0) == 0) left.emplace(one.table);
  }
  for (const std::string& table : left) {
    const auto full = connection.integer(fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) first_row", table));
    if (!full) return std::unexpected(full.error());
    if (full->value_or(0) != 0) return {};
  }
  std::string text;
  for (const Distribution& one : group)
    if (left.contains(one.table)) text += text_of(one, group.front().table);
  if (text.empty()) return {};
  AYBIZA_TRY(connection.script("BEGIN; SET LOCAL citus.multi_shard_modify_mode = 'sequential'"));
  Status done = connection.take_time(limits::postgres_day);
  if (done) done = connection.script(text, limits::postgres_day);
  if (done) return connection.script("COMMIT");
  static_cast<void>(connection.rollback());  // the answer is the first failure
  return wrap(done.error(), fmt::format("distributing {}", list_of(group)));
}

// What nodes have prepared for this coordinator and is neither committed nor rolled back.
Result<std::set<std::string, std::less<>>> undecided(PostgresConnection& connection) {
  auto answer = connection.open("SELECT nodeid::text, success, result FROM run_command_on_all_nodes($$SELECT coalesce(string_agg(gid, ' '), '') FROM pg_prepared_xacts "
                                "WHERE database = current_database() AND gid LIKE 'citus\\_0\\_%'$$) JOIN pg_dist_node USING (nodeid) WHERE isactive AND noderole = 'primary'", {});
  if (!answer) return std::unexpected(answer.error());
  std::set<std::string, std::less<>> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < answer->row_count(); ++row) {
      const std::string node(answer->bytes(row, 0));
      if (answer->null(row, 1) || answer->bytes(row, 1)[0] == 0) return fail(Code::unavailable, "node {} of Citus does not answer", node);
      for (std::string_view gids = answer->bytes(row, 2); !gids.empty();) {
        const std::size_t end = std::min(gids.find(' '), gids.size());
        out.insert(node + ' ' + std::string(gids.substr(0, end)));
        gids.remove_prefix(std::min(end + 1, gids.size()));
      }
    }
  }
}

}  // namespace

bool may_distribute(const PostgresFeatures& features) {
  int major = 0;
  return std::sscanf(features.installed("citus").c_str(), "%d", &major) == 1 && major >= oldest_major;
}

std::string describe_distribution(const PostgresFeatures& features) {
  if (!may_distribute(features)) return fmt::format("distribution: none, it is used from Citus {} on; tables stay on this server", oldest_major);
  std::size_t all = 0;
  for (const auto& group : groups()) all += group.size();
  return fmt::format("distribution: {} of {} tables that grow are spread over {} nodes (calls with their turns, usage and interventions by call, points of metrics by series); "
                     "those that are empty when the server starts are, others stay here: `aybiza move` takes a history to an empty database",
                     features.distributed, all, features.nodes);
}

Status count_distributed(PostgresConnection& connection, PostgresFeatures& out) {
  if (out.installed("citus").empty()) return {};
  const std::pair<std::int64_t*, std::string> counts[] = {
      {&out.distributed, fmt::format("SELECT count(*) FROM pg_dist_partition WHERE {}", is_ours)},
      {&out.nodes, "SELECT count(*) FROM pg_dist_node WHERE noderole = 'primary' AND isactive AND shouldhaveshards"},
      {&out.citus_group, "SELECT groupid FROM pg_dist_local_group"},
  };
  for (const auto& [count, text] : counts) {
    const auto found = connection.integer(text);
    if (!found) return std::unexpected(found.error());
    *count = found->value_or(0);
  }
  return {};
}

Status distribute_tables(PostgresConnection& connection, const PostgresFeatures& features) {
  if (!may_distribute(features)) return {};
  for (const auto& group : groups()) AYBIZA_TRY(distribute(connection, group));
  return {};
}

Result<std::uint64_t> distributed_bytes(PostgresConnection& connection) {
  const auto bytes = connection.integer(fmt::format("SELECT coalesce(sum(citus_total_relation_size(logicalrelid, fail_on_error => false)), 0)::bigint FROM pg_dist_partition WHERE {}", is_ours));
  if (!bytes) return std::unexpected(bytes.error());
  return static_cast<std::uint64_t>(bytes->value_or(0));
}

// Who may not ask Citus to decide waits until its own process has done it, which it does once a minute (citus.recover_2pc_interval).
Status settle_commits(PostgresConnection& writer) {
  const auto may = writer.integer("SELECT has_function_privilege('recover_prepared_transactions()', 'EXECUTE')::int");
  if (!may) return std::unexpected(may.error());
  if (may->value_or(0) == 1)
    if (const auto decided = writer.integer("SELECT recover_prepared_transactions()"); !decided) return std::unexpected(decided.error());
  const auto before = undecided(writer);
  if (!before) return std::unexpected(before.error());
  if (before->empty()) return {};
  const auto after = undecided(writer);  // what was only on its way, of another writer, is through by now
  if (!after) return std::unexpected(after.error());
  const bool stuck = std::ranges::any_of(*after, [&](const std::string& one) { return before->contains(one); });
  if (!stuck) return {};
  return fail(Code::unavailable, "a commit was cut off, and Citus has not decided it on all nodes yet; it does within a minute, or at once where this user may: "
                                 "GRANT EXECUTE ON FUNCTION recover_prepared_transactions() TO …");
}

Status hold_cut(PostgresConnection& writer) { return writer.script(fmt::format("SELECT pg_advisory_xact_lock({})", cut_key)); }

Status hold_still(PostgresConnection& reader, bool commits) {
  AYBIZA_TRY(reader.script(fmt::format("SELECT pg_advisory_lock_shared({})", moves_key)));
  return commits ? hold_commits(reader) : Status();
}

void let_go(PostgresConnection& reader) {
  const bool over = !reader.broken() && (!reader.in_transaction() || reader.rollback().has_value());
  if (!over || !reader.script("SELECT pg_advisory_unlock_all()")) reader.give_up();
}

// Questions have a deadline and are waited for, exports are not: retention comes again.
Status hold_moves(PostgresConnection& writer) {
  return writer.script(fmt::format("SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock({}); SET LOCAL lock_timeout = 0", moves_key));
}

Status hold_commits(PostgresConnection& reader) { return reader.script(fmt::format("SELECT pg_advisory_lock_shared({})", cut_key)); }

Status let_commits(PostgresConnection& reader) { return reader.script(fmt::format("SELECT pg_advisory_unlock_shared({})", cut_key)); }

// One connection to each node, or a node would have several snapshots. What is asked of them here is the first thing each does.
Status begin_on_nodes(PostgresConnection& reader) {
  std::string text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL citus.max_adaptive_executor_pool_size = 1; ";
  for (const auto& group : groups()) text += fmt::format("SELECT 1 FROM {} LIMIT 1; ", group.front().table);
  return reader.script(text);
}

Status begin_cut(PostgresConnection& reader) {
  AYBIZA_TRY(hold_commits(reader));
  Status done = begin_on_nodes(reader);
  if (done) done = let_commits(reader);
  if (!done) reader.give_up();  // and the lock with it
  return done;
}

Status hold_writers(PostgresConnection& writer, std::string_view table) {
  return writer.script(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", table));
}

}  // namespace aybiza
