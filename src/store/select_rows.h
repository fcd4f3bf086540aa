// Rows of the tables back as the structs they were written from, from any engine with connections.
//
// Shape    select_rows() answers a RowFilter table by table inside the caller's transaction. An engine says how a chunk of its
//          answer becomes rows (read_chunk) and what it calls the order of insertion (insertion_order).
// Errors   too_large beyond limits::store_rows_max rows in all.
// Threads  as the connection.
#pragma once

#include <algorithm>

#include "base/limits.h"
#include "store/columns.h"
#include "store/select.h"

namespace aybiza {

template <typename Row, typename Connection>
Status select_table(Connection& connection, Table table, const RowFilter& filter, std::size_t& room, std::vector<Row>& out,
                    std::span<const Id> ids = {}) {
  const auto where = conditions(table, filter, ids);
  if (!where) return {};
  std::vector<const Column<Row>*> columns;
  std::string names;
  for (const Column<Row>& column : columns_of<Row>()) {
    if (!column.get) continue;
    columns.push_back(&column);
    if (!names.empty()) names += ", ";
    names += column.name;
  }
  const std::string order = fmt::format(fmt::runtime(order_of(table)), insertion_order(connection));
  auto answer = connection.open(fmt::format("SELECT {} FROM {}{} ORDER BY {}", names, to_string(table), where->text(), order), where->params());
  if (!answer) return wrap(answer.error(), to_string(table));
  for (;;) {
    const auto more = answer->next();
    if (!more) return wrap(more.error(), to_string(table));
    if (!*more) return {};
    const std::size_t count = answer->row_count(), begin = out.size();
    if (count > room) return fail(Code::too_large, "more than {} rows are meant: narrow the range", limits::store_rows_max);
    room -= count;
    out.resize(begin + count);
    read_chunk<Row>(*answer, columns, std::span(out).subspan(begin));
  }
}

inline void mark_stored(RowBatch& out) {
  for (CallRow& row : out.calls) row.stored_start = row.start;
  for (TurnRow& row : out.turns) row.stored_time = row.time;
  for (UsageRow& row : out.usage) row.stored = true;
}

template <typename Connection>
Result<RowBatch> select_rows(Connection& connection, const RowFilter& filter, const std::string& node) {
  RowBatch out;
  const auto offset = connection.integer("SELECT event_offset FROM applied WHERE node = $1", {node});
  if (!offset) return std::unexpected(offset.error());
  out.to = static_cast<std::uint64_t>(offset->value_or(0));
  std::size_t room = filter.rated ? limits::rerate_rows : limits::store_rows_max;
  const auto take = [&]<typename Row>(Table table, std::vector<Row>& rows) {
    return select_table(connection, table, filter, room, rows);
  };
  AYBIZA_TRY(take(Table::call_analytics, out.calls));
  AYBIZA_TRY(take(Table::conversation_turns, out.turns));
  AYBIZA_TRY(take(Table::usage_events, out.usage));
  AYBIZA_TRY(take(Table::interventions, out.interventions));
  AYBIZA_TRY(take(Table::system_performance_metrics, out.system));
  AYBIZA_TRY(take(Table::agent_status, out.agent_status));
  AYBIZA_TRY(take(Table::metric_series, out.metric_series));
  AYBIZA_TRY(take(Table::metric_values, out.metric_points));
  AYBIZA_TRY(take(Table::metric_distributions, out.metric_distributions));
  AYBIZA_TRY(take(Table::learning_events, out.learning));
  AYBIZA_TRY(take(Table::change_events, out.changes));
  AYBIZA_TRY(take(Table::raw_events, out.raw));
  AYBIZA_TRY(take(Table::rollups, out.rollups));
  mark_stored(out);
  return out;
}

// Calls, turns and usage of these calls.
template <typename Connection>
Result<RowBatch> select_calls(Connection& connection, std::span<const Id> ids) {
  constexpr std::size_t ids_per_statement = 256;
  RowBatch out;
  std::size_t room = limits::store_rows_max;
  const RowFilter all;
  for (; !ids.empty(); ids = ids.subspan(std::min(ids_per_statement, ids.size()))) {
    const auto some = ids.first(std::min(ids_per_statement, ids.size()));
    AYBIZA_TRY(select_table(connection, Table::call_analytics, all, room, out.calls, some));
    AYBIZA_TRY(select_table(connection, Table::conversation_turns, all, room, out.turns, some));
    AYBIZA_TRY(select_table(connection, Table::usage_events, all, room, out.usage, some));
  }
  mark_stored(out);
  return out;
}

// About `limit` turns that RowFilter::without_topic means, of the first day from `from` on that has turns: all of the last one's time are
// among them. A day at a time, so that no statement looks through all there ever was.
template <typename Connection>
Result<TopicStep> select_without_topic(Connection& connection, std::string_view version, Instant from, std::size_t limit, std::vector<TurnRow>& out) {
  const std::string since = from == Instant::min() ? "" : fmt::format(" WHERE time >= make_timestamptz({}::BIGINT)", to_micros(from));
  const auto first = connection.integer(fmt::format("SELECT epoch_us(min(time)) FROM conversation_turns{}", since));
  if (!first) return wrap(first.error(), "looking for turns");
  TopicStep step;
  if (!*first) return step;
  RowFilter filter;
  filter.from = from_micros(**first), filter.to = filter.from + std::chrono::hours(24);
  filter.without_topic = std::string(version);
  step.next = filter.to;
  const auto last = connection.integer(
      fmt::format("SELECT epoch_us(max(time)) FROM (SELECT time FROM conversation_turns WHERE text_content IS NOT NULL AND topic_version IS DISTINCT FROM $1 "
                  "AND time >= make_timestamptz({}::BIGINT) AND time < make_timestamptz({}::BIGINT) ORDER BY time LIMIT {}) waiting",
                  to_micros(filter.from), to_micros(filter.to), limit), {version});
  if (!last) return wrap(last.error(), "looking for turns without a topic vector");
  if (!*last) return step;
  filter.to = from_micros(**last + 1);
  std::size_t room = limits::store_rows_max;
  AYBIZA_TRY(select_table(connection, Table::conversation_turns, filter, room, out));
  for (TurnRow& row : out) row.stored_time = row.time;
  step.turns = out.size();
  if (out.size() >= limit) step.next = from_micros(**last);
  return step;
}

}  // namespace aybiza
