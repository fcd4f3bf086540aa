#include "query/sql_measures.h"

#include <fmt/format.h>

namespace aybiza {
namespace {

// Column of call_analytics for each dimension of a call, in Dimension's order.
constexpr std::string_view call_columns[] = {
    "customer_id", "external_agent_id", "agent_type", "agent_version", "region", "model_used", "campaign", "language",
    "direction", "channel", "provider_stt", "provider_llm", "provider_tts", "carrier", "experiment", "variant",
    "call_outcome", "resolution_status", "end_reason"};
constexpr std::string_view turn_columns[] = {"emotion", "", "intent", "state", "speaker", "sentiment_class"};

}  // namespace

std::string_view call_column(Dimension dimension) { return call_columns[std::size_t(dimension)]; }

std::string_view turn_column(Dimension dimension) { return turn_columns[std::size_t(dimension) - std::size_t(Dimension::emotion)]; }

std::string_view column_of(Quantity q) {
  switch (q) {
    case Quantity::duration_ms: return "c.total_duration_ms";
    case Quantity::voice_latency_ms: return "c.voice_processing_latency_ms";
    case Quantity::cost_usd: return "c.cost_usd";
    case Quantity::stt_latency_ms: return "t.stt_latency_ms";
    case Quantity::llm_latency_ms: return "t.llm_latency_ms";
    case Quantity::tts_latency_ms: return "t.tts_latency_ms";
    case Quantity::response_time_ms: return "t.response_time_ms";
  }
  return "";
}

namespace {

constexpr std::string_view all_tokens =
    "coalesce(u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens,"
    " u.audio_input_tokens, u.audio_output_tokens) IS NOT NULL";
constexpr std::string_view token_sum =
    "coalesce(u.input_tokens, 0) + coalesce(u.cache_read_tokens, 0) + coalesce(u.cache_write_tokens, 0)"
    " + coalesce(u.output_tokens, 0) + coalesce(u.reasoning_tokens, 0) + coalesce(u.audio_input_tokens, 0)"
    " + coalesce(u.audio_output_tokens, 0)";

std::string statistic_sql(const Measure& m) {
  const auto column = column_of(m.quantity);
  switch (m.statistic) {
    case Statistic::avg: return fmt::format("avg({})", column);
    case Statistic::min: return fmt::format("min({})", column);
    case Statistic::max: return fmt::format("max({})", column);
    case Statistic::p50: return fmt::format("percentile_cont(0.50) WITHIN GROUP (ORDER BY {}::DOUBLE PRECISION)", column);
    case Statistic::p90: return fmt::format("percentile_cont(0.90) WITHIN GROUP (ORDER BY {}::DOUBLE PRECISION)", column);
    case Statistic::p95: return fmt::format("percentile_cont(0.95) WITHIN GROUP (ORDER BY {}::DOUBLE PRECISION)", column);
    default: return fmt::format("percentile_cont(0.99) WITHIN GROUP (ORDER BY {}::DOUBLE PRECISION)", column);
  }
}

std::string rate(std::string_view part, std::string_view whole) {
  return fmt::format("(count(*) FILTER (WHERE {}))::DOUBLE PRECISION / nullif(count(*) FILTER (WHERE {}), 0)", part, whole);
}

}  // namespace

std::string measure_sql(const Measure& m) {
  constexpr std::string_view outcome = "c.call_outcome <> 'unknown'", resolution = "c.resolution_status <> 'unknown'";
  switch (m.what) {
    case What::calls: case What::turns: return "count(*)";
    case What::successful_calls: return "count(*) FILTER (WHERE c.call_outcome = 'successful')";
    case What::success_rate: return rate("c.call_outcome = 'successful'", outcome);
    case What::resolved_calls: return "count(*) FILTER (WHERE c.resolution_status = 'resolved')";
    case What::resolution_rate: return rate("c.resolution_status = 'resolved'", resolution);
    case What::escalated_calls: return "count(*) FILTER (WHERE c.escalated)";
    case What::escalation_rate: return rate("c.escalated", "true");
    case What::intervened_calls: return "count(*) FILTER (WHERE c.interventions > 0)";
    case What::errors: return "coalesce(sum(c.error_count), 0)";
    case What::error_rate: return rate("c.error_count > 0", "true");
    case What::rated_calls: return "count(c.customer_satisfaction_score)";
    case What::avg_satisfaction: return "avg(c.customer_satisfaction_score)";
    case What::cost_per_call: return "avg(c.cost_usd)";
    case What::quality_score: return "avg(c.quality_score)";
    case What::efficiency_score: return "avg(c.efficiency_score)";
    case What::interruptions: return "count(*) FILTER (WHERE t.interrupted)";
    case What::avg_sentiment: return "avg(t.sentiment_score) FILTER (WHERE t.speaker = 'caller')";
    case What::sentiment_confidence: return "avg(t.sentiment_confidence) FILTER (WHERE t.speaker = 'caller')";
    case What::cost_usd: return "sum(u.cost_usd) FILTER (WHERE c.cost_source IS DISTINCT FROM 'reported')";
    case What::tokens: return fmt::format("sum({}) FILTER (WHERE {})", token_sum, all_tokens);
    case What::input_tokens: return "sum(u.input_tokens)";
    case What::output_tokens: return "sum(u.output_tokens)";
    case What::cache_read_tokens: return "sum(u.cache_read_tokens)";
    case What::statistic: return m.statistic == Statistic::histogram ? "" : statistic_sql(m);
    default: return "";
  }
}

Rowset rowset(Entity entity) {
  switch (entity) {
    case Entity::call: return {"call_analytics c", "c.time"};
    case Entity::turn: return {"conversation_turns t LEFT JOIN call_analytics c ON c.call_id = t.call_id", "t.time"};
    case Entity::usage: return {"usage_events u LEFT JOIN call_analytics c ON c.call_id = u.call_id", "u.time"};
    case Entity::metric: return {"", "m.time"};  // metric_rows()
    case Entity::learning: break;                // not asked in SQL: learning.h
  }
  return {};
}

}  // namespace aybiza
