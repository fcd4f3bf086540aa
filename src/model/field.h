// Every member an event may carry, as one table: name, kind, range, and the event types it belongs to.
//
// Shape    Field is the index into fields(). Decoding, validation, the binary form, merging of calls, columns of the
//          stores and the documentation are all read off this table; a new member is one line here.
// Units    numbers travel as int64 in the field's unit: milliseconds and seconds as microseconds, scores and shares
//          x 10^4, money as nano-USD, counts as they are; Kind::real is a double's bits (std::bit_cast).
// Errors   none: the table is constant. check_number() answers whether a wire number fits.
// Threads  constant data; any.
// Source   events.md "Types", "Common dimensions", "Checks"; decisions.md 10, 12, 26.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace aybiza {

enum class EventType : std::uint8_t {
  call_started, call_updated, call_ended, call_rated, call_intervened, turn, usage, agent_status, system, metric,
  learning_pattern, learning_knowledge, learning_improvement, change,
  metric_points,  // ours alone, never on the wire: a MetricBatch as one event of the log
  prices,         // likewise: what the price book is from here on, or that usage is to be priced anew (assemble/price_order.h)
  other,  // a type this version does not know: counted, kept raw
};
inline constexpr std::size_t event_type_count = std::size_t(EventType::other) + 1;

constexpr bool is_ours_alone(EventType type) { return type == EventType::metric_points || type == EventType::prices; }

std::string_view to_string(EventType type);            // "call.started"; other is ""
EventType parse_event_type(std::string_view text);     // unknown text: other

enum class Kind : std::uint8_t {
  label,     // identifier or dimension: text of at most 128 bytes
  phone,     // a label that privacy/ turns into a token
  word,      // one of FieldInfo::words
  text,      // text_content: at most 16 KiB
  json,      // a raw JSON fragment, minified
  flag,      // bool as 0 or 1
  count,     // non-negative integer
  millis,    // wire: milliseconds; here microseconds
  seconds,   // wire: seconds; here microseconds
  time,      // wire: RFC 3339; here microseconds since the epoch
  score,     // wire: a number of small range; here x 10^4
  money,     // wire: USD; here nano-USD
  real,      // any finite double; here its bits
  vector,    // array of numbers; here little-endian float32 bytes (of `points`: codec/metric_binary.h)
};
constexpr bool is_number(Kind kind) { return kind >= Kind::flag && kind != Kind::vector; }

enum class Field : std::uint8_t {
  // Common dimensions: any event may carry them, the call keeps the last non-null.
  customer_id, agent_id, agent_name, agent_type, agent_version, region, campaign, language, direction, channel,
  provider_stt, provider_llm, provider_tts, carrier, model_used, experiment, variant,
  // Calls.
  call_id, phone_number, caller_number, started_at, total_duration_ms, voice_processing_latency_ms, stt_latency_ms,
  llm_latency_ms, tts_latency_ms, audio_quality_score, conversation_quality_score, stt_confidence_avg, call_outcome,
  resolution_status, end_reason, escalated, customer_satisfaction_score, nps, cost_usd, tokens_consumed, error_count,
  intervention_kind, actor,
  // Turns.
  turn_number, speaker, text_content, ended_at, state, intent, response_time_ms, endpointing_ms, interrupted,
  backchannel, confidence_score, sentiment_score, emotion, entities, tools, text_embedding,
  // Usage.
  model, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_input_tokens,
  audio_output_tokens, stt_seconds, tts_characters, telephony_seconds,
  // agent.status, system.
  status, capacity, concurrent_calls, cpu_utilization_pct, memory_utilization_pct, network_latency_ms, error_rate,
  availability_pct, sla_compliance_pct, max_capacity, utilization_pct, queue_depth,
  // metric.
  name, metric_kind, value, unit, tags, sample_rate,
  // learning.*, change.
  pattern_id, outcome, confidence, replicated_from, nodes, edges, orphans, unanswered_questions, graph_id,
  metric, before, after, what, version, hash,
  // How parts of a call find together whose sender numbers nothing (assemble/turn_keys.h). No event of the wire may name them.
  turn_key, turn_exchange, usage_preliminary, error_events,
  points,  // of metric_points
  // What ingest says of a turn's text as it was written (text/text_facts.h), and that text encrypted, where a customer wants it kept.
  text_facts, text_sealed,
  text_order,   // of several tellings of one text of a turn the one of the greatest order counts (assemble/turn_fields.h)
  joined_call,  // of call.joined: the id, 16 bytes, of the call that has become part of the event's (server/joined_calls.h)
  price_order,  // of prices
  sample_weight,  // of any event of a call that a sampling rule kept: how many calls it stands for (ingest/call_sampler.h)
  count_,  // not a field: how many there are
};
inline constexpr std::size_t field_count = std::size_t(Field::count_);
inline constexpr std::size_t dimension_field_count = std::size_t(Field::variant) + 1;

using TypeMask = std::uint32_t;
constexpr TypeMask mask_of(EventType type) { return TypeMask(1u << unsigned(type)); }

struct FieldInfo {
  Field field;
  std::string_view name;  // on the wire; `kind` is intervention_kind or metric_kind by event type
  Kind kind;
  TypeMask types;         // which event types may carry it; elsewhere the member goes to ext
  TypeMask required;      // of which types it must be present and non-null
  double min, max;        // inclusive, in wire units; only for numbers
  std::span<const std::string_view> words = {};
};

std::span<const FieldInfo> fields();
const FieldInfo& info(Field field);
std::string_view name_of(Field field);

// The field that `name` means in an event of `type`; nullopt: an unknown member, kept in ext.
std::optional<Field> find_field(EventType type, std::string_view name);

// The position of `word` in info(field).words; nullopt: not one of them.
std::optional<int> find_word(Field field, std::string_view word);

// A wire number as the field's int64; nullopt: not finite, outside the range, or a fraction where counts are asked.
std::optional<std::int64_t> from_wire(Field field, double value);
// Back to the wire's unit, for JSON and rows: 1350.0 for 1 350 000 us of a millis field.
double to_wire(Field field, std::int64_t value);

}  // namespace aybiza
