#include "query/fleet_signals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration seen_reach = 1h;          // of an agent that is idle now
constexpr std::int64_t unsure_e4 = 6'000;

struct Average {
  double sum = 0, n = 0;
  void add(double value, double weight = 1) { sum += value * weight, n += weight; }
  void add(const Average& other, double weight) { sum += other.sum * weight, n += other.n * weight; }
  std::optional<double> value() const { return n > 0 ? std::optional(sum / n) : std::nullopt; }
};

// Least squares of sentiment over turn numbers; unknown with fewer than two different turns.
std::optional<double> slope_of(const std::vector<std::pair<double, double>>& points) {
  double x = 0, y = 0, xx = 0, xy = 0;
  const double n = double(points.size());
  for (const auto& [a, b] : points) x += a, y += b;
  for (const auto& [a, b] : points) xx += (a - x / n) * (a - x / n), xy += (a - x / n) * (b - y / n);
  return xx > 0 ? std::optional(xy / xx) : std::nullopt;
}

struct Talk {  // one call's turns in the range
  Instant last{};
  Average response, unsure;
  std::vector<std::string> said;
  std::vector<std::pair<double, double>> moods;
  void add(const TurnRow& turn) {
    last = std::max(last, turn.time);
    if (turn.agent_speaks) {
      if (turn.response_time_us) response.add(double(*turn.response_time_us) / 1e3);
      if (!turn.text_content.empty()) said.push_back(turn.text_content);
      return;
    }
    if (turn.confidence_e4) unsure.add(*turn.confidence_e4 < unsure_e4 ? 1 : 0);
    if (turn.sentiment_e4) moods.emplace_back(double(turn.turn_number), double(*turn.sentiment_e4) / 1e4);
  }
};

}  // namespace

std::string restriction(const FleetQuestion& q, SqlText& sql) {
  std::string where;
  std::vector<std::string> allowed;
  for (const std::string& customer : q.customers) allowed.push_back(sql.bind(customer));
  if (!allowed.empty()) where += fmt::format(" AND customer_id IN ({})", fmt::join(allowed, ", "));
  if (!q.customer.empty()) where += fmt::format(" AND customer_id = {}", sql.bind(q.customer));
  if (!q.region.empty()) where += fmt::format(" AND region = {}", sql.bind(q.region));
  return where;
}

bool concerns(const FleetQuestion& q, const CallRow& call) {
  const auto is = [&](const std::string& value, Field field) { return value.empty() || call.dims[field] == value; };
  const bool allowed = q.customers.empty() || std::ranges::find(q.customers, call.dims[Field::customer_id]) != q.customers.end();
  return allowed && is(q.customer, Field::customer_id) && is(q.region, Field::region);
}

Answered<std::vector<AgentSignals>> fleet_signals_from_store(const FleetQuestion& q, Store& store, Duration deadline) {
  SqlText sql;
  const std::string text = fmt::format(
      "WITH calls AS (SELECT call_id, external_agent_id AS agent, state, error_count, coalesce(sample_weight, 1) AS weight FROM call_analytics WHERE external_agent_id IS NOT NULL AND time >= make_timestamptz({0})"
      " AND updated_at >= make_timestamptz({1}){2}),"
      " talk AS (SELECT call_id, max(time) AS latest, sum(CASE WHEN speaker = 'agent' THEN CAST(response_time_ms AS FLOAT8) END) AS response,"
      " count(CASE WHEN speaker = 'agent' THEN response_time_ms END) AS responses, count(CASE WHEN speaker = 'agent' THEN text_content END) AS said,"
      " count(DISTINCT CASE WHEN speaker = 'agent' THEN text_content END) AS different,"
      " CASE WHEN count(CASE WHEN speaker = 'caller' THEN sentiment_score END) > 1 THEN"
      " regr_slope(CASE WHEN speaker = 'caller' THEN CAST(sentiment_score AS FLOAT8) END, CAST(turn_number AS FLOAT8)) END AS slope,"
      " count(CASE WHEN speaker = 'caller' THEN confidence_score END) AS heard, count(CASE WHEN speaker = 'caller' AND confidence_score < 0.6 THEN 1 END) AS unsure"
      " FROM conversation_turns WHERE time >= make_timestamptz({3}) AND time < make_timestamptz({4}) GROUP BY call_id)"
      " SELECT c.agent, CAST(sum(CASE WHEN t.call_id IS NOT NULL THEN c.weight ELSE 0 END) AS BIGINT),"
      " CAST(sum(CASE WHEN t.call_id IS NOT NULL AND c.state = 'active' THEN c.weight ELSE 0 END) AS BIGINT),"
      " CAST(sum(t.response * c.weight) AS FLOAT8), CAST(sum(t.responses * c.weight) AS BIGINT), min(CASE WHEN c.state = 'active' THEN t.latest END),"
      " CAST(sum(t.said * c.weight) AS BIGINT), CAST(sum(t.different * c.weight) AS BIGINT),"
      " CAST(sum(t.slope * c.weight) AS FLOAT8), CAST(sum(CASE WHEN t.slope IS NOT NULL THEN c.weight END) AS BIGINT),"
      " CAST(sum(CASE WHEN t.call_id IS NOT NULL AND c.error_count IS NOT NULL THEN c.weight END) AS BIGINT),"
      " CAST(sum(CASE WHEN t.call_id IS NOT NULL AND c.error_count > 0 THEN c.weight END) AS BIGINT),"
      " CAST(sum(t.heard * c.weight) AS BIGINT), CAST(sum(t.unsure * c.weight) AS BIGINT), max(CASE WHEN t.call_id IS NOT NULL THEN c.weight END)"
      " FROM calls c LEFT JOIN talk t ON t.call_id = c.call_id GROUP BY c.agent ORDER BY c.agent LIMIT {5}",
      to_micros(q.to - 24h), to_micros(q.to - seen_reach), restriction(q, sql), to_micros(q.from), to_micros(q.to), limits::fleet_agents);
  const auto failed = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return failed(rows.error());
  std::vector<AgentSignals> out;
  const auto ratio = [](double above, double below) { return below > 0 ? std::optional(above / below) : std::nullopt; };
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return failed(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const auto cell = [&](std::size_t column) { return (*rows)->cell(row, column); };
      const auto number = [&](std::size_t column) { return as_real(cell(column)).value_or(0); };
      AgentSignals agent;
      const Cell name = cell(0), last = cell(5);
      if (const auto* is = std::get_if<std::string_view>(&name)) agent.agent = *is;
      agent.calls = std::int64_t(number(1)), agent.active = std::int64_t(number(2));
      agent.response_ms = ratio(number(3), number(4));
      if (const auto* at = std::get_if<Instant>(&last)) agent.silence_s = double((q.to - *at).count()) / 1e6;
      agent.repeated = ratio(number(6) - number(7), number(6));
      agent.slope = ratio(number(8), number(9));
      agent.failing = ratio(number(11), number(10));
      agent.unsure = ratio(number(13), number(12));
      agent.estimate = number(14) > 1;
      out.push_back(std::move(agent));
    }
  }
}

std::vector<AgentSignals> fleet_signals_from_rows(const FleetQuestion& q, const RowSet& rows) {
  std::map<Id, Talk> talks;
  for (const TurnRow& turn : rows.turns)
    if (turn.time >= q.from && turn.time < q.to) talks[turn.call_id].add(turn);
  struct Sums {
    AgentSignals signals;
    Average response, repeated, slope, failing, unsure;
  };
  std::map<std::string, Sums> agents;
  for (const CallRow& call : rows.calls) {
    if (!concerns(q, call) || call.dims[Field::agent_id].empty() || call.start < q.to - 24h || call.updated < q.to - seen_reach) continue;
    Sums& sums = agents[call.dims[Field::agent_id]];
    const auto at = talks.find(call.call_id);
    if (at == talks.end()) continue;
    const Talk& talk = at->second;
    const std::int64_t weight = call.sample_weight.value_or(1);
    const double times = double(weight);
    sums.signals.calls += weight;
    sums.signals.estimate |= weight > 1;
    if (call.state == CallState::active) {
      sums.signals.active += weight;
      sums.signals.silence_s = std::max(sums.signals.silence_s.value_or(0), double((q.to - talk.last).count()) / 1e6);
    }
    sums.response.add(talk.response, times);
    sums.unsure.add(talk.unsure, times);
    const double said = double(talk.said.size()), different = double(std::set(talk.said.begin(), talk.said.end()).size());
    sums.repeated.add({said - different, said}, times);
    if (const auto slope = slope_of(talk.moods)) sums.slope.add(*slope, times);
    if (call.error_count) sums.failing.add(*call.error_count > 0 ? 1 : 0, times);
  }
  std::vector<AgentSignals> out;
  for (auto& [name, sums] : agents) {
    sums.signals.agent = name;
    sums.signals.response_ms = sums.response.value(), sums.signals.repeated = sums.repeated.value(), sums.signals.slope = sums.slope.value();
    sums.signals.failing = sums.failing.value(), sums.signals.unsure = sums.unsure.value();
    out.push_back(std::move(sums.signals));
  }
  return out;
}

}  // namespace aybiza
