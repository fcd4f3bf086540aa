#include "server/call_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "query/kept_range.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

// Dimension columns in Field's order; agent_id is the sender's text.
constexpr std::string_view dimension_columns[dimension_field_count] = {
    "customer_id", "external_agent_id", "agent_name", "agent_type", "agent_version", "region", "campaign", "language",
    "direction", "channel", "provider_stt", "provider_llm", "provider_tts", "carrier", "model_used", "experiment", "variant"};

struct NumberColumn {
  std::string_view name;
  Number CallRow::*member;
  double unit;
};
constexpr NumberColumn number_columns[] = {
    {"total_duration_ms", &CallRow::duration_us, 1e3}, {"voice_processing_latency_ms", &CallRow::voice_latency_us, 1e3},
    {"stt_latency_ms", &CallRow::stt_latency_us, 1e3}, {"llm_latency_ms", &CallRow::llm_latency_us, 1e3},
    {"tts_latency_ms", &CallRow::tts_latency_us, 1e3}, {"audio_quality_score", &CallRow::audio_quality_e4, 1e4},
    {"conversation_quality_score", &CallRow::conversation_quality_e4, 1e4}, {"stt_confidence_avg", &CallRow::stt_confidence_e4, 1e4},
    {"customer_satisfaction_score", &CallRow::satisfaction_e4, 1e4}, {"nps", &CallRow::nps, 1},
    {"cost_usd", &CallRow::cost_nano, 1e9}, {"tokens_consumed", &CallRow::tokens_consumed, 1},
    {"error_count", &CallRow::error_count, 1}, {"quality_score", &CallRow::quality_e4, 1e4},
    {"efficiency_score", &CallRow::efficiency_e4, 1e4}};

struct TextColumn {
  std::string_view name;
  std::string CallRow::*member;
};
constexpr TextColumn text_columns[] = {{"external_call_id", &CallRow::external_call_id}, {"phone_number", &CallRow::phone_number},
                                       {"caller_number", &CallRow::caller_number}, {"call_outcome", &CallRow::call_outcome},
                                       {"resolution_status", &CallRow::resolution_status}, {"end_reason", &CallRow::end_reason},
                                       {"ext", &CallRow::ext}};

std::string column_list() {
  std::string list = "call_id, agent_id, time, ended_at, updated_at, state, cost_source, escalated_flag, interventions, turns";
  for (const auto name : dimension_columns) list.append(", ").append(name);
  for (const auto& column : number_columns) list.append(", ").append(column.name);
  for (const auto& column : text_columns) list.append(", ").append(column.name);
  return list;
}

std::string text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string_view>(&cell);
  return text ? std::string(*text) : std::string();
}
template <typename T>
T value_or(const Cell& cell, T fallback) {
  const T* value = std::get_if<T>(&cell);
  return value ? *value : fallback;
}

// DECIMAL arrives exactly; the unit has as many digits as the scale.
Number scaled(const Cell& cell, double unit) {
  if (const auto* decimal = std::get_if<Decimal>(&cell)) return decimal->unscaled * std::int64_t(std::llround(unit / std::pow(10, decimal->scale)));
  if (const auto number = as_real(cell)) return std::llround(*number * unit);
  return {};
}

CallRow call_of(const Rows& rows, std::size_t row) {
  CallRow call;
  std::size_t at = 0;
  const auto next = [&] { return rows.cell(row, at++); };
  call.call_id = value_or(next(), Id{});
  call.agent_id = value_or(next(), Id{});
  call.start = value_or(next(), Instant{});
  if (const Cell ended = next(); const auto* when = std::get_if<Instant>(&ended)) call.ended = *when;
  call.updated = value_or(next(), Instant{});
  call.state = text_of(next()) == "ended" ? CallState::ended : CallState::active;
  const std::string source = text_of(next());
  call.cost_source = source == "reported" ? CostSource::reported : source == "priced" ? CostSource::priced : CostSource::unknown;
  call.escalated_flag = as_integer(next()).value_or(0) != 0;
  call.interventions = as_integer(next()).value_or(0);
  call.turns = as_integer(next()).value_or(0);
  for (std::string& value : call.dims.value) value = text_of(next());
  for (const auto& column : number_columns) call.*column.member = scaled(next(), column.unit);
  for (const auto& column : text_columns) call.*column.member = text_of(next());
  return call;
}

struct Cursor {
  bool active = false;
  Instant start{};
  Id id{};
};

std::optional<Cursor> parse_cursor(const std::string& text) {
  const auto first = text.find('|'), second = text.rfind('|');
  if (first == std::string::npos || second == first) return std::nullopt;
  Cursor cursor;
  cursor.active = text.substr(0, first) == "active";
  std::int64_t micros = 0;
  const auto [end, error] = std::from_chars(text.data() + first + 1, text.data() + second, micros);
  const auto id = parse_uuid(std::string_view(text).substr(second + 1));
  if (error != std::errc() || end != text.data() + second || !id) return std::nullopt;
  cursor.start = from_micros(micros);
  cursor.id = *id;
  return cursor;
}

}  // namespace

std::string cursor_after(const CallRow& call) {
  return fmt::format("{}|{}|{}", call.state == CallState::active ? "active" : "ended", to_micros(call.start), to_string(call.call_id));
}

Result<dashboard::CallsPage> list_calls(Store& store, const dashboard::CallsFilter& filter, const std::string& cursor,
                                        std::size_t limit, Duration deadline) {
  SqlText sql;
  std::vector<std::string> where = {"true"};
  const auto equal = [&](std::string_view column, const std::string& value) {
    if (!value.empty()) where.push_back(fmt::format("{} = {}", column, sql.bind(value)));
  };
  if (!filter.customers.empty()) {
    std::vector<std::string> allowed;
    for (const std::string& customer : filter.customers) allowed.push_back(sql.bind(customer));
    where.push_back(fmt::format("customer_id IN ({})", fmt::join(allowed, ", ")));
  }
  equal("customer_id", filter.customer);
  equal("region", filter.region);
  equal("external_agent_id", filter.agent);
  equal("call_outcome", filter.outcome);
  equal("state", filter.state);
  equal("model_used", filter.model);
  equal("caller_number", filter.caller_number);
  equal("phone_number", filter.phone_number);
  if (!filter.ids.empty()) {
    std::vector<std::string> ids;
    for (const Id& id : filter.ids) ids.push_back(fmt::format("CAST({} AS UUID)", sql.bind(to_string(id))));
    where.push_back(fmt::format("call_id IN ({})", fmt::join(ids, ", ")));
  }
  if (filter.from) where.push_back(fmt::format("time >= make_timestamptz({})", to_micros(*filter.from)));
  if (filter.to) where.push_back(fmt::format("time < make_timestamptz({})", to_micros(*filter.to)));
  if (!cursor.empty()) {
    const auto after = parse_cursor(cursor);
    if (!after) return fail(Code::invalid, "'{}' is not a cursor: take `next` of the page before as it is", cursor);
    where.push_back(fmt::format("(state = 'active', epoch_us(time), call_id::VARCHAR) < ({}, {}, {})", after->active, to_micros(after->start),
                                sql.bind(to_string(after->id))));
  }
  const std::string text = fmt::format("SELECT {} FROM call_analytics WHERE {} ORDER BY state = 'active' DESC, time DESC, call_id::VARCHAR DESC LIMIT {}",
                                       column_list(), fmt::join(where, " AND "), limit + 1);
  dashboard::CallsPage page;
  const auto read = [&](Store& from) -> Status {
    page.calls.clear();
    auto rows = from.sql(text, sql.params(), deadline);
    if (!rows) return std::unexpected(rows.error());
    for (;;) {
      const auto more = (*rows)->next();
      if (!more) return std::unexpected(more.error());
      if (!*more) return {};
      for (std::size_t row = 0; row < (*rows)->row_count(); ++row) page.calls.push_back(call_of(**rows, row));
    }
  };
  // The newest come first and are in the table; where it ends before the page does, the archive goes on.
  const auto all = store_for(store, filter.from.value_or(Instant::min()), filter.to.value_or(Instant::max()));
  const bool archived = filter.from && all.get() != &store;
  AYBIZA_TRY(read(archived ? *all : store));
  if (!archived && all.get() != &store && page.calls.size() <= limit) AYBIZA_TRY(read(*all));
  if (page.calls.size() > limit) {
    page.calls.resize(limit);
    page.next = cursor_after(page.calls.back());
  }
  return page;
}

}  // namespace aybiza
