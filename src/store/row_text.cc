#include "store/row_text.h"

#include <fmt/format.h>

namespace aybiza {
namespace {

class Line {
 public:
  explicit Line(const char* table) : out_(table) {}
  void add(const Number& value) { out_ += value ? fmt::format("|{}", *value) : "|-"; }
  void add(std::int64_t value) { out_ += fmt::format("|{}", value); }
  void add(std::uint32_t value) { out_ += fmt::format("|{}", value); }
  void add(double value) { out_ += fmt::format("|{}", value); }
  void add(bool value) { out_ += value ? "|t" : "|f"; }
  void add(std::optional<bool> value) { out_ += value ? *value ? "|t" : "|f" : "|-"; }
  void add(Instant value) { out_ += fmt::format("|{}", to_micros(value)); }
  void add(const std::optional<Instant>& value) { out_ += value ? fmt::format("|{}", to_micros(*value)) : "|-"; }
  void add(const Id& value) { out_ += "|" + to_string(value); }
  void add(const std::string& value) { out_ += "|" + value; }
  void add(CallState value) { add(std::int64_t(value)); }
  void add(CostSource value) { add(std::int64_t(value)); }
  void add(Duration value) { add(std::int64_t(value.count())); }
  template <typename... T>
  std::string all(const T&... values) && {
    (add(values), ...);
    return std::move(out_);
  }

 private:
  std::string out_;
};

std::string words(const Dimensions& dims) {
  std::string out;
  for (const std::string& value : dims.value) out += value + ",";
  return out;
}
std::string text(const CallRow& r) {
  return Line("call").all(r.call_id, r.start, r.stored_start, r.agent_id, r.external_call_id, words(r.dims), r.state, r.ended,
                          r.updated, r.phone_number, r.caller_number, r.call_outcome, r.resolution_status, r.end_reason,
                          r.ext, r.duration_us, r.voice_latency_us, r.stt_latency_us, r.llm_latency_us, r.tts_latency_us,
                          r.audio_quality_e4, r.conversation_quality_e4, r.stt_confidence_e4, r.satisfaction_e4, r.nps,
                          r.cost_nano, r.tokens_consumed, r.error_count, r.cost_source, r.escalated_flag,
                          r.interventions, r.turns, r.quality_e4, r.efficiency_e4, r.sample_weight);
}
std::string text(const TurnRow& r) {
  return Line("turn").all(r.call_id, r.turn_number, r.time, r.stored_time, r.agent_speaks, r.text_content, r.state,
                          r.intent, r.emotion, r.entities, r.tools, r.embedding, r.ext, r.started, r.ended, r.updated,
                          r.response_time_us, r.stt_latency_us, r.llm_latency_us, r.tts_latency_us, r.endpointing_us,
                          r.confidence_e4, r.sentiment_e4, r.sentiment_confidence_e4, r.interrupted, r.backchannel,
                          r.topics, r.features, r.sealed, r.topic_vector, r.topic_version);
}
std::string text(const UsageRow& r) {
  return Line("usage").all(r.id, r.call_id, r.time, r.model, r.input_tokens, r.cache_read_tokens, r.cache_write_tokens,
                           r.output_tokens, r.reasoning_tokens, r.audio_input_tokens, r.audio_output_tokens, r.stt_us,
                           r.tts_characters, r.telephony_us, r.cost_nano, r.cost_source);
}
std::string text(const InterventionRow& r) { return Line("intervention").all(r.id, r.call_id, r.time, r.kind, r.actor); }
std::string text(const SystemRow& r) {
  return Line("system").all(r.id, r.time, r.customer, r.region, r.concurrent_calls, r.cpu_e4, r.memory_e4,
                            r.network_latency_us, r.error_rate_e4, r.availability_e4, r.sla_e4, r.max_capacity,
                            r.utilization_e4, r.queue_depth);
}
std::string text(const AgentStatusRow& r) {
  return Line("status").all(r.id, r.agent_id, r.time, r.customer, r.external_agent_id, r.status, r.region, r.agent_type,
                            r.capacity);
}
std::string text(const MetricSeriesRow& r) {
  return Line("series").all(std::int64_t(r.series), r.customer, r.name, r.kind, r.unit, r.tags, r.sample_rate);
}
std::string text(const MetricPointRow& r) { return Line("point").all(r.time, std::int64_t(r.series), r.value); }
std::string text(const MetricDistributionRow& r) {
  return Line("distribution").all(r.time, std::int64_t(r.series), r.count, r.sum, r.min.value_or(-0.5), r.max.value_or(-0.5), r.min.has_value(),
                                  r.max.has_value(), r.sketch);
}
std::string text(const LearningRow& r) {
  return Line("learning").all(r.id, r.time, std::int64_t(r.type), r.customer, r.agent_id, words(r.dims), r.pattern_id, r.name, r.outcome,
                              r.replicated_from, r.graph_id, r.metric, r.ext, r.confidence_e4, r.nodes, r.edges, r.orphans,
                              r.unanswered_questions, r.before.value_or(-0.5), r.after.value_or(-0.5), r.before.has_value(), r.after.has_value());
}
std::string text(const ChangeRow& r) {
  return Line("change").all(r.id, r.time, r.customer, r.agent_id, words(r.dims), r.what, r.version, r.hash, r.ext);
}
std::string text(const RawRow& r) {
  return Line("raw").all(r.id, r.time, r.customer, r.type, r.source, r.id_text, r.data);
}
std::string text(const RollupRow& r) {
  return Line("rollup").all(r.bucket, r.step, r.customer, r.dimension, r.value, r.value_is_null, r.tally, r.sketches);
}

}  // namespace

std::vector<std::string> row_texts(const RowBatch& batch) {
  std::vector<std::string> out;
  const auto add = [&](const auto& rows) {
    for (const auto& row : rows) out.push_back(text(row));
  };
  add(batch.calls);
  add(batch.turns);
  add(batch.usage);
  add(batch.interventions);
  add(batch.system);
  add(batch.agent_status);
  add(batch.metric_series);
  add(batch.metric_points);
  add(batch.metric_distributions);
  add(batch.learning);
  add(batch.changes);
  add(batch.raw);
  add(batch.rollups);
  return out;
}

}  // namespace aybiza
