#include "store/duck_batch.h"

#include <algorithm>
#include <unordered_map>

#include "store/duck_rollups.h"
#include "store/duck_select.h"
#include "store/duck_write.h"
#include "store/late.h"

namespace aybiza {
namespace {

template <typename Row, typename Time>
std::vector<const Row*> in_time_order(const std::vector<Row>& rows, Time time) {
  std::vector<const Row*> out;
  out.reserve(rows.size());
  for (const Row& row : rows) {
    if constexpr (requires { row.removed; })
      if (row.removed) continue;
    out.push_back(&row);
  }
  // All rows are in one vector: where times are equal, addresses keep its order.
  std::ranges::sort(out, {}, [&](const Row* row) { return std::pair(time(*row), row); });
  return out;
}

// Rows of a call follow each other, and calls each other as they began: an id that nothing packs is most of such a row, and is told once in a run. What
// apart() tells from the rest stands by itself, so that columns only it has are full there and empty elsewhere.
template <typename Row, typename Apart>
std::vector<const Row*> in_call_order(const std::vector<Row>& rows, Apart apart) {
  const std::vector<const Row*> sorted = in_time_order(rows, [](const Row& row) { return row.time; });
  std::unordered_map<Id, std::size_t, IdHash> place;  // of a call among those of the batch
  struct Placed {
    bool apart;
    std::size_t call, at;
    auto operator<=>(const Placed&) const = default;
  };
  std::vector<Placed> order;
  order.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) order.push_back({apart(*sorted[i]), place.try_emplace(sorted[i]->call_id, place.size()).first->second, i});
  std::ranges::sort(order);
  std::vector<const Row*> out;
  out.reserve(order.size());
  for (const Placed& one : order) out.push_back(sorted[one.at]);
  return out;
}

// The deletion of what `old` names, with its time range spelled out so that other row groups are not even looked at.
std::string delete_statement(std::string_view table, std::string_view time, std::string_view rest, Instant first,
                             Instant last) {
  return fmt::format(
      "DELETE FROM {0} USING old WHERE {0}.{1} = old.{1} AND {2} "
      "AND {0}.{1} >= make_timestamptz({3}::BIGINT) AND {0}.{1} <= make_timestamptz({4}::BIGINT)",
      table, time, rest, to_micros(first), to_micros(last));
}

// `gone` are rows without a successor.
template <typename Row>
Status note_removed(DuckConnection& writer, Table table, const std::vector<const Row*>& gone) {
  std::string keys;
  for (const Column<Row>& column : stored_keys_of<Row>()) keys.append(", ").append(column.name);
  return delete_rows<Row>(writer, fmt::format("INSERT INTO archived_replaced (table_name{0}) SELECT '{1}'{0} FROM old WHERE EXISTS (SELECT 1 FROM archived_slices s "
                                              "WHERE s.table_name = '{1}' AND old.time >= s.slice_from AND old.time < s.slice_to)", keys, to_string(table)),
                          stored_keys_of<Row>(), gone);
}

Status replace_calls(DuckConnection& writer, const std::vector<CallRow>& calls, DuckWriting& how) {
  std::vector<const CallRow*> stored, gone;
  Instant first = Instant::max(), last = Instant::min();
  for (const CallRow& row : calls) {
    if (!row.stored_start) continue;
    stored.push_back(&row);
    if (row.removed && *row.stored_start < how.archived_before) gone.push_back(&row);
    first = std::min(first, *row.stored_start), last = std::max(last, *row.stored_start);
  }
  AYBIZA_TRY(delete_rows<CallRow>(
      writer, delete_statement("call_analytics", "time", "call_analytics.call_id = old.call_id", first, last), stored_keys_of<CallRow>(), stored));
  AYBIZA_TRY(note_removed<CallRow>(writer, Table::call_analytics, gone));
  const auto sorted = in_time_order(calls, [](const CallRow& row) { return row.start; });
  return insert_rows<CallRow>(writer, Table::call_analytics, sorted, how.out_of_range);
}

Status replace_turns(DuckConnection& writer, const std::vector<TurnRow>& turns, DuckWriting& how) {
  std::vector<const TurnRow*> stored, gone;
  Instant first = Instant::max(), last = Instant::min();
  for (const TurnRow& row : turns) {
    if (!row.stored_time) continue;
    stored.push_back(&row);
    if (row.removed && *row.stored_time < how.archived_before) gone.push_back(&row);
    first = std::min(first, *row.stored_time), last = std::max(last, *row.stored_time);
  }
  AYBIZA_TRY(delete_rows<TurnRow>(
      writer,
      delete_statement("conversation_turns", "time",
                       "conversation_turns.call_id = old.call_id AND conversation_turns.turn_number = old.turn_number",
                       first, last),
      stored_keys_of<TurnRow>(), stored));
  AYBIZA_TRY(note_removed<TurnRow>(writer, Table::conversation_turns, gone));
  const auto sorted = in_call_order(turns, [](const TurnRow& row) { return row.agent_speaks; });  // response times here, sentiment and transcription there
  return insert_rows<TurnRow>(writer, Table::conversation_turns, sorted, how.out_of_range);
}

// A price that is found later changes a usage that may be there already.
Status replace_usage(DuckConnection& writer, const std::vector<UsageRow>& usage, DuckWriting& how) {
  std::vector<const UsageRow*> stored, gone;
  Instant first = Instant::max(), last = Instant::min();
  for (const UsageRow& row : usage) {
    if (!row.stored && !row.removed) continue;
    stored.push_back(&row);
    if (row.removed && row.time < how.archived_before) gone.push_back(&row);
    first = std::min(first, row.time), last = std::max(last, row.time);
  }
  AYBIZA_TRY(delete_rows<UsageRow>(
      writer, delete_statement("usage_events", "time", "usage_events.event_id = old.event_id", first, last), stored_keys_of<UsageRow>(), stored));
  AYBIZA_TRY(note_removed<UsageRow>(writer, Table::usage_events, gone));
  return insert_rows<UsageRow>(writer, Table::usage_events, in_call_order(usage, [](const UsageRow&) { return false; }), how.out_of_range);
}

// Rollups carry no "stored" mark: a pane's row is replaced whenever it is written.
Status replace_rollups(DuckConnection& writer, const std::vector<RollupRow>& rollups) {
  const auto sorted = in_time_order(rollups, [](const RollupRow& row) { return row.bucket; });
  if (sorted.empty()) return {};
  const std::string range = fmt::format("bucket >= make_timestamptz({}::BIGINT) AND bucket <= make_timestamptz({}::BIGINT) AND EXISTS (SELECT 1 FROM old WHERE "
                                        "old.bucket = made.bucket AND old.step_seconds = made.step_seconds AND old.customer_id IS NOT DISTINCT FROM made.customer_id AND "
                                        "old.dimension = made.dimension AND old.value IS NOT DISTINCT FROM made.value)",
                                        to_micros(sorted.front()->bucket), to_micros(sorted.back()->bucket));
  for (const std::string& text : delete_rollups_text(writer, std::nullopt, range)) AYBIZA_TRY(delete_rows<RollupRow>(writer, text, stored_keys_of<RollupRow>(), sorted));
  return insert_rollups(writer, sorted);
}

template <typename Row>
Status insert_sorted(DuckConnection& writer, Table table, const std::vector<Row>& rows, std::uint64_t& out_of_range) {
  return insert_rows<Row>(writer, table, in_time_order(rows, [](const Row& row) { return row.time; }), out_of_range);
}

// A series is told again after a restart and after it was silent: the first word stays.
Status add_series(DuckConnection& writer, const std::vector<MetricSeriesRow>& series) {
  std::vector<const MetricSeriesRow*> rows;
  for (const MetricSeriesRow& row : series) rows.push_back(&row);
  return delete_rows<MetricSeriesRow>(
      writer, "INSERT INTO metric_series SELECT DISTINCT ON (series) * FROM old WHERE series NOT IN (SELECT series FROM metric_series)",
      columns_of<MetricSeriesRow>(), rows);
}

// As they come: of one series in the order of the log, which `last` goes by where times are equal.
template <typename Row>
Status append_rows(DuckConnection& writer, Table table, const std::vector<Row>& rows, std::uint64_t& out_of_range) {
  std::vector<const Row*> all;
  all.reserve(rows.size());
  for (const Row& row : rows) all.push_back(&row);
  return insert_rows<Row>(writer, table, all, out_of_range);
}

Status write_rows(DuckConnection& writer, const RowBatch& batch, DuckWriting& how) {
  AYBIZA_TRY(replace_calls(writer, batch.calls, how));
  AYBIZA_TRY(replace_turns(writer, batch.turns, how));
  AYBIZA_TRY(replace_usage(writer, batch.usage, how));
  AYBIZA_TRY(insert_sorted(writer, Table::interventions, batch.interventions, how.out_of_range));
  AYBIZA_TRY(insert_sorted(writer, Table::system_performance_metrics, batch.system, how.out_of_range));
  AYBIZA_TRY(insert_sorted(writer, Table::agent_status, batch.agent_status, how.out_of_range));
  AYBIZA_TRY(add_series(writer, batch.metric_series));
  AYBIZA_TRY(append_rows(writer, Table::metric_values, batch.metric_points, how.out_of_range));
  AYBIZA_TRY(append_rows(writer, Table::metric_distributions, batch.metric_distributions, how.out_of_range));
  AYBIZA_TRY(insert_sorted(writer, Table::learning_events, batch.learning, how.out_of_range));
  AYBIZA_TRY(insert_sorted(writer, Table::change_events, batch.changes, how.out_of_range));
  AYBIZA_TRY(insert_sorted(writer, Table::raw_events, batch.raw, how.out_of_range));
  return replace_rollups(writer, batch.rollups);
}

}  // namespace

Status write_batch(DuckConnection& writer, const RowBatch& batch, const PriceBook& prices, DuckWriting& how) {
  if (batch.late.empty()) {
    how.minutes = changed_minutes(batch);
    return write_rows(writer, batch, how);
  }
  auto stored = select_calls(writer, needs_of(batch));
  if (!stored) return wrap(stored.error(), "reading the calls of late events");
  const RowBatch whole = with_late(batch, std::move(*stored), prices);
  how.minutes = changed_minutes(whole);
  return write_rows(writer, whole, how);
}

}  // namespace aybiza
