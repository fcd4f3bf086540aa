#include "query/spend_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "query/sql_text.h"

namespace aybiza {
namespace {

// Usage of one price: whose call, of which model and providers, and how much in all.
struct Piece {
  UsageRow usage;
  PriceContext context;
  double count = 0, cost = 0, known = 0;  // pieces; their known cost, and how many have one
  bool priced = false;                    // by a list, not by its sender
  bool call_reports = false;              // its whole cost: what its usage costs is in that already
};

bool used(const Number& amount) { return amount && *amount > 0; }

// Which stages it was used in, one bit each.
unsigned stages_of(const UsageRow& u) {
  const bool tokens = used(u.input_tokens) || used(u.cache_read_tokens) || used(u.cache_write_tokens) || used(u.output_tokens) || used(u.reasoning_tokens) || used(u.audio_input_tokens) || used(u.audio_output_tokens);
  return unsigned(tokens) | unsigned(used(u.stt_us)) << 1 | unsigned(used(u.tts_characters)) << 2 | unsigned(used(u.telephony_us)) << 3;
}

// What the list in force asks for each stage of it alone; what is not listed, nothing. nullopt: its tokens have no price.
std::optional<std::array<double, cost_stages>> asked_for(const Piece& piece, unsigned stages, const PriceBook& prices) {
  std::array<double, cost_stages> out{};
  for (std::size_t stage = 0; stage < cost_stages; ++stage) {
    if ((stages >> stage & 1u) == 0) continue;
    UsageRow alone = piece.usage;
    if (stage != 0) {
      for (const auto tokens : {&UsageRow::cache_read_tokens, &UsageRow::cache_write_tokens, &UsageRow::output_tokens, &UsageRow::reasoning_tokens, &UsageRow::audio_input_tokens, &UsageRow::audio_output_tokens}) (alone.*tokens).reset();
      if (stages & 1u) alone.input_tokens = 0;  // the model is still that of tokens, not of speech
      else alone.input_tokens.reset();
    }
    if (stage != 1) alone.stt_us.reset();
    if (stage != 2) alone.tts_characters.reset();
    if (stage != 3) alone.telephony_us.reset();
    const Number nano = prices.cost_of(alone, piece.context);
    if (!nano && stage == 0) return std::nullopt;
    out[stage] = double(nano.value_or(0));
  }
  return out;
}

void split(const Piece& piece, const PriceBook& prices, SpendParts& into) {
  const unsigned stages = stages_of(piece.usage);
  if (std::has_single_bit(stages)) {
    into.stage_usd[std::size_t(std::countr_zero(stages))] += piece.cost;
    return;
  }
  const auto parts = piece.priced ? asked_for(piece, stages, prices) : std::nullopt;
  const double all = parts ? std::reduce(parts->begin(), parts->end()) : 0;
  if (all <= 0) {
    into.apart_usd += piece.cost;
    return;
  }
  for (std::size_t i = 0; i < cost_stages; ++i) into.stage_usd[i] += piece.cost * (*parts)[i] / all;
}

// USD for one token.
std::optional<double> token_price(const Piece& piece, const PriceBook& prices, bool cached) {
  constexpr std::int64_t many = 1'000'000;
  UsageRow one;
  one.time = piece.usage.time, one.model = piece.usage.model;
  (cached ? one.cache_read_tokens : one.input_tokens) = many;
  const Number nano = prices.cost_of(one, piece.context);
  return nano ? std::optional(double(*nano) / 1e9 / double(many)) : std::nullopt;
}

void take(const Piece& piece, const PriceBook& prices, SpendParts& into) {
  into.usage += piece.count;
  if (!piece.call_reports) {
    into.unpriced += piece.count - piece.known;
    into.costs_known |= piece.known > 0;
    if (piece.known > 0) split(piece, prices, into);
  }
  if (!used(piece.usage.cache_read_tokens)) return;
  const double tokens = double(*piece.usage.cache_read_tokens);
  const auto fresh = token_price(piece, prices, false), cached = token_price(piece, prices, true);
  into.cached_tokens += tokens;
  if (fresh && cached) into.saved_usd += tokens * (*fresh - *cached);
  else into.unpriced_cached += tokens;
}

constexpr std::string_view amounts[] = {"input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
                                        "stt_seconds", "tts_characters", "telephony_seconds"};
constexpr Number UsageRow::* amount_fields[] = {&UsageRow::input_tokens, &UsageRow::cache_read_tokens, &UsageRow::cache_write_tokens, &UsageRow::output_tokens, &UsageRow::reasoning_tokens,
                                         &UsageRow::audio_input_tokens, &UsageRow::audio_output_tokens, &UsageRow::stt_us, &UsageRow::tts_characters, &UsageRow::telephony_us};
constexpr bool in_seconds(std::size_t i) { return i == 7 || i == 9; }

// Groups alike in price and stages; a day at most, so that prices of its beginning are its prices (they change at midnight UTC).
std::string usage_sql(const FleetQuestion& q, SqlText& sql) {
  std::string sums, any = "0";
  for (std::size_t i = 0; i < std::size(amounts); ++i) sums += fmt::format(", CAST(sum(u.{} * coalesce(c.sample_weight, 1)) AS FLOAT8)", amounts[i]);
  for (std::size_t i = 0; i < 7; ++i) any += fmt::format(" + coalesce(u.{}, 0)", amounts[i]);
  const std::string stages = fmt::format("CASE WHEN {} > 0 THEN 1 ELSE 0 END, CASE WHEN u.stt_seconds > 0 THEN 1 ELSE 0 END, CASE WHEN u.tts_characters > 0 THEN 1 ELSE 0 END, CASE WHEN u.telephony_seconds > 0 THEN 1 ELSE 0 END", any);
  return fmt::format(
      "SELECT min(epoch_us(u.time)), c.customer_id, u.model, c.model_used, c.provider_llm, c.provider_stt, c.provider_tts, c.carrier, u.cost_source, max(CASE WHEN c.cost_source = 'reported' THEN 1 ELSE 0 END),"
      " CAST(sum(coalesce(c.sample_weight, 1)) AS FLOAT8), CAST(sum(u.cost_usd * coalesce(c.sample_weight, 1)) AS FLOAT8), CAST(sum(CASE WHEN u.cost_usd IS NOT NULL THEN coalesce(c.sample_weight, 1) END) AS FLOAT8),"
      " max(coalesce(c.sample_weight, 1)){}"
      " FROM usage_events u LEFT JOIN call_analytics c ON c.call_id = u.call_id WHERE u.time >= make_timestamptz({}) AND u.time < make_timestamptz({}){}"
      " GROUP BY c.customer_id, u.model, c.model_used, c.provider_llm, c.provider_stt, c.provider_tts, c.carrier, u.cost_source, CASE WHEN c.cost_source = 'reported' THEN 1 ELSE 0 END,"
      " floor(epoch_us(u.time) / 86400000000.0), {}",
      sums, to_micros(q.from), to_micros(q.to), restriction(q, sql), stages);
}

std::string calls_sql(const FleetQuestion& q, SqlText& sql) {
  const std::string weight = "coalesce(sample_weight, 1)", timed = "state = 'ended' AND total_duration_ms > 0 AND cost_usd IS NOT NULL";
  return fmt::format(
      "SELECT CAST(sum(CASE WHEN cost_source = 'reported' THEN cost_usd * {0} END) AS FLOAT8), CAST(sum(CASE WHEN {1} THEN {0} END) AS FLOAT8), CAST(sum(CASE WHEN {1} THEN total_duration_ms * {0} END) AS FLOAT8),"
      " CAST(sum(CASE WHEN {1} THEN cost_usd * {0} END) AS FLOAT8), max({0}) FROM call_analytics WHERE time >= make_timestamptz({2}) AND time < make_timestamptz({3}){4}",
      weight, timed, to_micros(q.from), to_micros(q.to), restriction(q, sql));
}

}  // namespace

Answered<SpendParts> spend_parts_from_store(const FleetQuestion& q, Store& store, const PriceBook& prices, Duration deadline) {
  const auto failed = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  SpendParts out;
  SqlText of_usage, of_calls;
  const std::string usage = usage_sql(q, of_usage), calls = calls_sql(q, of_calls);
  auto rows = store.sql(usage, of_usage.params(), deadline);
  if (!rows) return failed(rows.error());
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return failed(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const auto real = [&](std::size_t column) { return as_real((*rows)->cell(row, column)); };
      std::array<Cell, 7> named;  // kept while the views into them are used
      for (std::size_t i = 0; i < named.size(); ++i) named[i] = (*rows)->cell(row, 1 + i);
      const auto text = [&](std::size_t column) { return std::holds_alternative<std::string_view>(named[column - 1]) ? std::get<std::string_view>(named[column - 1]) : std::string_view(); };
      Piece piece;
      piece.usage.time = from_micros(std::int64_t(real(0).value_or(0))), piece.usage.model = text(2);
      piece.context = {.customer = text(1), .model = text(3), .provider_llm = text(4), .provider_stt = text(5), .provider_tts = text(6), .carrier = text(7)};
      const Cell source = (*rows)->cell(row, 8);
      piece.priced = std::holds_alternative<std::string_view>(source) && std::get<std::string_view>(source) == "priced";
      piece.call_reports = real(9).value_or(0) > 0;
      piece.count = real(10).value_or(0), piece.cost = real(11).value_or(0), piece.known = real(12).value_or(0);
      out.estimate |= real(13).value_or(1) > 1;
      for (std::size_t i = 0; i < std::size(amount_fields); ++i)
        if (const auto amount = real(14 + i)) piece.usage.*amount_fields[i] = std::int64_t(std::llround(*amount * (in_seconds(i) ? 1e6 : 1)));
      take(piece, prices, out);
    }
  }
  rows = store.sql(calls, of_calls.params(), deadline);
  if (!rows) return failed(rows.error());
  const auto more = (*rows)->next();
  if (!more) return failed(more.error());
  if (!*more || (*rows)->row_count() == 0) return out;
  const auto real = [&](std::size_t column) { return as_real((*rows)->cell(0, column)); };
  out.apart_usd += real(0).value_or(0), out.costs_known |= real(0).has_value();
  out.timed_calls = real(1).value_or(0), out.timed_ms = real(2).value_or(0), out.timed_usd = real(3).value_or(0);
  out.estimate |= real(4).value_or(1) > 1;
  return out;
}

SpendParts spend_parts_from_rows(const FleetQuestion& q, const RowSet& rows, const PriceBook& prices) {
  SpendParts out;
  std::unordered_map<Id, const CallRow*> calls;
  for (const CallRow& call : rows.calls) calls[call.call_id] = &call;
  for (const UsageRow& usage : rows.usage) {
    const auto at = calls.find(usage.call_id);
    if (at == calls.end() || !concerns(q, *at->second) || usage.time < q.from || usage.time >= q.to) continue;
    const CallRow& call = *at->second;
    const double weight = double(call.sample_weight.value_or(1));
    SpendParts one;
    take({usage, price_context(call.dims), 1, double(usage.cost_nano.value_or(0)) / 1e9, usage.cost_nano ? 1.0 : 0.0, usage.cost_source == CostSource::priced, call.cost_source == CostSource::reported}, prices, one);
    for (std::size_t i = 0; i < cost_stages; ++i) out.stage_usd[i] += weight * one.stage_usd[i];
    for (const auto member : {&SpendParts::apart_usd, &SpendParts::usage, &SpendParts::unpriced, &SpendParts::cached_tokens, &SpendParts::unpriced_cached, &SpendParts::saved_usd}) out.*member += weight * one.*member;
    out.costs_known |= one.costs_known, out.estimate |= weight > 1;
  }
  for (const CallRow& call : rows.calls) {
    if (!concerns(q, call) || call.start < q.from || call.start >= q.to) continue;
    const double weight = double(call.sample_weight.value_or(1)), usd = double(call.cost_nano.value_or(0)) / 1e9;
    out.estimate |= weight > 1;
    if (!call.cost_nano) continue;
    if (call.cost_source == CostSource::reported) out.apart_usd += weight * usd, out.costs_known = true;
    if (call.state == CallState::ended && call.duration_us && *call.duration_us > 0) out.timed_calls += weight, out.timed_ms += weight * double(*call.duration_us) / 1e3, out.timed_usd += weight * usd;
  }
  return out;
}

}  // namespace aybiza
