#include "codec/span_events.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/span_item.h"
#include "codec/vendor_event.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

constexpr std::uint64_t nanos_max = 9'223'372'036'854'775'807u;

Instant instant_of(std::uint64_t unix_nano) { return from_micros(std::int64_t(std::min(unix_nano, nanos_max) / 1000)); }

template <typename T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string letters_of(char kind, std::uint64_t span) {
  std::string out(1, kind);
  for (int shift = 60; shift >= 0; shift -= 4) out += char('a' + (span >> shift & 15));
  return out;
}

}  // namespace

std::string turn_key_of(std::uint64_t span) { return letters_of('t', span); }
std::string exchange_key_of(std::uint64_t span) { return letters_of('x', span); }

void SpanAssembler::assemble(const OtlpBatch& from, const DecodeContext& context, EventBatch& events, MetricBatch& metrics) {
  context_ = &context;
  events_ = &events;
  metrics_ = &metrics;
  base_.resource = nullptr;
  last_call_ = {};
  names_.clear();
  named_.clear();
  joined_.clear();
  for (std::size_t i = 0; i < from.spans.size(); ++i) span(from.spans[i], i);
  for (std::size_t i = 0; i < from.logs.size(); ++i) record(from.logs[i], from.spans.size() + i);
  last_inputs();
  joins_first();
}

void SpanAssembler::span(const OtlpSpan& span, std::size_t index) {
  Item item;
  item.index = index;
  item.trace = span.trace_id;
  item.span = span.span_id;
  item.parent = span.parent_span_id;
  item.name = span.name;
  item.end = instant_of(span.end_unix_nano > 0 ? span.end_unix_nano : span.start_unix_nano);
  item.start = std::min(instant_of(span.start_unix_nano > 0 ? span.start_unix_nano : span.end_unix_nano), item.end);
  item.failed = span.status == OtlpStatus::error;
  if (span.resource != base_.resource || span.scope != base_.scope) {  // spans of one scope come together
    base_.resource = span.resource;
    base_.scope = span.scope;
    base_.source = table_.source_of(*span.resource, *span.scope, {});
    base_.facts.clear();
    base_.facts.take(table_, base_.source, span.resource->attributes);
    base_.facts.take(table_, base_.source, span.scope->attributes);
  }
  item.source = base_.source;
  if (item.source == SpanSource::generic) item.source = table_.source_of(*span.resource, *span.scope, span.attributes);
  if (item.source == SpanSource::generic) {
    if (!begin(item, "span")) return;
    return generic(span, item.start, double((item.end - item.start).count()) / 1000);
  }
  item.facts = base_.facts;
  if (item.source != base_.source) {
    item.facts.clear();
    item.facts.take(table_, item.source, span.resource->attributes);
    item.facts.take(table_, item.source, span.scope->attributes);
  }
  item.facts.take(table_, item.source, span.attributes);
  if (table_.has_lists(item.source)) take_lists(item, span.attributes);
  if (const OtlpValue* metrics = item.facts.value(Fact::metrics))
    if (const auto value = json_.read(metrics->text(), events_->arena))
      item.facts.take_nested(table_, SpanSource::livekit_metrics, value->members());
  item.role = table_.role_of(item.source, span.name);
  if (item.role == SpanRole::none) item.role = table_.role_of_operation(item.source, item.facts.text(Fact::operation));
  if (item.role == SpanRole::none && is_unnamed_completion(item)) item.role = SpanRole::llm;
  if (!begin(item, "span")) return;
  if (item.role == SpanRole::none || (item.role == SpanRole::tool && item.parent == 0))
    return generic(span, item.start, double((item.end - item.start).count()) / 1000);
  if (item.role == SpanRole::ignored) ++counts_.told_elsewhere;
  item.call = call_of(item);
  if (names_wanted_) note_carrier(item);
  note_joined(item, span.attributes);
  switch (item.role) {
    case SpanRole::session: return session(item, span.attributes);
    case SpanRole::exchange: exchange(item); break;
    case SpanRole::caller_turn: whole_turn(item, false); break;
    case SpanRole::agent_turn: whole_turn(item, true); break;
    case SpanRole::part: part(item); break;
    case SpanRole::stt: speech(item, false); break;
    case SpanRole::tts: speech(item, true); break;
    case SpanRole::llm: completion(item, span); break;
    case SpanRole::realtime: realtime(item); break;
    case SpanRole::tool: tool(item); break;
    case SpanRole::agent:  // of a call that is its trace, the first invocation is the call
      if (item.facts.has(Fact::conversation)) agent_of(item);
      else if (item.parent == 0) return session(item, {});
      break;
    default: break;
  }
  if (item.failed) error(item);
}

// Older instrumentations name a provider and tokens and no operation.
bool SpanAssembler::is_unnamed_completion(const Item& item) {
  return item.source == SpanSource::genai && item.facts.text(Fact::operation).empty() && !item.facts.text(Fact::provider).empty() &&
         (item.facts.has(Fact::input_tokens) || item.facts.has(Fact::output_tokens));
}

bool SpanAssembler::begin(Item& item, std::string_view what) {
  const auto refuse = [&](RejectReason reason, std::string_view message) {
    events_->reject(reason, {.index = item.index, .id = {}, .code = {}, .field = {}, .message = message});
    return false;
  };
  if (item.end < context_->received - limits::time_past_max || item.end > context_->received + limits::time_future_max)
    return refuse(RejectReason::invalid_time, fmt::format("timestamp_out_of_range: a {} of 400 days ago at most, 5 minutes ahead at most", what));
  item.start = std::max<Instant>(item.start, context_->received - limits::time_past_max);
  return true;
}

CallRef SpanAssembler::call_named(std::string_view vendor, std::string_view hashed, std::string_view shown) {
  hashed_.assign(vendor).append("|").append(hashed);
  if (last_call_.hashed != hashed_) {
    last_call_.hashed = hashed_;
    last_call_.call = {external_id(scope_of(*context_), "call", vendor, hashed), events_->arena.copy(cut_text(shown, limits::id_bytes))};
    if (names_wanted_ && named_.try_emplace(last_call_.call.id, names_.size()).second)
      names_.push_back({last_call_.call.id, vendor, last_call_.call.text, {}});
  }
  return last_call_.call;
}

// Senders put the carrier's name of the call into an attribute, or call the conversation by it.
void SpanAssembler::note_carrier(const Item& item) {
  const auto at = named_.find(item.call.id);
  if (at == named_.end() || !names_[at->second].twilio_sid.empty()) return;
  for (const Fact fact : {Fact::carrier_call, Fact::conversation})
    if (const std::string_view sid = item.facts.text(fact); is_twilio_sid(sid)) names_[at->second].twilio_sid = events_->arena.copy(sid);
}

// Pipecat's spans share nothing but the trace; a room of LiveKit, a conversation of others has a name everywhere. The room,
// not the agent's job in it, because that is what LiveKit's webhooks name too: all of them are one call.
CallRef SpanAssembler::call_of(const Item& item) {
  const std::string_view conversation = item.facts.text(Fact::conversation);
  if (item.source == SpanSource::livekit)
    for (const std::string_view name : {item.facts.text(Fact::room), item.facts.text(Fact::job)})
      if (!name.empty()) return call_named("livekit", name, name);
  if (item.source == SpanSource::elevenlabs && !conversation.empty()) return call_named("elevenlabs", conversation, conversation);
  if (item.source == SpanSource::genai && !conversation.empty()) return call_named("events", conversation, conversation);
  if (item.trace.empty()) return {};
  const std::string trace = trace_id_text(item.trace);
  return call_named("trace", trace, trace);
}

SpanEvent SpanAssembler::start(Item& item, EventType type, Instant time) {
  SpanEvent event(*events_, *context_);
  event.start(type, Rank::span, time, item.call);
  std::string_view agent = item.facts.text(Fact::agent);
  if (agent.empty()) agent = item.facts.text(Fact::agent_name);
  if (agent.empty()) agent = item.facts.text(Fact::service);
  event.text(Field::agent_id, agent);
  return event;
}

SpanEvent SpanAssembler::turn(Item& item, Instant time, std::string_view key, bool agent_speaks) {
  SpanEvent event = start(item, EventType::turn, time);
  event.text(Field::turn_key, events_->arena.copy(key)).word(Field::speaker, agent_speaks ? "agent" : "caller");
  return event;
}

// A span's events have their names from the span, so that the same span sent twice is the same events.
void SpanAssembler::finish(Item& item, SpanEvent& event, char which) {
  hashed_.assign(scope_of(*context_));
  hashed_ += '|';
  append_raw(hashed_, item.call.id.high);
  append_raw(hashed_, item.call.id.low);
  if (item.identity.empty()) {
    append_raw(hashed_, item.trace.high);
    append_raw(hashed_, item.trace.low);
    append_raw(hashed_, item.span);
  } else {
    hashed_ += item.identity;
  }
  hashed_ += which;
  if (!item.customer.empty()) event.text(Field::customer_id, item.customer);
  event.finish(hash128(hashed_, 2), to_string(item.source), item.index);
}

void SpanAssembler::session(Item& item, OtlpAttributes attributes) {
  SpanEvent event = start(item, EventType::call_ended, item.end);
  event.time(Field::started_at, item.start).number(Field::total_duration_ms, double((item.end - item.start).count()) / 1000);
  event.number(Field::error_events, item.failed ? 1 : 0);
  event.text(Field::agent_name, item.facts.text(Fact::agent_name)).text(Field::agent_version, item.facts.text(Fact::agent_version));
  event.text(Field::region, item.facts.text(Fact::region)).text(Field::language, item.facts.text(Fact::language));
  event.text(Field::caller_number, item.facts.text(Fact::caller)).text(Field::phone_number, item.facts.text(Fact::phone));
  if (const std::string_view sid = item.facts.text(Fact::carrier_call); !sid.empty()) event.ext("twilio_call_sid", sid);
  for (const OtlpAttribute& attribute : attributes) {
    if (attribute.key == "customer_id") {
      const std::string_view customer = attribute.value.text();
      if (!context_->customer.empty() && customer != context_->customer)
        return events_->reject(RejectReason::forbidden_customer, {.index = item.index, .id = {}, .code = {}, .field = "customer_id",
                                                                  .message = "the key belongs to another customer"});
      event.text(Field::customer_id, customer);
      continue;
    }
    bool told = table_.dropped(item.source, attribute.key);
    table_.each_fact(item.source, attribute.key, [&](const FactRule&) { told = true; });
    if (!told && !event.member(attribute.key, attribute.value)) event.ext(attribute.key, attribute.value);
  }
  finish(item, event, 's');
  external_name(item);
}

// The call's own name is its trace; people know it by the conversation. Of the least rank, so that it is the name shown.
void SpanAssembler::external_name(Item& item) {
  const std::string_view conversation = item.facts.text(Fact::conversation);
  if (conversation.empty() || conversation == item.call.text) return;
  SpanEvent event(*events_, *context_);
  event.start(EventType::call_updated, Rank::carrier, item.start, {item.call.id, conversation});
  finish(item, event, 'n');
}

// Pipecat's `turn`: it numbers the exchange whose parts are its children, and knows what only the whole knows.
void SpanAssembler::exchange(Item& item) {
  const auto number = item.facts.number(Fact::turn_number), response = item.facts.number(Fact::response_time);
  const bool by_end = item.facts.flag(Fact::cut_by_end).value_or(false);
  const auto cut = item.facts.flag(Fact::interrupted);
  const bool interrupted = cut.value_or(false) && !by_end;  // the end of the call interrupts nobody
  SpanEvent event = start(item, EventType::turn, item.end);
  event.text(Field::turn_key, events_->arena.copy(exchange_key_of(item.span))).number(Field::turn_exchange, number);
  if (response || interrupted) {
    event.word(Field::speaker, "agent").number(Field::response_time_ms, response);
    if (cut) event.flag(Field::interrupted, interrupted);
  }
  finish(item, event, 'x');
  if (number == 1) external_name(item);
}

// One recognised utterance, or one synthesised piece of what the agent says.
void SpanAssembler::speech(Item& item, bool agent_speaks) {
  const bool own = item.source != SpanSource::pipecat || item.parent == 0;
  const auto latency = item.facts.number(Fact::first_response);
  std::string_view text = item.facts.text(Fact::text);
  if (item.facts.flag(Fact::is_final) == false) text = {};
  const std::string_view provider = table_.provider(item.facts.text(Fact::provider));
  const Field provider_field = agent_speaks ? Field::provider_tts : Field::provider_stt;
  const bool preliminary = item.source == SpanSource::livekit;
  if (!preliminary && (!text.empty() || latency)) {
    SpanEvent event = turn(item, item.start, own ? turn_key_of(item.span) : exchange_key_of(item.parent), agent_speaks);
    event.text(Field::text_content, text).number(agent_speaks ? Field::tts_latency_ms : Field::stt_latency_ms, latency);
    event.text(provider_field, provider);
    if (!agent_speaks) event.text(Field::language, item.facts.text(Fact::language));
    if (!text.empty()) event.time(Field::started_at, item.start).time(Field::ended_at, item.end);
    finish(item, event, 't');
  }
  const auto seconds = item.facts.number(Fact::audio_duration), characters = item.facts.number(Fact::characters);
  if (agent_speaks ? !characters : !seconds) return;
  SpanEvent event = start(item, EventType::usage, item.start);
  if (agent_speaks) event.number(Field::tts_characters, characters);
  else event.number(Field::stt_seconds, *seconds / 1000);
  event.text(provider_field, provider).text(Field::model, item.facts.text(Fact::model));
  if (preliminary) event.flag(Field::usage_preliminary, true);
  finish(item, event, 'u');
}

SpanAssembler::Tokens SpanAssembler::tokens_of(const FactSet& facts, SpanSource source, std::string_view provider) {
  Tokens tokens{facts.number(Fact::input_tokens), facts.number(Fact::output_tokens), facts.number(Fact::cache_read_tokens),
                facts.number(Fact::cache_write_tokens), facts.number(Fact::reasoning_tokens), facts.number(Fact::audio_input_tokens),
                facts.number(Fact::audio_output_tokens)};
  const auto take_out = [](std::optional<double>& of, const std::optional<double>& part) {
    if (of && part && *part >= 0 && *part <= *of) *of -= *part;
  };
  const double cache = tokens.cache_read.value_or(0) + tokens.cache_write.value_or(0);
  if (tokens.input && !table_.net_of_cache(source, provider)) {
    if (cache <= *tokens.input) *tokens.input -= cache;
    else ++counts_.net_guards;
  }
  take_out(tokens.input, tokens.audio_input);
  take_out(tokens.output, tokens.reasoning);
  take_out(tokens.output, tokens.audio_output);
  return tokens;
}

// `preliminary`: 1 until a report tells the whole, 0 it is that report, -1 there is no such report.
void SpanAssembler::usage(Item& item, int preliminary) {
  const std::string_view provider = table_.provider(item.facts.text(Fact::provider)), model = item.facts.text(Fact::model);
  const Tokens tokens = tokens_of(item.facts, item.source, provider);
  if (!tokens.any()) return;
  SpanEvent event = start(item, EventType::usage, item.start);
  event.text(Field::model, model).text(Field::model_used, model).text(Field::provider_llm, provider);
  event.number(Field::input_tokens, tokens.input).number(Field::output_tokens, tokens.output);
  event.number(Field::cache_read_tokens, tokens.cache_read).number(Field::cache_write_tokens, tokens.cache_write);
  event.number(Field::reasoning_tokens, tokens.reasoning).number(Field::audio_input_tokens, tokens.audio_input);
  event.number(Field::audio_output_tokens, tokens.audio_output);
  if (preliminary >= 0) event.flag(Field::usage_preliminary, preliminary == 1);
  finish(item, event, 'u');
}

void SpanAssembler::completion(Item& item, const OtlpSpan& span) {
  usage(item, item.source == SpanSource::livekit ? 1 : -1);
  if (item.source == SpanSource::genai) return completion_texts(item, span);
  const auto latency = item.facts.number(Fact::first_response);
  if (item.source != SpanSource::pipecat || !latency || item.parent == 0) return;
  SpanEvent event = turn(item, item.start, exchange_key_of(item.parent), true);
  event.number(Field::llm_latency_ms, latency);
  finish(item, event, 't');
}

void SpanAssembler::realtime(Item& item) {
  usage(item, -1);
  const std::string key = item.parent == 0 ? exchange_key_of(item.span) : exchange_key_of(item.parent);
  const auto say = [&](std::string_view text, bool agent_speaks, char which) {
    if (text.empty()) return;
    SpanEvent event = turn(item, item.start, key, agent_speaks);
    event.text(Field::text_content, text).time(Field::started_at, item.start).time(Field::ended_at, item.end);
    if (agent_speaks) event.number(Field::llm_latency_ms, item.facts.number(Fact::first_response));
    finish(item, event, which);
  };
  say(item.facts.text(Fact::text), item.facts.flag(Fact::is_input) == false, 't');
  say(item.facts.text(Fact::output_text), true, 'o');
}

void SpanAssembler::part(Item& item) {
  const auto llm = item.facts.number(Fact::llm_latency), tts = item.facts.number(Fact::tts_latency);
  if ((!llm && !tts) || item.parent == 0) return;
  SpanEvent event = turn(item, item.start, turn_key_of(item.parent), true);
  event.number(Field::llm_latency_ms, llm).number(Field::tts_latency_ms, tts);
  finish(item, event, 't');
}

void SpanAssembler::tool(Item& item) {
  std::string json;
  JsonWriter writer(json);
  const bool failed = item.failed || item.facts.flag(Fact::tool_error).value_or(false);
  writer.begin_array().begin_object().member("name", cut_text(item.facts.text(Fact::tool_name), limits::id_bytes));
  writer.member("ms", double((item.end - item.start).count()) / 1000).member("error", failed).end_object().end_array();
  SpanEvent event = turn(item, item.start, turn_key_of(item.parent), true);
  event.json(Field::tools, json);
  finish(item, event, 't');
}

void SpanAssembler::whole_turn(Item& item, bool agent_speaks) {
  const std::string_view text = item.facts.text(Fact::text);
  const auto response = item.facts.number(Fact::response_time);
  const auto cut = item.facts.flag(Fact::interrupted);
  if (text.empty() && !response && !cut.value_or(false)) return;  // a step of the framework, not something that was said
  const auto index = item.facts.number(Fact::turn_index);
  SpanEvent event = turn(item, item.start, turn_key_of(item.span), agent_speaks);
  if (index) {  // this sender numbers its turns
    event = start(item, EventType::turn, item.start);
    event.number(Field::turn_number, index).word(Field::speaker, agent_speaks ? "agent" : "caller");
  }
  event.text(Field::text_content, text).time(Field::started_at, item.start).time(Field::ended_at, item.end);
  event.number(Field::stt_latency_ms, item.facts.number(Fact::stt_latency)).number(Field::llm_latency_ms, item.facts.number(Fact::llm_latency));
  event.number(Field::tts_latency_ms, item.facts.number(Fact::tts_latency)).number(Field::endpointing_ms, item.facts.number(Fact::endpointing));
  if (agent_speaks) event.number(Field::response_time_ms, response).flag(Field::interrupted, cut);
  else event.number(Field::confidence_score, item.facts.number(Fact::confidence)).text(Field::provider_stt, table_.provider(item.facts.text(Fact::provider)));
  finish(item, event, 't');
}

void SpanAssembler::error(Item& item) {
  SpanEvent event = start(item, EventType::call_updated, item.end);
  event.number(Field::error_events, 1);
  finish(item, event, 'e');
}

void SpanAssembler::generic(const OtlpSpan& span, Instant start, double ms) {
  ++counts_.generic_spans;
  scratch_.clear();
  JsonWriter tags(scratch_);
  tags.begin_object();
  const OtlpValue* service = find_attribute(span.resource->attributes, "service.name");
  if (service && !service->text().empty()) tags.member("service", cut_text(service->text(), limits::tag_value_bytes));
  tags.member("span", cut_text(span.name, limits::tag_value_bytes));
  if (span.status == OtlpStatus::error) tags.member("status", "error");
  tags.end_object();
  const std::uint32_t series = metrics_->add_series({.kind = MetricKind::distribution, .name = "span.duration", .unit = "ms", .tags = scratch_});
  metrics_->points.push_back({.time = start, .value = ms, .series = series});
}

}  // namespace aybiza
