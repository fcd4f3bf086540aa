#include "query/state_flow.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/limits.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string_view>(&cell);
  return text ? std::string(*text) : std::string();
}

std::string picked_calls(const FlowQuestion& q, SqlText& sql) {
  std::string where = fmt::format("time >= make_timestamptz({}) AND time < make_timestamptz({}) AND state = 'ended' AND turns > 0", to_micros(q.from), to_micros(q.to));
  std::vector<std::string> allowed;
  for (const std::string& customer : q.customers) allowed.push_back(sql.bind(customer));
  if (!allowed.empty()) where += fmt::format(" AND customer_id IN ({})", fmt::join(allowed, ", "));
  const auto equal = [&](std::string_view column, const std::string& value) {
    if (!value.empty()) where += fmt::format(" AND {} = {}", column, sql.bind(value));
  };
  equal("customer_id", q.customer), equal("region", q.region), equal("external_agent_id", q.agent);
  return fmt::format("SELECT call_id, coalesce(sample_weight, 1) AS weight FROM call_analytics WHERE {} ORDER BY time DESC, call_id DESC LIMIT {}", where, limits::flow_calls);
}

bool wanted(const FlowQuestion& q, const CallRow& call) {
  const auto is = [&](const std::string& value, Field field) { return value.empty() || call.dims[field] == value; };
  const bool allowed = q.customers.empty() || std::ranges::find(q.customers, call.dims[Field::customer_id]) != q.customers.end();
  return allowed && call.start >= q.from && call.start < q.to && call.state == CallState::ended && is(q.customer, Field::customer_id) && is(q.region, Field::region) &&
         is(q.agent, Field::agent_id);
}

Flow finished(std::vector<FlowStep> steps, bool estimate) {
  Flow flow{std::move(steps), 0, estimate};
  std::ranges::sort(flow.steps);
  for (const FlowStep& step : flow.steps)
    if (step.place == 1) flow.calls += step.calls;
  return flow;
}

}  // namespace

Answered<Flow> flow_from_store(const FlowQuestion& q, Store& store, Duration deadline) {
  SqlText sql;
  const std::string text = fmt::format(
      "WITH picked AS ({}), said AS (SELECT t.call_id, p.weight, t.turn_number, t.state, lag(t.state) OVER (PARTITION BY t.call_id ORDER BY t.turn_number) AS earlier"
      " FROM conversation_turns t JOIN picked p ON p.call_id = t.call_id WHERE t.state IS NOT NULL AND t.time >= make_timestamptz({})),"
      " moves AS (SELECT call_id, weight, state, row_number() OVER (PARTITION BY call_id ORDER BY turn_number) AS place FROM said WHERE earlier IS NULL OR earlier <> state)"
      " SELECT a.place, a.state, b.state, CAST(sum(a.weight) AS BIGINT), max(a.weight) FROM moves a LEFT JOIN moves b ON b.call_id = a.call_id AND b.place = a.place + 1 WHERE a.place <= {} GROUP BY 1, 2, 3",
      picked_calls(q, sql), to_micros(q.from - 1h), limits::flow_steps);
  const auto failed = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return failed(rows.error());
  std::vector<FlowStep> steps;
  bool estimate = false;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return failed(more.error());
    if (!*more) return finished(std::move(steps), estimate);
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      estimate |= as_integer((*rows)->cell(row, 4)).value_or(1) > 1;
      steps.push_back({as_integer((*rows)->cell(row, 0)).value_or(0), text_of((*rows)->cell(row, 1)), text_of((*rows)->cell(row, 2)), as_integer((*rows)->cell(row, 3)).value_or(0)});
    }
  }
}

Flow flow_from_rows(const FlowQuestion& q, const RowSet& rows) {
  std::vector<const CallRow*> calls;
  for (const CallRow& call : rows.calls)
    if (wanted(q, call)) calls.push_back(&call);
  std::map<Id, std::map<std::int64_t, std::string>> said;
  for (const TurnRow& turn : rows.turns)
    if (!turn.state.empty()) said[turn.call_id][turn.turn_number] = turn.state;
  std::ranges::sort(calls, [](const CallRow* a, const CallRow* b) { return std::tie(b->start, b->call_id) < std::tie(a->start, a->call_id); });
  if (calls.size() > limits::flow_calls) calls.resize(limits::flow_calls);
  std::map<std::tuple<std::int64_t, std::string, std::string>, std::int64_t> counts;
  bool estimate = false;
  for (const CallRow* call : calls) {
    const std::int64_t weight = call->sample_weight.value_or(1);
    std::vector<std::string> states;
    for (const auto& [number, state] : said[call->call_id])
      if (states.empty() || states.back() != state) states.push_back(state);
    for (std::size_t i = 0; i < states.size() && i < std::size_t(limits::flow_steps); ++i) counts[{std::int64_t(i) + 1, states[i], i + 1 < states.size() ? states[i + 1] : ""}] += weight;
    estimate |= weight > 1 && !states.empty();
  }
  std::vector<FlowStep> steps;
  for (const auto& [step, count] : counts) steps.push_back({std::get<0>(step), std::get<1>(step), std::get<2>(step), count});
  return finished(std::move(steps), estimate);
}

}  // namespace aybiza
