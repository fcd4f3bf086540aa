// The words of a question: measures, dimensions, and how a measure is made of a Tally.
//
// Shape    Measure = what + (for the avg_/p50_/min_/… families) which Quantity and which Statistic. Dimension = an
//          enum with its wire name and what it belongs to (call, turn, usage, time of day).
// Errors   parse_* answer nullopt; the caller names the word and those that would have been (all_* lists).
// Threads  constant data; any.
// Source   events.md "Reading back"; decisions.md 5, 7, 8, 21-23. Definitions: docs/metrics.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aybiza {

// What is measured by quantile, average, extreme and histogram. The first three are of calls, the rest of agent turns.
enum class Quantity : unsigned char { duration_ms, voice_latency_ms, cost_usd, stt_latency_ms, llm_latency_ms,
                                      tts_latency_ms, response_time_ms };
inline constexpr std::size_t quantity_count = 7;
constexpr bool of_call(Quantity q) { return q <= Quantity::cost_usd; }
std::string_view to_string(Quantity q);
// 1e3 for milliseconds, 1e9 for USD: what divides the integer in memory to give the wire's number.
constexpr double unit_of(Quantity q) { return q == Quantity::cost_usd ? 1e9 : 1e3; }

enum class What : unsigned char {
  // of calls, at their start
  calls, active_calls, active_agents, successful_calls, success_rate, resolved_calls, resolution_rate, escalated_calls,
  escalation_rate, intervened_calls, errors, error_rate, rated_calls, avg_satisfaction, cost_per_call, quality_score,
  efficiency_score, utilization,
  // of turns, at their time
  turns, interruptions, avg_sentiment, sentiment_confidence,
  // of usage, at its time (cost_usd also takes a call's reported cost, at the call's start)
  cost_usd, tokens, input_tokens, output_tokens, cache_read_tokens,
  // of a Quantity
  statistic,
  // metric:<name>:<aggregation>
  metric,
  // of learning and changes, at their time; sizes of knowledge graphs as last told
  learning_patterns, active_patterns, successful_patterns, failed_patterns, replicated_patterns, pattern_confidence, improvements,
  knowledge_nodes, knowledge_edges, knowledge_orphans, unanswered_questions, changes,
};

enum class Statistic : unsigned char { avg, p50, p90, p95, p99, min, max, histogram, moving_average };

struct Measure {
  What what = What::calls;
  Statistic statistic = Statistic::avg;      // when what == statistic, and for ma_X of a plain measure
  Quantity quantity = Quantity::duration_ms; // when what == statistic
  std::string metric_name, metric_aggregation;  // when what == metric
  bool moving = false;                       // ma_X: moving average of this measure over the `ma` window
  std::string text;                          // as asked: the column's name
};

enum class Entity : unsigned char { call, turn, usage, metric, learning };
Entity entity_of(const Measure& measure);

std::optional<Measure> parse_measure(std::string_view text);
std::vector<std::string> all_measures();  // every accepted word, families spelled out

enum class Dimension : unsigned char {
  customer_id, agent_id, agent_type, agent_version, region, model_used, campaign, language, direction, channel,
  provider_stt, provider_llm, provider_tts, carrier, experiment, variant, call_outcome, resolution_status, end_reason,
  emotion, topic, intent, state, speaker, sentiment_class,  // of turns
  hour_of_day, day_of_week,                                 // of the time, with tz
  tag,                                                      // tag.<key>, only for metrics
};
inline constexpr std::size_t dimension_count = std::size_t(Dimension::day_of_week) + 1;
std::string_view to_string(Dimension dimension);
std::optional<Dimension> parse_dimension(std::string_view text);
constexpr bool of_turn(Dimension d) { return d >= Dimension::emotion && d <= Dimension::sentiment_class; }
std::vector<std::string> all_dimensions();

}  // namespace aybiza
