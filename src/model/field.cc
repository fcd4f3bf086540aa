#include "model/field.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace aybiza {
namespace {

using enum EventType;
using enum Kind;
using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, event_type_count> type_names = {
    "call.started", "call.updated", "call.ended", "call.rated", "call.intervened", "turn", "usage",
    "agent.status", "system", "metric", "learning.pattern", "learning.knowledge", "learning.improvement",
    "change", "metric.points", "prices", ""};

constexpr std::string_view directions[] = {"inbound", "outbound"};
constexpr std::string_view channels[] = {"phone", "web", "sip"};
constexpr std::string_view outcomes[] = {"successful", "failed", "abandoned", "transferred", "voicemail", "no_answer",
                                         "busy", "timeout", "canceled", "error", "unknown"};
constexpr std::string_view resolutions[] = {"resolved", "unresolved", "escalated", "unknown"};
constexpr std::string_view interventions[] = {"listen", "whisper", "barge", "takeover", "transfer"};
constexpr std::string_view speakers[] = {"caller", "agent"};
constexpr std::string_view statuses[] = {"available", "busy", "offline"};
constexpr std::string_view metric_kinds[] = {"counter", "sum", "last_value", "summary", "distribution"};
constexpr std::string_view pattern_outcomes[] = {"success", "failure"};
constexpr std::string_view changes[] = {"prompt", "model", "tool", "knowledge", "deploy"};

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double int_max = 1e12;  // more of anything one event counts is a mistake, or a card number in the wrong field
constexpr double millis_max = 31.0 * 86'400'000;     // a month: longer is a unit mistake
constexpr double money_max = 1e6;

constexpr TypeMask of(std::initializer_list<EventType> types) {
  TypeMask mask = 0;
  for (EventType type : types) mask = TypeMask(mask | mask_of(type));
  return mask;
}
constexpr TypeMask any = 0xFFFF'FFFF, none = 0;
constexpr TypeMask call_row = of({call_updated, call_ended});
constexpr TypeMask call_or_turn = of({call_updated, call_ended, turn});
constexpr TypeMask of_call = of({call_started, call_updated, call_ended, call_rated, call_intervened, turn, usage});

constexpr FieldInfo dim(Field field, std::string_view name, TypeMask required = 0) {
  return {field, name, label, any, required, 0, 0};
}
constexpr FieldInfo num(Field field, std::string_view name, Kind kind, TypeMask types, double min, double max,
                        TypeMask required = 0) {
  return {field, name, kind, types, required, min, max};
}
constexpr FieldInfo str(Field field, std::string_view name, Kind kind, TypeMask types, TypeMask required = 0) {
  return {field, name, kind, types, required, 0, 0};
}
constexpr FieldInfo wrd(Field field, std::string_view name, TypeMask types, Words words, TypeMask required = 0) {
  return {field, name, word, types, required, 0, 0, words};
}
constexpr FieldInfo cnt(Field field, std::string_view name, TypeMask types, TypeMask required = 0) {
  return {field, name, count, types, required, 0, int_max, {}};
}
constexpr FieldInfo ms(Field field, std::string_view name, TypeMask types) {
  return {field, name, millis, types, 0, 0, millis_max, {}};
}
constexpr FieldInfo pct(Field field, std::string_view name) { return num(field, name, score, of({system}), 0, 100); }

using F = Field;
constexpr std::array<FieldInfo, field_count> table = {{
    dim(F::customer_id, "customer_id"),
    dim(F::agent_id, "agent_id", of({call_started, agent_status})),
    dim(F::agent_name, "agent_name"),
    dim(F::agent_type, "agent_type"),
    dim(F::agent_version, "agent_version"),
    dim(F::region, "region", of({system})),
    dim(F::campaign, "campaign"),
    dim(F::language, "language"),
    wrd(F::direction, "direction", any, directions),
    wrd(F::channel, "channel", any, channels),
    dim(F::provider_stt, "provider_stt"),
    dim(F::provider_llm, "provider_llm"),
    dim(F::provider_tts, "provider_tts"),
    dim(F::carrier, "carrier"),
    dim(F::model_used, "model_used"),
    dim(F::experiment, "experiment"),
    dim(F::variant, "variant"),

    str(F::call_id, "call_id", label, any, of_call),
    str(F::phone_number, "phone_number", phone, of({call_started, call_updated, call_ended})),
    str(F::caller_number, "caller_number", phone, of({call_started, call_updated, call_ended})),
    num(F::started_at, "started_at", Kind::time, of({call_started, call_updated, call_ended, turn}), 0, 0),
    ms(F::total_duration_ms, "total_duration_ms", call_row),
    ms(F::voice_processing_latency_ms, "voice_processing_latency_ms", call_row),
    ms(F::stt_latency_ms, "stt_latency_ms", call_or_turn),
    ms(F::llm_latency_ms, "llm_latency_ms", call_or_turn),
    ms(F::tts_latency_ms, "tts_latency_ms", call_or_turn),
    num(F::audio_quality_score, "audio_quality_score", score, call_row, 1, 5),
    num(F::conversation_quality_score, "conversation_quality_score", score, call_row, 0, 5),
    num(F::stt_confidence_avg, "stt_confidence_avg", score, call_row, 0, 1),
    wrd(F::call_outcome, "call_outcome", call_row, outcomes),
    wrd(F::resolution_status, "resolution_status", call_row, resolutions),
    str(F::end_reason, "end_reason", label, call_row),
    num(F::escalated, "escalated", flag, call_row, 0, 1),
    num(F::customer_satisfaction_score, "customer_satisfaction_score", score,
        of({call_updated, call_ended, call_rated}), 1, 5),
    num(F::nps, "nps", count, of({call_updated, call_ended, call_rated}), 0, 10),
    num(F::cost_usd, "cost_usd", money, of({call_updated, call_ended, usage}), 0, money_max),
    cnt(F::tokens_consumed, "tokens_consumed", call_row),
    cnt(F::error_count, "error_count", call_row),
    wrd(F::intervention_kind, "kind", of({call_intervened}), interventions, of({call_intervened})),
    str(F::actor, "actor", label, of({call_intervened})),

    num(F::turn_number, "turn_number", count, of({turn}), 0, 1'000'000, of({turn})),
    wrd(F::speaker, "speaker", of({turn}), speakers, of({turn})),
    str(F::text_content, "text_content", text, of({turn})),
    num(F::ended_at, "ended_at", Kind::time, of({turn}), 0, 0),
    str(F::state, "state", label, of({turn})),
    str(F::intent, "intent", label, of({turn})),
    ms(F::response_time_ms, "response_time_ms", of({turn})),
    ms(F::endpointing_ms, "endpointing_ms", of({turn})),
    num(F::interrupted, "interrupted", flag, of({turn}), 0, 1),
    num(F::backchannel, "backchannel", flag, of({turn}), 0, 1),
    num(F::confidence_score, "confidence_score", score, of({turn}), 0, 1),
    num(F::sentiment_score, "sentiment_score", score, of({turn}), -1, 1),
    str(F::emotion, "emotion", label, of({turn})),
    str(F::entities, "entities", json, of({turn})),
    str(F::tools, "tools", json, of({turn})),
    str(F::text_embedding, "text_embedding", Kind::vector, of({turn})),

    str(F::model, "model", label, of({usage})),
    cnt(F::input_tokens, "input_tokens", of({usage})),
    cnt(F::cache_read_tokens, "cache_read_tokens", of({usage})),
    cnt(F::cache_write_tokens, "cache_write_tokens", of({usage})),
    cnt(F::output_tokens, "output_tokens", of({usage})),
    cnt(F::reasoning_tokens, "reasoning_tokens", of({usage})),
    cnt(F::audio_input_tokens, "audio_input_tokens", of({usage})),
    cnt(F::audio_output_tokens, "audio_output_tokens", of({usage})),
    num(F::stt_seconds, "stt_seconds", seconds, of({usage}), 0, 31.0 * 86400),
    cnt(F::tts_characters, "tts_characters", of({usage})),
    num(F::telephony_seconds, "telephony_seconds", seconds, of({usage}), 0, 31.0 * 86400),

    wrd(F::status, "status", of({agent_status}), statuses, of({agent_status})),
    num(F::capacity, "capacity", count, of({agent_status}), 0, 100'000),
    cnt(F::concurrent_calls, "concurrent_calls", of({system})),
    pct(F::cpu_utilization_pct, "cpu_utilization_pct"),
    pct(F::memory_utilization_pct, "memory_utilization_pct"),
    ms(F::network_latency_ms, "network_latency_ms", of({system})),
    num(F::error_rate, "error_rate", score, of({system}), 0, 1),
    pct(F::availability_pct, "availability_pct"),
    pct(F::sla_compliance_pct, "sla_compliance_pct"),
    cnt(F::max_capacity, "max_capacity", of({system})),
    pct(F::utilization_pct, "utilization_pct"),
    cnt(F::queue_depth, "queue_depth", of({system})),

    str(F::name, "name", label, of({EventType::metric, learning_pattern}), of({EventType::metric, learning_pattern})),
    wrd(F::metric_kind, "kind", of({EventType::metric}), metric_kinds, of({EventType::metric})),
    num(F::value, "value", real, of({EventType::metric}), -inf, inf, of({EventType::metric})),
    str(F::unit, "unit", label, of({EventType::metric})),
    str(F::tags, "tags", json, of({EventType::metric})),
    num(F::sample_rate, "sample_rate", real, of({EventType::metric}), 1e-9, 1),

    str(F::pattern_id, "pattern_id", label, of({learning_pattern, learning_improvement}), of({learning_pattern})),
    wrd(F::outcome, "outcome", of({learning_pattern}), pattern_outcomes),
    num(F::confidence, "confidence", score, of({learning_pattern}), 0, 1),
    str(F::replicated_from, "replicated_from", label, of({learning_pattern})),
    cnt(F::nodes, "nodes", of({learning_knowledge}), of({learning_knowledge})),
    cnt(F::edges, "edges", of({learning_knowledge}), of({learning_knowledge})),
    cnt(F::orphans, "orphans", of({learning_knowledge})),
    cnt(F::unanswered_questions, "unanswered_questions", of({learning_knowledge})),
    str(F::graph_id, "graph_id", label, of({learning_knowledge})),
    str(F::metric, "metric", label, of({learning_improvement}), of({learning_improvement})),
    num(F::before, "before", real, of({learning_improvement}), -inf, inf, of({learning_improvement})),
    num(F::after, "after", real, of({learning_improvement}), -inf, inf, of({learning_improvement})),
    wrd(F::what, "what", of({change}), changes, of({change})),
    str(F::version, "version", label, of({change})),
    str(F::hash, "hash", label, of({change})),

    str(F::turn_key, "turn_key", label, none),
    num(F::turn_exchange, "turn_exchange", count, none, 1, 500'000),
    num(F::usage_preliminary, "usage_preliminary", flag, none, 0, 1),
    num(F::error_events, "error_events", count, none, 0, 1'000'000),
    str(F::points, "points", Kind::vector, of({metric_points}), of({metric_points})),
    str(F::text_facts, "text_facts", Kind::vector, none),
    str(F::text_sealed, "text_sealed", Kind::vector, none),
    num(F::text_order, "text_order", count, none, 0, inf),
    str(F::joined_call, "joined_call", Kind::vector, none),
    str(F::price_order, "price_order", Kind::vector, of({prices}), of({prices})),
    num(F::sample_weight, "sample_weight", count, none, 2, 1'000'000),
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (std::size_t(table[i].field) != i) return false;
  return true;
}
static_assert(in_order(), "table[i] must describe Field(i)");

constexpr double scale_of(Kind kind) {
  switch (kind) {
    case millis: return 1e3;
    case seconds: return 1e6;
    case score: return 1e4;
    case money: return 1e9;
    default: return 1;
  }
}

}  // namespace

std::string_view to_string(EventType type) { return type_names[std::size_t(type)]; }

EventType parse_event_type(std::string_view text) {
  for (std::size_t i = 0; i + 1 < type_names.size(); ++i)
    if (type_names[i] == text && !is_ours_alone(EventType(i))) return EventType(i);
  return other;
}

std::span<const FieldInfo> fields() { return table; }
const FieldInfo& info(Field field) {
  CHECK(field < Field::count_);
  return table[std::size_t(field)];
}
std::string_view name_of(Field field) { return info(field).name; }

std::optional<Field> find_field(EventType type, std::string_view name) {
  for (const FieldInfo& candidate : table)
    if (candidate.name == name && (candidate.types & mask_of(type)) != 0) return candidate.field;
  return std::nullopt;
}

std::optional<int> find_word(Field field, std::string_view text) {
  const auto words = info(field).words;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == text) return int(i);
  return std::nullopt;
}

std::optional<std::int64_t> from_wire(Field field, double wire) {
  const FieldInfo& about = info(field);
  if (!std::isfinite(wire)) return std::nullopt;
  if (about.kind != Kind::time && (wire < about.min || wire > about.max)) return std::nullopt;
  if (about.kind == real) return std::bit_cast<std::int64_t>(wire);
  if (about.kind == count && wire != std::floor(wire)) return std::nullopt;
  return std::llrint(wire * scale_of(about.kind));  // default rounding: half to even
}

double to_wire(Field field, std::int64_t number) {
  const Kind kind = info(field).kind;
  if (kind == real) return std::bit_cast<double>(number);
  return double(number) / scale_of(kind);
}

}  // namespace aybiza
