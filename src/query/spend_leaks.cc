#include "query/spend_leaks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/limits.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration turns_after = 24h;  // of a call's start: as long as its turns are looked for

// As percentile_cont: between two ranks in proportion.
double quantile_of(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const double at = share * double(values.size() - 1);
  const std::size_t low = std::size_t(std::floor(at)), high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (at - double(low));
}

struct Talked {
  double ms = 0;
  bool told = true;
};

bool counted(const FleetQuestion& q, const CallRow& call) {
  return concerns(q, call) && call.start >= q.from && call.start < q.to && call.state == CallState::ended && call.duration_us && *call.duration_us > 0 && call.cost_nano;
}

}  // namespace

Answered<std::vector<SpendLeak>> spend_leaks_from_store(const FleetQuestion& q, Store& store, Duration deadline) {
  SqlText sql;
  const std::string text = fmt::format(
      "WITH c AS (SELECT call_id, coalesce(agent_type, '') AS kind, CAST(total_duration_ms AS FLOAT8) AS ms, CAST(cost_usd AS FLOAT8) AS usd, call_outcome FROM call_analytics"
      " WHERE time >= make_timestamptz({0}) AND time < make_timestamptz({1}) AND state = 'ended' AND total_duration_ms > 0 AND cost_usd IS NOT NULL{3}),"
      " l AS (SELECT kind, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS most FROM c WHERE call_outcome = 'successful' GROUP BY kind),"
      " t AS (SELECT call_id, CAST(sum(epoch_us(ended_at) - epoch_us(started_at)) AS FLOAT8) / 1000 AS ms FROM conversation_turns"
      " WHERE time >= make_timestamptz({0}) AND time < make_timestamptz({2}) GROUP BY call_id HAVING count(*) = count(ended_at) AND count(*) = count(started_at))"
      " SELECT c.kind, count(*), count(CASE WHEN c.call_outcome = 'successful' THEN 1 END), max(l.most),"
      " count(CASE WHEN c.ms > l.most AND c.call_outcome IS DISTINCT FROM 'successful' THEN 1 END),"
      " sum(CASE WHEN c.ms > l.most AND c.call_outcome IS DISTINCT FROM 'successful' THEN c.usd * (1 - l.most / c.ms) END),"
      " count(t.call_id), sum(CASE WHEN t.call_id IS NOT NULL THEN c.ms END), sum(CASE WHEN c.ms > t.ms THEN c.ms - t.ms END),"
      " sum(CASE WHEN t.call_id IS NOT NULL THEN c.usd END), sum(CASE WHEN c.ms > t.ms THEN c.usd * (1 - t.ms / c.ms) END)"
      " FROM c LEFT JOIN l ON l.kind = c.kind LEFT JOIN t ON t.call_id = c.call_id GROUP BY c.kind ORDER BY c.kind COLLATE \"C\" LIMIT {4}",
      to_micros(q.from), to_micros(q.to), to_micros(q.to + turns_after), restriction(q, sql), limits::query_rows_default);
  const auto failed = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return failed(rows.error());
  std::vector<SpendLeak> out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return failed(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const auto real = [&](std::size_t column) { return as_real((*rows)->cell(row, column)); };
      const auto count = [&](std::size_t column) { return std::int64_t(real(column).value_or(0)); };
      const Cell kind = (*rows)->cell(row, 0);
      SpendLeak leak;
      if (const auto* name = std::get_if<std::string_view>(&kind)) leak.agent_type = *name;
      leak.calls = count(1), leak.successful = count(2), leak.long_ms = real(3), leak.long_calls = count(4), leak.long_usd = real(5).value_or(0);
      leak.told_calls = count(6), leak.told_ms = real(7).value_or(0), leak.silent_ms = real(8).value_or(0), leak.told_usd = real(9).value_or(0), leak.silent_usd = real(10).value_or(0);
      out.push_back(std::move(leak));
    }
  }
}

std::vector<SpendLeak> spend_leaks_from_rows(const FleetQuestion& q, const RowSet& rows) {
  std::map<Id, Talked> talked;
  for (const TurnRow& turn : rows.turns) {
    if (turn.time < q.from || turn.time >= q.to + turns_after) continue;
    Talked& call = talked[turn.call_id];
    call.told &= turn.started && turn.ended;
    if (turn.started && turn.ended) call.ms += double((*turn.ended - *turn.started).count()) / 1e3;
  }
  std::map<std::string, std::vector<double>> successful;
  for (const CallRow& call : rows.calls)
    if (counted(q, call) && call.call_outcome == "successful") successful[call.dims[Field::agent_type]].push_back(double(*call.duration_us) / 1e3);
  std::map<std::string, SpendLeak> kinds;
  for (const CallRow& call : rows.calls) {
    if (!counted(q, call)) continue;
    const std::string kind = call.dims[Field::agent_type];
    SpendLeak& leak = kinds[kind];
    leak.agent_type = kind;
    const double ms = double(*call.duration_us) / 1e3, usd = double(*call.cost_nano) / 1e9;
    ++leak.calls;
    const bool well = call.call_outcome == "successful";
    leak.successful += well ? 1 : 0;
    if (const auto at = successful.find(kind); at != successful.end()) leak.long_ms = quantile_of(at->second, 0.95);
    if (!well && leak.long_ms && ms > *leak.long_ms) ++leak.long_calls, leak.long_usd += usd * (1 - *leak.long_ms / ms);
    const auto talk = talked.find(call.call_id);
    if (talk == talked.end() || !talk->second.told) continue;
    ++leak.told_calls, leak.told_ms += ms, leak.told_usd += usd;
    if (ms > talk->second.ms) leak.silent_ms += ms - talk->second.ms, leak.silent_usd += usd * (1 - talk->second.ms / ms);
  }
  std::vector<SpendLeak> out;
  for (auto& [kind, leak] : kinds) out.push_back(std::move(leak));
  return out;
}

}  // namespace aybiza
