// Calls and what belongs to a call.
#include "model/sentiment.h"
#include "store/column_make.h"

namespace aybiza {
namespace {

using enum SqlType;

std::string_view to_text(CostSource source) {
  switch (source) {
    case CostSource::reported: return "reported";
    case CostSource::priced: return "priced";
    case CostSource::unknown: break;
  }
  return {};
}

CostSource parse_cost_source(std::string_view text) {
  return text == "reported" ? CostSource::reported : text == "priced" ? CostSource::priced : CostSource::unknown;
}

template <typename Row>
constexpr Column<Row> cost_source_column() {
  return aybiza::column<Row>("cost_source", text,
          [](auto& out, idx_t i, const Row& row) {
            const std::string_view word = to_text(row.cost_source);
            word.empty() ? out.null(i) : out.put_text(i, word);
          },
          [](auto& in, idx_t i, Row& row) { row.cost_source = parse_cost_source(in.text(i)); });
}

}  // namespace

template <>
std::span<const Column<CallRow>> columns_of() {
  using make = ColumnsFor<CallRow>;
  static constexpr Column<CallRow> table[] = {
      MEMBER("time", time, start),
      MEMBER("call_id", id, call_id),
      MEMBER("agent_id", id, agent_id),
      MEMBER("phone_number", text, phone_number),
      MEMBER("caller_number", text, caller_number),
      MEMBER("region", text, dims[Field::region]),
      MEMBER("total_duration_ms", millis, duration_us),
      MEMBER("voice_processing_latency_ms", millis, voice_latency_us),
      MEMBER("stt_latency_ms", millis, stt_latency_us),
      MEMBER("llm_latency_ms", millis, llm_latency_us),
      MEMBER("tts_latency_ms", millis, tts_latency_us),
      MEMBER("audio_quality_score", score, audio_quality_e4),
      MEMBER("conversation_quality_score", score, conversation_quality_e4),
      MEMBER("stt_confidence_avg", score, stt_confidence_e4),
      MEMBER("call_outcome", text, call_outcome),
      MEMBER("customer_satisfaction_score", score, satisfaction_e4),
      MEMBER("resolution_status", text, resolution_status),
      MEMBER("cost_usd", money, cost_nano),
      MEMBER("model_used", text, dims[Field::model_used]),
      MEMBER("tokens_consumed", integer, tokens_consumed),
      MEMBER("error_count", integer, error_count),
      MEMBER("customer_id", text, dims[Field::customer_id]),
      MEMBER("external_call_id", text, external_call_id),
      MEMBER("external_agent_id", text, dims[Field::agent_id]),
      MEMBER("agent_name", text, dims[Field::agent_name]),
      MEMBER("agent_type", text, dims[Field::agent_type]),
      MEMBER("agent_version", text, dims[Field::agent_version]),
      MEMBER("campaign", text, dims[Field::campaign]),
      MEMBER("direction", text, dims[Field::direction]),
      MEMBER("channel", text, dims[Field::channel]),
      MEMBER("language", text, dims[Field::language]),
      MEMBER("carrier", text, dims[Field::carrier]),
      MEMBER("provider_stt", text, dims[Field::provider_stt]),
      MEMBER("provider_llm", text, dims[Field::provider_llm]),
      MEMBER("provider_tts", text, dims[Field::provider_tts]),
      MEMBER("experiment", text, dims[Field::experiment]),
      MEMBER("variant", text, dims[Field::variant]),
      MEMBER("end_reason", text, end_reason),
      make::column("escalated", boolean, [](auto& out, idx_t i, const CallRow& row) { out.put(i, row.escalated()); },
       nullptr),
      MEMBER("escalated_flag", boolean, escalated_flag),
      make::column("state", text,
       [](auto& out, idx_t i, const CallRow& row) {
         out.put_text(i, row.state == CallState::ended ? "ended" : "active");
       },
       [](auto& in, idx_t i, CallRow& row) {
         row.state = in.text(i) == "ended" ? CallState::ended : CallState::active;
       }),
      MEMBER("ended_at", time, ended),
      MEMBER("updated_at", time, updated),
      MEMBER("nps", integer, nps),
      cost_source_column<CallRow>(),
      MEMBER("quality_score", score, quality_e4),
      MEMBER("efficiency_score", score, efficiency_e4),
      MEMBER("interventions", integer, interventions),
      MEMBER("turns", integer, turns),
      MEMBER("ext", text, ext),
      MEMBER("sample_weight", integer, sample_weight),
  };
  return table;
}

template <>
std::span<const Column<TurnRow>> columns_of() {
  using make = ColumnsFor<TurnRow>;
  static constexpr Column<TurnRow> table[] = {
      MEMBER("time", time, time),
      MEMBER("call_id", id, call_id),
      MEMBER("turn_number", integer, turn_number),
      make::column("speaker", text,
       [](auto& out, idx_t i, const TurnRow& row) { out.put_text(i, row.agent_speaks ? "agent" : "caller"); },
       [](auto& in, idx_t i, TurnRow& row) { row.agent_speaks = in.text(i) == "agent"; }),
      MEMBER("text_content", text, text_content),
      MEMBER("sentiment_score", score, sentiment_e4),
      MEMBER("emotion", text, emotion),
      MEMBER("intent", text, intent),
      MEMBER("entities", text, entities),
      MEMBER("response_time_ms", millis, response_time_us),
      MEMBER("confidence_score", score, confidence_e4),
      make::column("text_embedding", floats,
       [](auto& out, idx_t i, const TurnRow& row) { out.put_floats(i, row.embedding); },
       [](auto& in, idx_t i, TurnRow& row) { row.embedding = in.floats(i); }),
      make::column("topic_vector", floats,
       [](auto& out, idx_t i, const TurnRow& row) { out.put_floats(i, row.topic_vector); },
       [](auto& in, idx_t i, TurnRow& row) { row.topic_vector = in.floats(i); }),
      MEMBER("topic_version", text, topic_version),
      MEMBER("state", text, state),
      MEMBER("stt_latency_ms", millis, stt_latency_us),
      MEMBER("llm_latency_ms", millis, llm_latency_us),
      MEMBER("tts_latency_ms", millis, tts_latency_us),
      MEMBER("endpointing_ms", millis, endpointing_us),
      MEMBER("interrupted", boolean, interrupted),
      MEMBER("backchannel", boolean, backchannel),
      make::column("sentiment_class", text,
       [](auto& out, idx_t i, const TurnRow& row) {
         row.sentiment_e4 ? out.put_text(i, sentiment_word(*row.sentiment_e4)) : out.null(i);
       },
       nullptr),
      MEMBER("sentiment_confidence", score, sentiment_confidence_e4),
      MEMBER("topics", integer, topics),
      MEMBER("features", text, features),
      make::column("text_sealed", blob,
       [](auto& out, idx_t i, const TurnRow& row) { row.sealed.empty() ? out.null(i) : out.put_text(i, row.sealed); },
       [](auto& in, idx_t i, TurnRow& row) { row.sealed = in.text(i); }),
      MEMBER("tools", text, tools),
      MEMBER("started_at", time, started),
      MEMBER("ended_at", time, ended),
      MEMBER("updated_at", time, updated),
      MEMBER("ext", text, ext),
  };
  return table;
}

template <>
std::span<const Column<UsageRow>> columns_of() {
  using make = ColumnsFor<UsageRow>;
  static constexpr Column<UsageRow> table[] = {
      MEMBER("time", time, time),
      MEMBER("event_id", id, id),
      MEMBER("call_id", id, call_id),
      MEMBER("model", text, model),
      MEMBER("input_tokens", integer, input_tokens),
      MEMBER("cache_read_tokens", integer, cache_read_tokens),
      MEMBER("cache_write_tokens", integer, cache_write_tokens),
      MEMBER("output_tokens", integer, output_tokens),
      MEMBER("reasoning_tokens", integer, reasoning_tokens),
      MEMBER("audio_input_tokens", integer, audio_input_tokens),
      MEMBER("audio_output_tokens", integer, audio_output_tokens),
      MEMBER("stt_seconds", seconds, stt_us),
      MEMBER("tts_characters", integer, tts_characters),
      MEMBER("telephony_seconds", seconds, telephony_us),
      MEMBER("cost_usd", money, cost_nano),
      cost_source_column<UsageRow>(),
  };
  return table;
}

template <>
std::span<const Column<InterventionRow>> columns_of() {
  using make = ColumnsFor<InterventionRow>;
  static constexpr Column<InterventionRow> table[] = {
      MEMBER("time", time, time), MEMBER("event_id", id, id),   MEMBER("call_id", id, call_id),
      MEMBER("kind", text, kind), MEMBER("actor", text, actor),
  };
  return table;
}

template <>
std::span<const Column<CallRow>> stored_keys_of() {
  using make = ColumnsFor<CallRow>;
  static constexpr Column<CallRow> table[] = {
      make::column("time", time, [](auto& out, idx_t i, const CallRow& row) { out.put(i, *row.stored_start); }, nullptr),
      make::column("call_id", id, [](auto& out, idx_t i, const CallRow& row) { out.put(i, row.call_id); }, nullptr),
  };
  return table;
}

template <>
std::span<const Column<TurnRow>> stored_keys_of() {
  using make = ColumnsFor<TurnRow>;
  static constexpr Column<TurnRow> table[] = {
      make::column("time", time, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, *row.stored_time); }, nullptr),
      make::column("call_id", id, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, row.call_id); }, nullptr),
      make::column("turn_number", integer, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, row.turn_number); }, nullptr),
  };
  return table;
}

template <>
std::span<const Column<UsageRow>> stored_keys_of() { return columns_of<UsageRow>().first(2); }

}  // namespace aybiza
