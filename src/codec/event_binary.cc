#include "codec/event_binary.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "codec/varint.h"

namespace aybiza {
namespace {

// A field's number on disk is its place here. Append only: never reorder, never remove.
constexpr Field disk_fields[] = {
    Field::customer_id, Field::agent_id, Field::agent_name, Field::agent_type, Field::agent_version, Field::region,
    Field::campaign, Field::language, Field::direction, Field::channel, Field::provider_stt, Field::provider_llm,
    Field::provider_tts, Field::carrier, Field::model_used, Field::experiment, Field::variant, Field::call_id,
    Field::phone_number, Field::caller_number, Field::started_at, Field::total_duration_ms,
    Field::voice_processing_latency_ms, Field::stt_latency_ms, Field::llm_latency_ms, Field::tts_latency_ms,
    Field::audio_quality_score, Field::conversation_quality_score, Field::stt_confidence_avg, Field::call_outcome,
    Field::resolution_status, Field::end_reason, Field::escalated, Field::customer_satisfaction_score, Field::nps,
    Field::cost_usd, Field::tokens_consumed, Field::error_count, Field::intervention_kind, Field::actor,
    Field::turn_number, Field::speaker, Field::text_content, Field::ended_at, Field::state, Field::intent,
    Field::response_time_ms, Field::endpointing_ms, Field::interrupted, Field::backchannel, Field::confidence_score,
    Field::sentiment_score, Field::emotion, Field::entities, Field::tools, Field::text_embedding, Field::model,
    Field::input_tokens, Field::cache_read_tokens, Field::cache_write_tokens, Field::output_tokens,
    Field::reasoning_tokens, Field::audio_input_tokens, Field::audio_output_tokens, Field::stt_seconds,
    Field::tts_characters, Field::telephony_seconds, Field::status, Field::capacity, Field::concurrent_calls,
    Field::cpu_utilization_pct, Field::memory_utilization_pct, Field::network_latency_ms, Field::error_rate,
    Field::availability_pct, Field::sla_compliance_pct, Field::max_capacity, Field::utilization_pct, Field::queue_depth,
    Field::name, Field::metric_kind, Field::value, Field::unit, Field::tags, Field::sample_rate, Field::pattern_id,
    Field::outcome, Field::confidence, Field::replicated_from, Field::nodes, Field::edges, Field::orphans,
    Field::unanswered_questions, Field::graph_id, Field::metric, Field::before, Field::after, Field::what,
    Field::version, Field::hash, Field::turn_key, Field::turn_exchange, Field::usage_preliminary, Field::error_events, Field::points,
    Field::text_facts, Field::text_sealed, Field::price_order, Field::sample_weight,
    Field::text_order, Field::joined_call};

// The same for event types; 0 is a type we do not know, which travels by its text.
constexpr EventType disk_types[] = {
    EventType::other, EventType::call_started, EventType::call_updated, EventType::call_ended, EventType::call_rated,
    EventType::call_intervened, EventType::turn, EventType::usage, EventType::agent_status, EventType::system,
    EventType::metric, EventType::learning_pattern, EventType::learning_knowledge, EventType::learning_improvement,
    EventType::change, EventType::metric_points, EventType::prices};

constexpr std::uint8_t missing = 0xFF;

template <typename T, std::size_t count, std::size_t listed>
constexpr std::array<std::uint8_t, count> inverse(const T (&list)[listed]) {
  std::array<std::uint8_t, count> numbers{};
  numbers.fill(missing);
  for (std::size_t i = 0; i < listed; ++i) numbers[std::size_t(list[i])] = std::uint8_t(i);
  return numbers;
}
constexpr auto field_numbers = inverse<Field, field_count>(disk_fields);
constexpr auto type_numbers = inverse<EventType, event_type_count>(disk_types);
static_assert(std::size(disk_fields) == field_count && std::ranges::find(field_numbers, missing) == field_numbers.end(),
              "a new field: append it to disk_fields");
static_assert(std::size(disk_types) == event_type_count &&
                  std::ranges::find(type_numbers, missing) == type_numbers.end(),
              "a new event type: append it to disk_types");

enum Wire : std::uint64_t { varint_wire = 0, fixed_wire = 1, bytes_wire = 2 };
enum Flag : std::uint8_t { has_call = 1, has_agent = 2, has_ext = 4 };

Wire wire_of(Kind kind) {
  if (kind == Kind::real) return fixed_wire;
  return is_number(kind) || kind == Kind::word ? varint_wire : bytes_wire;
}

void append_fixed(std::string& out, std::uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}
void append_id(std::string& out, const Id& id) {
  append_fixed(out, id.high);
  append_fixed(out, id.low);
}
Id read_id(ByteReader& in) {
  const std::uint64_t high = in.fixed64();
  return {high, in.fixed64()};
}

void append_value(std::string& out, const Value& value) {
  const Wire wire = wire_of(info(value.field).kind);
  append_varint(out, std::uint64_t(field_numbers[std::size_t(value.field)]) << 2 | wire);
  switch (wire) {
    case varint_wire: append_varint(out, zigzag(value.number)); break;
    case fixed_wire: append_fixed(out, std::uint64_t(value.number)); break;
    case bytes_wire: append_text(out, value.text); break;
  }
}

// false: bytes that were never written so.
bool read_value(ByteReader& in, std::vector<Value>& values) {
  const std::uint64_t tag = in.varint(), wire = tag & 3, number = tag >> 2;
  Value value;
  if (wire == varint_wire) value.number = unzigzag(in.varint());
  else if (wire == fixed_wire) value.number = std::int64_t(in.fixed64());
  else if (wire == bytes_wire) value.text = in.text();
  else return false;
  if (!in.ok()) return false;
  if (number >= std::size(disk_fields)) return true;  // a field of a newer version
  value.field = disk_fields[number];
  const FieldInfo& about = info(value.field);
  if (wire != wire_of(about.kind)) return false;
  if (about.kind == Kind::word) {
    if (value.number < 0 || std::size_t(value.number) >= about.words.size()) return false;
    value.text = about.words[std::size_t(value.number)];
  }
  values.push_back(value);
  return true;
}

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::corrupt, "an event's bytes are damaged: {}", what);
}

}  // namespace

void append_event(std::string& out, const Event& event) {
  const std::size_t start = out.size();
  out.append(4, '\0');  // the length, known at the end
  const bool call = !event.call.empty(), agent = !event.agent.empty(), ext = !event.ext.empty();
  out += char(event_binary_version);
  out += char((call ? has_call : 0) | (agent ? has_agent : 0) | (ext ? has_ext : 0));
  out += char(type_numbers[std::size_t(event.type)]);
  out += char(event.rank);
  append_fixed(out, std::uint64_t(to_micros(event.time)));
  append_id(out, event.id);
  if (call) append_id(out, event.call);
  if (agent) append_id(out, event.agent);
  append_text(out, event.scope);
  append_text(out, event.customer);
  append_text(out, event.source);
  append_text(out, event.id_text);
  if (event.type == EventType::other) append_text(out, event.type_text);
  if (ext) append_text(out, event.ext);
  append_varint(out, event.values.size());
  for (const Value& value : event.values) append_value(out, value);
  const std::size_t size = out.size() - start - 4;
  CHECK(size <= UINT32_MAX);  // an event is at most limits::event_bytes, ids and tokens a few more
  const auto length = std::uint32_t(size);
  std::memcpy(out.data() + start, &length, 4);
}

Result<DecodedEvent> decode_event(std::string_view bytes, std::vector<Value>& values) {
  std::uint32_t length = 0;
  if (bytes.size() < 4) return corrupt("no length");
  std::memcpy(&length, bytes.data(), 4);
  if (length > bytes.size() - 4) return corrupt("shorter than its length");
  ByteReader in(bytes.substr(4, length));
  DecodedEvent decoded{.event = {}, .size = std::size_t(length) + 4};
  Event& event = decoded.event;
  const std::uint8_t version = in.byte();
  if (version != event_binary_version)
    return fail(Code::unsupported, "an event has format {}, this program reads {}: start the newer one", version,
                event_binary_version);
  const std::uint8_t flags = in.byte(), type = in.byte(), rank = in.byte();
  if (type >= std::size(disk_types) || flags > (has_call | has_agent | has_ext)) return corrupt("type or flags");
  if (rank < std::uint8_t(Rank::carrier) || rank > std::uint8_t(Rank::final_report)) return corrupt("rank");
  event.type = disk_types[type];
  event.rank = Rank(rank);
  event.time = from_micros(std::int64_t(in.fixed64()));
  event.id = read_id(in);
  if ((flags & has_call) != 0) event.call = read_id(in);
  if ((flags & has_agent) != 0) event.agent = read_id(in);
  event.scope = in.text();
  event.customer = in.text();
  event.source = in.text();
  event.id_text = in.text();
  if (event.type == EventType::other) event.type_text = in.text();
  if ((flags & has_ext) != 0) event.ext = in.text();
  values.clear();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return corrupt("an envelope that does not end");
  for (std::uint64_t i = 0; i < count; ++i)
    if (!read_value(in, values)) return corrupt("a value");
  if (!in.done()) return corrupt("bytes after the last value");
  const auto before = [](const Value& a, const Value& b) { return a.field < b.field; };
  if (!std::is_sorted(values.begin(), values.end(), before)) std::sort(values.begin(), values.end(), before);
  const auto same = [](const Value& a, const Value& b) { return a.field == b.field; };
  if (std::adjacent_find(values.begin(), values.end(), same) != values.end()) return corrupt("a field twice");
  event.values = values;
  return decoded;
}

}  // namespace aybiza
