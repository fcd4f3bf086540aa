#include "server/call_json.h"

#include "query/turn_labels.h"

namespace aybiza {
namespace {

void scaled(JsonWriter& json, std::string_view name, const Number& value, double unit) {
  json.key(name).number_or_null(value ? std::optional(double(*value) / unit) : std::nullopt);
}
void ms(JsonWriter& json, std::string_view name, const Number& value) { scaled(json, name, value, 1e3); }
void score(JsonWriter& json, std::string_view name, const Number& value) { scaled(json, name, value, 1e4); }
void count(JsonWriter& json, std::string_view name, const Number& value) {
  json.key(name);
  if (value) json.integer(*value);
  else json.null();
}
void text(JsonWriter& json, std::string_view name, std::string_view value) { json.key(name).string_or_null(value); }
void time(JsonWriter& json, std::string_view name, const std::optional<Instant>& value) {
  json.key(name);
  if (value) json.string(format_rfc3339(*value));
  else json.null();
}
void flag(JsonWriter& json, std::string_view name, const std::optional<bool>& value) {
  json.key(name);
  if (value) json.boolean(*value);
  else json.null();
}
void fragment(JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  if (value.empty()) json.null();
  else json.raw(value);
}
std::string_view source_name(CostSource source) {
  return source == CostSource::reported ? "reported" : source == CostSource::priced ? "priced" : "";
}

}  // namespace

void write_call(JsonWriter& json, const CallRow& call) {
  json.begin_object();
  json.member("call_id", to_string(call.call_id));
  text(json, "external_call_id", call.external_call_id);
  json.member("state", call.state == CallState::active ? "active" : "ended");
  time(json, "time", call.start);
  time(json, "ended_at", call.ended);
  text(json, "agent_uuid", call.agent_id.empty() ? std::string() : to_string(call.agent_id));
  for (std::size_t i = 0; i < dimension_field_count; ++i) text(json, name_of(Field(i)), call.dims.value[i]);
  text(json, "phone_number", call.phone_number);
  text(json, "caller_number", call.caller_number);
  ms(json, "total_duration_ms", call.duration_us);
  ms(json, "voice_processing_latency_ms", call.voice_latency_us);
  ms(json, "stt_latency_ms", call.stt_latency_us);
  ms(json, "llm_latency_ms", call.llm_latency_us);
  ms(json, "tts_latency_ms", call.tts_latency_us);
  score(json, "audio_quality_score", call.audio_quality_e4);
  score(json, "conversation_quality_score", call.conversation_quality_e4);
  score(json, "stt_confidence_avg", call.stt_confidence_e4);
  text(json, "call_outcome", call.call_outcome);
  text(json, "resolution_status", call.resolution_status);
  text(json, "end_reason", call.end_reason);
  json.member("escalated", call.escalated());
  score(json, "customer_satisfaction_score", call.satisfaction_e4);
  count(json, "nps", call.nps);
  scaled(json, "cost_usd", call.cost_nano, 1e9);
  text(json, "cost_source", source_name(call.cost_source));
  count(json, "tokens_consumed", call.tokens_consumed);
  count(json, "error_count", call.error_count);
  score(json, "quality_score", call.quality_e4);
  score(json, "efficiency_score", call.efficiency_e4);
  json.member("interventions", call.interventions);
  json.member("turns", call.turns);
  time(json, "updated_at", call.updated);
  if (call.sample_weight) json.member("sample_weight", *call.sample_weight);
  fragment(json, "ext", call.ext);
  json.end_object();
}

void write_turn(JsonWriter& json, const TurnRow& turn) {
  json.begin_object();
  json.member("turn_number", turn.turn_number);
  time(json, "time", turn.time);
  json.member("speaker", turn.agent_speaks ? "agent" : "caller");
  text(json, "text_content", turn.text_content);
  time(json, "started_at", turn.started);
  time(json, "ended_at", turn.ended);
  text(json, "state", turn.state);
  text(json, "intent", turn.intent);
  score(json, "sentiment_score", turn.sentiment_e4);
  text(json, "sentiment_class", sentiment_class_of(turn.sentiment_e4));
  score(json, "sentiment_confidence", turn.sentiment_confidence_e4);
  text(json, "emotion", turn.emotion);
  json.key("topics").begin_array();
  for (const std::string_view topic : topics_of(turn.topics)) json.string(topic);
  json.end_array();
  ms(json, "response_time_ms", turn.response_time_us);
  ms(json, "stt_latency_ms", turn.stt_latency_us);
  ms(json, "llm_latency_ms", turn.llm_latency_us);
  ms(json, "tts_latency_ms", turn.tts_latency_us);
  ms(json, "endpointing_ms", turn.endpointing_us);
  score(json, "confidence_score", turn.confidence_e4);
  flag(json, "interrupted", turn.interrupted);
  flag(json, "backchannel", turn.backchannel);
  fragment(json, "entities", turn.entities);
  fragment(json, "features", turn.features);
  json.member("sealed", !turn.sealed.empty());
  fragment(json, "tools", turn.tools);
  fragment(json, "ext", turn.ext);
  json.end_object();
}

void write_usage(JsonWriter& json, const UsageRow& usage) {
  json.begin_object();
  json.member("event_id", to_string(usage.id));
  time(json, "time", usage.time);
  text(json, "model", usage.model);
  count(json, "input_tokens", usage.input_tokens);
  count(json, "cache_read_tokens", usage.cache_read_tokens);
  count(json, "cache_write_tokens", usage.cache_write_tokens);
  count(json, "output_tokens", usage.output_tokens);
  count(json, "reasoning_tokens", usage.reasoning_tokens);
  count(json, "audio_input_tokens", usage.audio_input_tokens);
  count(json, "audio_output_tokens", usage.audio_output_tokens);
  scaled(json, "stt_seconds", usage.stt_us, 1e6);
  count(json, "tts_characters", usage.tts_characters);
  scaled(json, "telephony_seconds", usage.telephony_us, 1e6);
  scaled(json, "cost_usd", usage.cost_nano, 1e9);
  text(json, "cost_source", source_name(usage.cost_source));
  json.end_object();
}

void write_intervention(JsonWriter& json, const InterventionRow& intervention) {
  json.begin_object();
  time(json, "time", intervention.time);
  text(json, "kind", intervention.kind);
  text(json, "actor", intervention.actor);
  json.end_object();
}

}  // namespace aybiza
