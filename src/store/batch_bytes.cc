#include "store/batch_bytes.h"

#include <bit>
#include <concepts>

#include "assemble/bytes.h"
#include "base/hash_stream.h"

namespace aybiza {
namespace {

constexpr std::string_view magic = "AYROWS";
constexpr std::uint8_t version = 2;  // 2: topic vectors
constexpr std::size_t row_least = 8;  // bytes of the shortest row: what a count of rows is held to

class MemberWriter {
 public:
  explicit MemberWriter(std::string& out) : out_(out) {}
  void operator()(const auto&... members) { (put(members), ...); }

 private:
  void put(const std::string& v) { out_.text(v); }
  void put(const Id& v) { out_.id(v); }
  void put(Instant v) { out_.instant(v); }
  void put(Duration v) { out_.number(v.count()); }
  void put(bool v) { out_.byte(v ? 1 : 0); }
  void put(std::int64_t v) { out_.number(v); }
  void put(std::uint64_t v) { out_.fixed(v); }
  void put(std::uint32_t v) { out_.count(v); }
  void put(double v) { out_.fixed(std::bit_cast<std::uint64_t>(v)); }
  void put(const Number& v) { out_.optional(v); }
  template <typename T>
  void put(const std::optional<T>& v) {
    out_.byte(v ? 1 : 0);
    if (v) put(*v);
  }
  template <typename T>
    requires std::is_enum_v<T>
  void put(T v) { out_.byte(std::uint8_t(v)); }
  void put(const Dimensions& v) {
    for (const std::string& value : v.value) put(value);
  }
  template <typename V>
  void put(const std::vector<std::pair<Field, V>>& v) {
    out_.count(v.size());
    for (const auto& [field, value] : v) put(field), put(value);
  }

  bytes::Writer out_;
};

// How many values an enum has: a byte beyond them is no value of it.
template <typename T>
constexpr std::uint8_t values_of = 0;
template <> constexpr std::uint8_t values_of<CallState> = std::uint8_t(CallState::ended) + 1;
template <> constexpr std::uint8_t values_of<CostSource> = std::uint8_t(CostSource::priced) + 1;
template <> constexpr std::uint8_t values_of<EventType> = std::uint8_t(event_type_count);
template <> constexpr std::uint8_t values_of<Rank> = std::uint8_t(Rank::final_report) + 1;
template <> constexpr std::uint8_t values_of<Field> = std::uint8_t(field_count);

class MemberReader {
 public:
  explicit MemberReader(bytes::Reader& in) : in_(in) {}
  void operator()(auto&... members) { (get(members), ...); }

 private:
  void get(std::string& v) { v = in_.text(); }
  void get(Id& v) { v = in_.id(); }
  void get(Instant& v) { v = in_.instant(); }
  void get(Duration& v) { v = Duration(in_.number()); }
  void get(bool& v) { v = in_.byte() != 0; }
  void get(std::int64_t& v) { v = in_.number(); }
  void get(std::uint64_t& v) { v = in_.fixed(); }
  void get(std::uint32_t& v) { v = std::uint32_t(in_.count()); }
  void get(double& v) { v = std::bit_cast<double>(in_.fixed()); }
  void get(Number& v) { v = in_.optional(); }
  template <typename T>
  void get(std::optional<T>& v) {
    if (in_.byte() != 0) get(v.emplace());
  }
  template <typename T>
    requires std::is_enum_v<T>
  void get(T& v) {
    static_assert(values_of<T> > 0);
    const std::uint8_t value = in_.byte();
    if (value >= values_of<T>) return in_.refuse();
    v = T(value);
  }
  void get(Dimensions& v) {
    for (std::string& value : v.value) get(value);
  }
  template <typename V>
  void get(std::vector<std::pair<Field, V>>& v) {
    for (std::size_t left = in_.length(2); left > 0 && !in_.bad(); --left) {
      auto& [field, value] = v.emplace_back();
      get(field), get(value);
    }
  }

  bytes::Reader& in_;
};

// Every member of every row, once; `R` is the row or the row as a constant. A new member belongs here: batch_bytes_test compares
// every column there and back.
template <typename R, typename Row>
concept IsRow = std::same_as<std::remove_const_t<R>, Row>;

template <IsRow<CallRow> R>
void members(auto& each, R& r) {
  each(r.call_id, r.start, r.stored_start, r.agent_id, r.external_call_id, r.dims, r.state, r.ended, r.updated);
  each(r.phone_number, r.caller_number, r.call_outcome, r.resolution_status, r.end_reason, r.ext);
  each(r.duration_us, r.voice_latency_us, r.stt_latency_us, r.llm_latency_us, r.tts_latency_us);
  each(r.audio_quality_e4, r.conversation_quality_e4, r.stt_confidence_e4, r.satisfaction_e4, r.nps);
  each(r.cost_nano, r.tokens_consumed, r.error_count, r.cost_source, r.escalated_flag, r.interventions, r.turns);
  each(r.quality_e4, r.efficiency_e4, r.sample_weight, r.parts_first, r.parts_last, r.removed);
}
template <IsRow<TurnRow> R>
void members(auto& each, R& r) {
  each(r.call_id, r.turn_number, r.time, r.stored_time, r.agent_speaks, r.text_content, r.state, r.intent, r.emotion, r.entities);
  each(r.tools, r.embedding, r.ext, r.features, r.sealed, r.started, r.ended, r.updated);
  each(r.response_time_us, r.stt_latency_us, r.llm_latency_us, r.tts_latency_us, r.endpointing_us, r.confidence_e4);
  each(r.sentiment_e4, r.sentiment_confidence_e4, r.interrupted, r.backchannel, r.topics, r.removed, r.topic_vector, r.topic_version);
}
template <IsRow<UsageRow> R>
void members(auto& each, R& r) {
  each(r.id, r.call_id, r.time, r.model, r.input_tokens, r.cache_read_tokens, r.cache_write_tokens, r.output_tokens, r.reasoning_tokens);
  each(r.audio_input_tokens, r.audio_output_tokens, r.stt_us, r.tts_characters, r.telephony_us, r.cost_nano, r.cost_source, r.stored, r.removed);
}
template <IsRow<InterventionRow> R>
void members(auto& each, R& r) { each(r.id, r.call_id, r.time, r.kind, r.actor); }
template <IsRow<SystemRow> R>
void members(auto& each, R& r) {
  each(r.id, r.time, r.customer, r.region, r.concurrent_calls, r.cpu_e4, r.memory_e4, r.network_latency_us, r.error_rate_e4);
  each(r.availability_e4, r.sla_e4, r.max_capacity, r.utilization_e4, r.queue_depth);
}
template <IsRow<AgentStatusRow> R>
void members(auto& each, R& r) { each(r.id, r.agent_id, r.time, r.customer, r.external_agent_id, r.status, r.region, r.agent_type, r.capacity); }
template <IsRow<MetricSeriesRow> R>
void members(auto& each, R& r) { each(r.series, r.customer, r.name, r.kind, r.unit, r.tags, r.sample_rate); }
template <IsRow<MetricPointRow> R>
void members(auto& each, R& r) { each(r.time, r.series, r.value); }
template <IsRow<MetricDistributionRow> R>
void members(auto& each, R& r) { each(r.time, r.series, r.count, r.sum, r.min, r.max, r.sketch); }
template <IsRow<LearningRow> R>
void members(auto& each, R& r) {
  each(r.id, r.time, r.type, r.customer, r.agent_id, r.dims, r.pattern_id, r.name, r.outcome, r.replicated_from, r.graph_id, r.metric, r.ext);
  each(r.confidence_e4, r.nodes, r.edges, r.orphans, r.unanswered_questions, r.before, r.after);
}
template <IsRow<ChangeRow> R>
void members(auto& each, R& r) { each(r.id, r.time, r.customer, r.agent_id, r.dims, r.what, r.version, r.hash, r.ext); }
template <IsRow<RawRow> R>
void members(auto& each, R& r) { each(r.id, r.time, r.customer, r.type, r.source, r.id_text, r.data); }
template <IsRow<RollupRow> R>
void members(auto& each, R& r) { each(r.bucket, r.step, r.customer, r.dimension, r.value, r.value_is_null, r.tally, r.sketches); }
template <IsRow<LateRow> R>
void members(auto& each, R& r) { each(r.id, r.call_id, r.time, r.type, r.rank, r.dims, r.numbers, r.texts, r.ext); }

template <IsRow<RowBatch> Batch>
void tables(Batch& b, const auto& each) {
  each(b.calls), each(b.turns), each(b.usage), each(b.interventions), each(b.system), each(b.agent_status), each(b.metric_series);
  each(b.metric_points), each(b.metric_distributions), each(b.learning), each(b.changes), each(b.raw), each(b.rollups), each(b.late);
}

}  // namespace

std::string batch_bytes(const RowBatch& batch) {
  std::string out(magic);
  bytes::Writer writer(out);
  writer.byte(version);
  writer.count(batch.from), writer.count(batch.to);
  MemberWriter each(out);
  tables(batch, [&](const auto& rows) {
    writer.count(rows.size());
    for (const auto& row : rows) members(each, row);
  });
  Hash64Stream sum;
  sum.add(out);
  writer.fixed(sum.value());
  return out;
}

Result<RowBatch> read_batch_bytes(std::string_view bytes) {
  const auto damaged = [] { return fail(Code::corrupt, "rows that waited on disk are damaged"); };
  if (bytes.size() < magic.size() + 9 || !bytes.starts_with(magic)) return damaged();
  Hash64Stream sum;
  sum.add(bytes.substr(0, bytes.size() - 8));
  bytes::Reader tail(bytes.substr(bytes.size() - 8)), in(bytes.substr(magic.size(), bytes.size() - magic.size() - 8));
  if (tail.fixed() != sum.value()) return damaged();
  if (in.byte() != version) return fail(Code::unsupported, "rows that waited on disk are of another version");
  RowBatch batch;
  batch.from = in.count(), batch.to = in.count();
  MemberReader each(in);
  tables(batch, [&](auto& rows) {
    const std::size_t count = in.length(row_least);
    for (std::size_t i = 0; i < count && !in.bad(); ++i) members(each, rows.emplace_back());
  });
  if (in.bad() || !in.done()) return damaged();
  return batch;
}

}  // namespace aybiza
