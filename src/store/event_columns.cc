// What is of no call: machines, agents' status, metrics, learning, changes, what is kept raw; and rollups.
#include <bit>

#include "store/column_make.h"

namespace aybiza {

using enum SqlType;

template <>
std::span<const Column<SystemRow>> columns_of() {
  using make = ColumnsFor<SystemRow>;
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
  using make = ColumnsFor<AgentStatusRow>;
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
  using make = ColumnsFor<MetricSeriesRow>;
  static constexpr Column<MetricSeriesRow> table[] = {
      series_column<MetricSeriesRow>(), MEMBER("customer_id", text, customer), MEMBER("name", text, name),
      MEMBER("kind", text, kind),       MEMBER("unit", text, unit),            MEMBER("tags", text, tags),
      MEMBER("sample_rate", real, sample_rate),
  };
  return table;
}

template <>
std::span<const Column<MetricPointRow>> columns_of() {
  using make = ColumnsFor<MetricPointRow>;
  static constexpr Column<MetricPointRow> table[] = {
      MEMBER("time", time, time), series_column<MetricPointRow>(), MEMBER("value", real, value)};
  return table;
}

template <>
std::span<const Column<MetricDistributionRow>> columns_of() {
  using make = ColumnsFor<MetricDistributionRow>;
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
  using make = ColumnsFor<LearningRow>;
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
  using make = ColumnsFor<ChangeRow>;
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
  using make = ColumnsFor<RawRow>;
  static constexpr Column<RawRow> table[] = {
      MEMBER("time", time, time),       MEMBER("event_id", id, id),     MEMBER("customer_id", text, customer),
      MEMBER("type", text, type),       MEMBER("source", text, source), MEMBER("id_text", text, id_text),
      MEMBER("data", text, data),
  };
  return table;
}

template <>
std::span<const Column<RollupRow>> columns_of() {
  using make = ColumnsFor<RollupRow>;
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
std::span<const Column<RollupRow>> stored_keys_of() { return columns_of<RollupRow>().first(5); }  // all but what it holds

}  // namespace aybiza
