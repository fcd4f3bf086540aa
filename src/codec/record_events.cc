// SpanAssembler: log records and session reports.
#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/span_events.h"
#include "codec/span_item.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

constexpr std::string_view report_type = "livekit.session_report";
constexpr std::int32_t severity_error = 17;

const OtlpValue* member_of(const OtlpValue& map, std::string_view name) { return find_attribute(map.members(), name); }

std::optional<Instant> instant_of_ms(std::optional<double> ms) {
  if (!ms || !(std::abs(*ms) < 1e15)) return std::nullopt;
  return from_micros(std::llrint(*ms * 1000));
}

}  // namespace

SpanAssembler::Item SpanAssembler::item_of(const OtlpLogRecord& record, std::size_t index) {
  Item item;
  item.index = index;
  item.trace = record.trace_id;
  item.span = record.span_id;
  item.start = item.end = from_micros(std::int64_t(std::min<std::uint64_t>(
      record.time_unix_nano > 0 ? record.time_unix_nano : record.observed_unix_nano, INT64_MAX) / 1000));
  if (item.end == Instant{}) item.start = item.end = context_->received;
  const OtlpValue* named = find_attribute(record.attributes, "event.name");  // before records had a member for it
  const std::string_view event_name = record.event_name.empty() && named ? named->text() : record.event_name;
  item.source = table_.source_of(*record.resource, *record.scope, record.attributes, event_name);
  item.facts.take(table_, item.source, record.resource->attributes);
  item.facts.take(table_, item.source, record.scope->attributes);
  item.facts.take(table_, item.source, record.attributes);
  return item;
}

void SpanAssembler::record(const OtlpLogRecord& record, std::size_t index) {
  Item item = item_of(record, index);
  if (!begin(item, "log record")) return;
  RecordRole role = table_.role_of_record(item.source, record.body.text());
  for (const std::string_view name : {record.event_name, item.facts.text(Fact::event_name)})
    if (role == RecordRole::none) role = table_.role_of_record(item.source, name);
  item.call = call_of(item);
  if (names_wanted_) note_carrier(item);
  note_joined(item, record.attributes);
  if (item.call.id.empty() || (role >= RecordRole::messages && item.span == 0)) role = RecordRole::none;  // of which completion?
  switch (role) {
    case RecordRole::chat_item:
      if (const OtlpValue* nested = item.facts.value(Fact::nested)) chat_item(item, *nested);
      return;
    case RecordRole::report: return report(item);
    case RecordRole::history: return chat_items(item);
    case RecordRole::evaluation:
    case RecordRole::tag:
    case RecordRole::outcome: return verdict(item, role);
    case RecordRole::score: return score(item);
    case RecordRole::messages:
    case RecordRole::caller_message:
    case RecordRole::other_message:
    case RecordRole::answer: return content_record(item, record, role);
    case RecordRole::none: return plain_record(item, record);
  }
}

// One item of a chat history: `{"message": {…}}`, or the message itself. Calls of functions and hand-overs are no turns.
void SpanAssembler::chat_item(Item& item, const OtlpValue& value) {
  const OtlpValue* inner = member_of(value, "message");
  FactSet facts;
  facts.take_nested(table_, SpanSource::livekit_item, (inner ? *inner : value).members());
  const std::string_view role = facts.text(Fact::role), id = facts.text(Fact::id);
  const bool agent_speaks = role == "assistant";
  if ((!agent_speaks && role != "user") || id.empty()) return;
  const auto created = instant_of_ms(facts.number(Fact::created)), started = instant_of_ms(facts.number(Fact::started)),
             ended = instant_of_ms(facts.number(Fact::ended));
  Item one = item;
  one.start = one.end = started ? *started : created ? *created : item.end;
  if (!begin(one, "chat item")) return;
  const std::string identity = "item:" + std::string(id);
  one.identity = identity;
  std::string said;
  if (const OtlpValue* content = facts.value(Fact::text)) append_content(said, *content);
  SpanEvent event(*events_, *context_);
  event.start(EventType::turn, Rank::final_report, one.start, one.call);
  event.text(Field::turn_key, events_->arena.copy("i:" + std::string(cut_text(id, limits::id_bytes - 2))));  // ":": masking sees where the id begins
  event.word(Field::speaker, agent_speaks ? "agent" : "caller").text(Field::text_content, events_->arena.copy(said));
  event.time(Field::started_at, one.start);
  if (ended && *ended >= one.start) event.time(Field::ended_at, *ended);
  event.number(Field::confidence_score, facts.number(Fact::confidence)).number(Field::stt_latency_ms, facts.number(Fact::stt_latency));
  event.number(Field::endpointing_ms, facts.number(Fact::endpointing)).number(Field::llm_latency_ms, facts.number(Fact::llm_latency));
  event.number(Field::tts_latency_ms, facts.number(Fact::tts_latency)).number(Field::response_time_ms, facts.number(Fact::response_time));
  if (agent_speaks) event.flag(Field::interrupted, facts.flag(Fact::interrupted));
  finish(one, event, 'i');
}

// A list of items, `{"items": […]}`, or either as JSON text.
void SpanAssembler::chat_items(Item& item) {
  const OtlpValue* known = item.facts.value(Fact::item_list);
  if (!known) return;
  OtlpValue list = *known;
  if (!list.text().empty()) list = json_.read(list.text(), events_->arena).value_or(OtlpValue());
  if (const OtlpValue* items = member_of(list, "items")) list = *items;
  for (const OtlpValue& one : list.items()) chat_item(item, one);
}

// The usage of the whole call: it takes the place of what its spans told so far.
void SpanAssembler::final_usage(Item& item, std::span<const OtlpValue> list) {
  std::size_t place = 0;
  for (const OtlpValue& entry : list) {
    Item one = item;
    const std::string identity = fmt::format("usage:{}", place++);
    one.identity = identity;
    FactSet facts;
    facts.take_nested(table_, SpanSource::livekit_usage, entry.members());
    const SpanRole kind = table_.role_of_operation(SpanSource::livekit_usage, facts.text(Fact::kind));
    const std::string_view provider = table_.provider(facts.text(Fact::provider)), model = facts.text(Fact::model);
    Tokens tokens = tokens_of(facts, item.source, provider);
    if (kind != SpanRole::llm && !tokens.counted()) tokens = {};  // zeros of speech that is not billed by tokens: of no language model
    const auto seconds = facts.number(Fact::audio_duration);
    SpanEvent event = start(one, EventType::usage, one.end);
    event.flag(Field::usage_preliminary, false).text(Field::model, model);
    if (kind == SpanRole::llm) {
      event.text(Field::model_used, model).text(Field::provider_llm, provider);
    } else if (kind == SpanRole::stt && (seconds || tokens.any())) {
      if (seconds) event.number(Field::stt_seconds, *seconds / 1000);
      event.text(Field::provider_stt, provider);
    } else if (kind == SpanRole::tts) {
      event.number(Field::tts_characters, facts.number(Fact::characters)).text(Field::provider_tts, provider);
    } else {
      continue;
    }
    event.number(Field::input_tokens, tokens.input).number(Field::output_tokens, tokens.output);
    event.number(Field::cache_read_tokens, tokens.cache_read).number(Field::cache_write_tokens, tokens.cache_write);
    event.number(Field::audio_input_tokens, tokens.audio_input).number(Field::audio_output_tokens, tokens.audio_output);
    finish(one, event, 'u');
  }
}

void SpanAssembler::report(Item& item) {
  const std::string identity = "report";
  item.identity = identity;
  if (const auto at = instant_of_ms(item.facts.number(Fact::ended)); at && *at <= context_->received + limits::time_future_max)
    item.start = item.end = *at;
  if (!begin(item, "session report")) return;
  SpanEvent event = start(item, EventType::call_ended, item.end);
  event.text(Field::agent_name, item.facts.text(Fact::agent_name)).number(Field::error_events, 0);
  finish(item, event, 'r');
  chat_items(item);
  if (const OtlpValue* list = item.facts.value(Fact::usage_list)) final_usage(item, list->items());
}

// How the call went, in a judge's or the agent's own word; what is no outcome is kept raw.
void SpanAssembler::verdict(Item& item, RecordRole role) {
  FactSet facts;
  const OtlpValue* nested = item.facts.value(Fact::nested);
  if (nested) facts.take_nested(table_, SpanSource::livekit_verdict, nested->members());
  const std::string_view name = facts.text(Fact::name), word = facts.text(Fact::verdict);
  const std::string_view outcome = role == RecordRole::evaluation ? std::string_view{} : table_.outcome(item.source, word.empty() ? name : word);
  const std::string identity = fmt::format("verdict:{}:{}:{}", int(role), name, word);
  item.identity = identity;
  SpanEvent event = start(item, EventType::call_updated, item.end);
  if (outcome.empty()) {
    event.start(EventType::other, Rank::analysis, item.end, item.call).type_text(role == RecordRole::tag ? "livekit.tag" : "livekit.evaluation");
    if (nested) event.ext("verdict", *nested);
  } else {
    event.start(EventType::call_updated, Rank::analysis, item.end, item.call).word(Field::call_outcome, outcome);
    event.word(Field::resolution_status, outcome == "successful" ? "resolved" : "unresolved");
    if (const OtlpValue* reason = facts.value(Fact::reason)) event.ext("outcome_reason", *reason);
  }
  finish(item, event, 'v');
}

// gen_ai.evaluation.result: the score as it is, where it fits the quality's range.
void SpanAssembler::score(Item& item) {
  const std::string identity = fmt::format("score:{}:{}", item.facts.text(Fact::name), to_micros(item.end));
  item.identity = identity;
  SpanEvent event(*events_, *context_);
  event.start(EventType::call_updated, Rank::analysis, item.end, item.call);
  event.number(Field::conversation_quality_score, item.facts.number(Fact::score));
  if (const OtlpValue* name = item.facts.value(Fact::name)) event.ext("evaluation", *name);
  finish(item, event, 'q');
}

void SpanAssembler::plain_record(Item& item, const OtlpLogRecord& record) {
  ++counts_.plain_records;
  std::string identity = fmt::format("log:{}:{}:", record.time_unix_nano, record.span_id);
  append_otlp_json(identity, record.body);
  append_otlp_json(identity, record.attributes);
  item.identity = identity;
  if (record.severity >= severity_error && !item.call.id.empty() && item.source != SpanSource::generic) error(item);
  SpanEvent event(*events_, *context_);
  event.start(EventType::other, Rank::span, item.end, item.call).type_text("otel.log");
  event.ext("severity", OtlpValue::of_integer(record.severity));
  if (!record.body.empty()) event.ext("body", record.body);
  for (const OtlpAttribute& attribute : record.attributes) event.ext(attribute.key, attribute.value);
  finish(item, event, 'l');
}

void SpanAssembler::expand_reports(const DecodeContext& context, EventBatch& events) {
  const auto is_report = [](const Event& event) { return event.type == EventType::other && event.type_text == report_type; };
  if (std::none_of(events.events.begin(), events.events.end(), is_report)) return;
  context_ = &context;
  events_ = &events;
  last_call_ = {};
  auto all = std::exchange(events.events, {});
  auto index = std::exchange(events.index, {}), wire_bytes = std::exchange(events.wire_bytes, {});
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_report(all[i])) {
      Item item;
      item.index = index[i];
      item.source = SpanSource::livekit;
      item.start = item.end = all[i].time;
      item.customer = all[i].text(Field::customer_id);
      const auto value = json_.read(all[i].ext, events.arena);
      if (value) item.facts.take_nested(table_, item.source, value->members());
      if (item.facts.has(Fact::job) || item.facts.has(Fact::room)) {
        item.call = call_of(item);
        report(item);
        continue;
      }
    }
    events.events.push_back(all[i]);
    events.index.push_back(index[i]);
    events.wire_bytes.push_back(wire_bytes[i]);
  }
}

}  // namespace aybiza
