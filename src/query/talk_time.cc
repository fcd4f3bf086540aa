#include "query/talk_time.h"

#include <fmt/format.h>

#include <map>

#include "query/sql_text.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration turns_after = 24h;  // of a call's start: as long as its turns are looked for

struct Spoken {
  double agent_ms = 0, caller_ms = 0;
  bool told = true;
};

}  // namespace

Answered<TalkTime> talk_time_from_store(const FleetQuestion& q, Store& store, Duration deadline) {
  SqlText sql;
  const std::string text = fmt::format(
      "WITH c AS (SELECT call_id, CAST(total_duration_ms AS FLOAT8) AS ms, coalesce(sample_weight, 1) AS weight FROM call_analytics"
      " WHERE time >= make_timestamptz({0}) AND time < make_timestamptz({1}) AND state = 'ended' AND total_duration_ms > 0{3}),"
      " t AS (SELECT call_id, CAST(sum(CASE WHEN speaker = 'agent' THEN epoch_us(ended_at) - epoch_us(started_at) END) AS FLOAT8) / 1000 AS agent_ms,"
      " CAST(sum(CASE WHEN speaker = 'agent' THEN 0 ELSE epoch_us(ended_at) - epoch_us(started_at) END) AS FLOAT8) / 1000 AS caller_ms FROM conversation_turns"
      " WHERE time >= make_timestamptz({0}) AND time < make_timestamptz({2}) GROUP BY call_id HAVING count(*) = count(ended_at) AND count(*) = count(started_at)),"
      " s AS (SELECT c.ms, c.weight, coalesce(t.agent_ms, 0) AS agent_ms, coalesce(t.caller_ms, 0) AS caller_ms FROM c JOIN t ON t.call_id = c.call_id)"
      " SELECT CAST(sum(weight) AS BIGINT), sum(ms * weight), sum(agent_ms * weight), sum(caller_ms * weight), sum(CASE WHEN ms > agent_ms + caller_ms THEN (ms - agent_ms - caller_ms) * weight END), max(weight) FROM s",
      to_micros(q.from), to_micros(q.to), to_micros(q.to + turns_after), restriction(q, sql));
  const auto failed = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return failed(rows.error());
  const auto more = (*rows)->next();
  if (!more) return failed(more.error());
  if (!*more || (*rows)->row_count() == 0) return TalkTime{};
  const auto real = [&](std::size_t column) { return as_real((*rows)->cell(0, column)).value_or(0); };
  return TalkTime{std::int64_t(real(0)), real(1), real(2), real(3), real(4), real(5) > 1};
}

TalkTime talk_time_from_rows(const FleetQuestion& q, const RowSet& rows) {
  std::map<Id, Spoken> spoken;
  for (const TurnRow& turn : rows.turns) {
    if (turn.time < q.from || turn.time >= q.to + turns_after) continue;
    Spoken& call = spoken[turn.call_id];
    call.told &= turn.started && turn.ended;
    if (turn.started && turn.ended) (turn.agent_speaks ? call.agent_ms : call.caller_ms) += double((*turn.ended - *turn.started).count()) / 1e3;
  }
  TalkTime out;
  for (const CallRow& call : rows.calls) {
    if (!concerns(q, call) || call.start < q.from || call.start >= q.to || call.state != CallState::ended || !call.duration_us || *call.duration_us <= 0) continue;
    const auto at = spoken.find(call.call_id);
    if (at == spoken.end() || !at->second.told) continue;
    const double ms = double(*call.duration_us) / 1e3, talked = at->second.agent_ms + at->second.caller_ms;
    const double weight = double(call.sample_weight.value_or(1));
    out.calls += call.sample_weight.value_or(1), out.estimate |= weight > 1;
    out.told_ms += weight * ms, out.agent_ms += weight * at->second.agent_ms, out.caller_ms += weight * at->second.caller_ms;
    if (ms > talked) out.silent_ms += weight * (ms - talked);
  }
  return out;
}

}  // namespace aybiza
