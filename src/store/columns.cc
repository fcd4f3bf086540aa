#include "store/columns.h"

#include <bit>
#include <type_traits>

#include "model/sentiment.h"

namespace aybiza {
namespace {

using enum SqlType;

// What `put` writes and `get` reads, for every engine. A null `get`: the column follows from others.
template <typename Row, typename Put, typename Get>
constexpr Column<Row> column(const char* name, SqlType type, Put, Get) {
  Column<Row> made{name, type, [](VectorWriter& out, idx_t i, const Row& row) { Put{}(out, i, row); }, nullptr,
                   [](CellWriter& out, idx_t i, const Row& row) { Put{}(out, i, row); }, nullptr};
  if constexpr (!std::is_null_pointer_v<Get>) {
    made.get = [](const VectorReader& in, idx_t i, Row& row) { Get{}(in, i, row); };
    made.receive = [](const CellReader& in, idx_t i, Row& row) { Get{}(in, i, row); };
  }
  return made;
}

template <typename Row>
struct For {
  template <typename Put, typename Get>
  static constexpr Column<Row> column(const char* name, SqlType type, Put put, Get get) {
    return aybiza::column<Row>(name, type, put, get);
  }
  // A column that is one member: `access` gives a reference to it, const or not.
  template <typename Access>
  static constexpr Column<Row> member(const char* name, SqlType type, Access) {
    return column(name, type, [](auto& out, idx_t i, const Row& row) { out.put(i, Access{}(row)); },
                  [](auto& in, idx_t i, Row& row) { in.get(i, Access{}(row)); });
  }
};

#define MEMBER(name, type, member_name) make::member(name, type, [](auto& row) -> auto& { return row.member_name; })

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
  using make = For<CallRow>;
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
  using make = For<TurnRow>;
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
  using make = For<UsageRow>;
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
  using make = For<InterventionRow>;
  static constexpr Column<InterventionRow> table[] = {
      MEMBER("time", time, time), MEMBER("event_id", id, id),   MEMBER("call_id", id, call_id),
      MEMBER("kind", text, kind), MEMBER("actor", text, actor),
  };
  return table;
}

template <>
std::span<const Column<SystemRow>> columns_of() {
  using make = For<SystemRow>;
  static constexpr Column<SystemRow> table[] = {
      MEMBER("time", time, time),
      make::column("region", text, [](auto& out, idx_t i, const SystemRow& row) { out.put_text(i, row.region); },
       [](auto& in, idx_t i, SystemRow& row) { row.region = in.text(i); }),
      MEMBER("concurrent_calls", integer, concurrent_calls),
      MEMBER("cpu_utilization_pct", percent, cpu_e4),
      MEMBER("memory_utilization_pct", percent, memory_e4),
      MEMBER("network_latency_ms", millis, network_latency_us),
      MEMBER("error_rate", score, error_rate_e4),
      MEMBER("availability_pct", percent, availability_e4),
      MEMBER("sla_compliance_pct", percent, sla_e4),
      MEMBER("max_capacity", integer, max_capacity),
      MEMBER("utilization_pct", percent, utilization_e4),
      MEMBER("queue_depth", integer, queue_depth),
      MEMBER("customer_id", text, customer),
      MEMBER("event_id", id, id),
  };
  return table;
}

template <>
std::span<const Column<AgentStatusRow>> columns_of() {
  using make = For<AgentStatusRow>;
  static constexpr Column<AgentStatusRow> table[] = {
      MEMBER("time", time, time),
      MEMBER("event_id", id, id),
      MEMBER("agent_id", id, agent_id),
      MEMBER("customer_id", text, customer),
      MEMBER("external_agent_id", text, external_agent_id),
      MEMBER("status", text, status),
      MEMBER("region", text, region),
      MEMBER("agent_type", text, agent_type),
      MEMBER("capacity", integer, capacity),
  };
  return table;
}

template <typename Row>
constexpr Column<Row> series_column() {  // 64 bits either way; the column is signed
  return aybiza::column<Row>("series", integer,
          [](auto& out, idx_t i, const Row& row) { out.put(i, std::bit_cast<std::int64_t>(row.series)); },
          [](auto& in, idx_t i, Row& row) {
            std::int64_t series = 0;
            in.get(i, series);
            row.series = std::bit_cast<std::uint64_t>(series);
          });
}

template <>
std::span<const Column<MetricSeriesRow>> columns_of() {
  using make = For<MetricSeriesRow>;
  static constexpr Column<MetricSeriesRow> table[] = {
      series_column<MetricSeriesRow>(), MEMBER("customer_id", text, customer), MEMBER("name", text, name),
      MEMBER("kind", text, kind),       MEMBER("unit", text, unit),            MEMBER("tags", text, tags),
      MEMBER("sample_rate", real, sample_rate),
  };
  return table;
}

template <>
std::span<const Column<MetricPointRow>> columns_of() {
  using make = For<MetricPointRow>;
  static constexpr Column<MetricPointRow> table[] = {
      MEMBER("time", time, time), series_column<MetricPointRow>(), MEMBER("value", real, value)};
  return table;
}

template <>
std::span<const Column<MetricDistributionRow>> columns_of() {
  using make = For<MetricDistributionRow>;
  static constexpr Column<MetricDistributionRow> table[] = {
      MEMBER("time", time, time), series_column<MetricDistributionRow>(), MEMBER("count", integer, count), MEMBER("sum", real, sum),
      MEMBER("min", real, min),   MEMBER("max", real, max),
      make::column("sketch", blob,
       [](auto& out, idx_t i, const MetricDistributionRow& row) {
         row.sketch.empty() ? out.null(i) : out.put_text(i, row.sketch);
       },
       [](auto& in, idx_t i, MetricDistributionRow& row) { row.sketch = in.text(i); }),
  };
  return table;
}

// What a customer's event says about agents and circumstances; `customer` is there twice in memory, once here.
template <typename Row>
constexpr Column<Row> customer_column() {
  return aybiza::column<Row>("customer_id", text, [](auto& out, idx_t i, const Row& row) { out.put(i, row.customer); },
          [](auto& in, idx_t i, Row& row) { row.dims[Field::customer_id] = row.customer = in.text(i); });
}

template <typename Row>
constexpr Column<Row> agent_column() {
  return aybiza::column<Row>("agent_id", id, [](auto& out, idx_t i, const Row& row) { row.agent_id.empty() ? out.null(i) : out.put(i, row.agent_id); },
          [](auto& in, idx_t i, Row& row) { if (!in.null(i)) in.get(i, row.agent_id); });
}

#define DIMENSIONS                                                                                                           \
  MEMBER("external_agent_id", text, dims[Field::agent_id]), MEMBER("agent_name", text, dims[Field::agent_name]),             \
      MEMBER("agent_type", text, dims[Field::agent_type]), MEMBER("agent_version", text, dims[Field::agent_version]),        \
      MEMBER("region", text, dims[Field::region]), MEMBER("campaign", text, dims[Field::campaign]),                          \
      MEMBER("language", text, dims[Field::language]), MEMBER("direction", text, dims[Field::direction]),                    \
      MEMBER("channel", text, dims[Field::channel]), MEMBER("provider_stt", text, dims[Field::provider_stt]),                \
      MEMBER("provider_llm", text, dims[Field::provider_llm]), MEMBER("provider_tts", text, dims[Field::provider_tts]),      \
      MEMBER("carrier", text, dims[Field::carrier]), MEMBER("model_used", text, dims[Field::model_used]),                    \
      MEMBER("experiment", text, dims[Field::experiment]), MEMBER("variant", text, dims[Field::variant])

template <>
std::span<const Column<LearningRow>> columns_of() {
  using make = For<LearningRow>;
  static constexpr Column<LearningRow> table[] = {
      MEMBER("time", time, time),
      MEMBER("event_id", id, id),
      make::column("type", text, [](auto& out, idx_t i, const LearningRow& row) { out.put_text(i, to_string(row.type)); },
       [](auto& in, idx_t i, LearningRow& row) { row.type = parse_event_type(in.text(i)); }),
      customer_column<LearningRow>(),
      agent_column<LearningRow>(),
      MEMBER("pattern_id", text, pattern_id),
      MEMBER("name", text, name),
      MEMBER("outcome", text, outcome),
      MEMBER("confidence", score, confidence_e4),
      MEMBER("replicated_from", text, replicated_from),
      MEMBER("graph_id", text, graph_id),
      MEMBER("nodes", integer, nodes),
      MEMBER("edges", integer, edges),
      MEMBER("orphans", integer, orphans),
      MEMBER("unanswered_questions", integer, unanswered_questions),
      MEMBER("metric", text, metric),
      MEMBER("before", real, before),
      MEMBER("after", real, after),
      DIMENSIONS,
      MEMBER("ext", text, ext),
  };
  return table;
}

template <>
std::span<const Column<ChangeRow>> columns_of() {
  using make = For<ChangeRow>;
  static constexpr Column<ChangeRow> table[] = {
      MEMBER("time", time, time),         MEMBER("event_id", id, id),      customer_column<ChangeRow>(),
      agent_column<ChangeRow>(),          MEMBER("what", text, what),      MEMBER("version", text, version),
      MEMBER("hash", text, hash),         DIMENSIONS,                      MEMBER("ext", text, ext),
  };
  return table;
}

#undef DIMENSIONS

template <>
std::span<const Column<RawRow>> columns_of() {
  using make = For<RawRow>;
  static constexpr Column<RawRow> table[] = {
      MEMBER("time", time, time),       MEMBER("event_id", id, id),     MEMBER("customer_id", text, customer),
      MEMBER("type", text, type),       MEMBER("source", text, source), MEMBER("id_text", text, id_text),
      MEMBER("data", text, data),
  };
  return table;
}

template <>
std::span<const Column<RollupRow>> columns_of() {
  using make = For<RollupRow>;
  static constexpr Column<RollupRow> table[] = {
      MEMBER("bucket", time, bucket),
      make::column("step_seconds", integer,
       [](auto& out, idx_t i, const RollupRow& row) { out.put(i, std::int64_t(row.step / std::chrono::seconds(1))); },
       [](auto& in, idx_t i, RollupRow& row) {
         std::int64_t step = 0;
         in.get(i, step);
         row.step = std::chrono::seconds(step);
       }),
      MEMBER("customer_id", text, customer),
      make::column("dimension", text, [](auto& out, idx_t i, const RollupRow& row) { out.put_text(i, row.dimension); },
       [](auto& in, idx_t i, RollupRow& row) { row.dimension = in.text(i); }),
      make::column("value", text,
       [](auto& out, idx_t i, const RollupRow& row) {
         row.value_is_null ? out.null(i) : out.put_text(i, row.value);
       },
       [](auto& in, idx_t i, RollupRow& row) {
         row.value_is_null = in.null(i);
         row.value = in.text(i);
       }),
      make::column("tally", blob, [](auto& out, idx_t i, const RollupRow& row) { out.put_text(i, row.tally); },
       [](auto& in, idx_t i, RollupRow& row) { row.tally = in.text(i); }),
      make::column("sketches", blob, [](auto& out, idx_t i, const RollupRow& row) { out.put_text(i, row.sketches); },
       [](auto& in, idx_t i, RollupRow& row) { row.sketches = in.text(i); }),
  };
  return table;
}

template <>
std::span<const Column<CallRow>> stored_keys_of() {
  using make = For<CallRow>;
  static constexpr Column<CallRow> table[] = {
      make::column("time", time, [](auto& out, idx_t i, const CallRow& row) { out.put(i, *row.stored_start); }, nullptr),
      make::column("call_id", id, [](auto& out, idx_t i, const CallRow& row) { out.put(i, row.call_id); }, nullptr),
  };
  return table;
}

template <>
std::span<const Column<TurnRow>> stored_keys_of() {
  using make = For<TurnRow>;
  static constexpr Column<TurnRow> table[] = {
      make::column("time", time, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, *row.stored_time); }, nullptr),
      make::column("call_id", id, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, row.call_id); }, nullptr),
      make::column("turn_number", integer, [](auto& out, idx_t i, const TurnRow& row) { out.put(i, row.turn_number); }, nullptr),
  };
  return table;
}

template <>
std::span<const Column<UsageRow>> stored_keys_of() { return columns_of<UsageRow>().first(2); }

template <>
std::span<const Column<RollupRow>> stored_keys_of() { return columns_of<RollupRow>().first(5); }  // all but what it holds

#undef MEMBER

}  // namespace aybiza
