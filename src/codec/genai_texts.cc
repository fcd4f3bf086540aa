// SpanAssembler: what was said in completions of OpenTelemetry GenAI, in whichever of its ways it is told, and which call a
// trace is part of.
#include <algorithm>

#include "base/limits.h"
#include "codec/span_events.h"
#include "codec/span_item.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

// Field::text_order: first who tells it, then when. Attributes of the span have the last word, then lists of all messages,
// then single ones, of which the last counts.
enum class Way : std::int64_t { message = 1, list = 2, attribute = 3 };
constexpr std::int64_t way_width = std::int64_t{1} << 61;  // of nanoseconds: until the year 2043

std::int64_t order_of(Way way, std::uint64_t unix_nano) {
  return std::int64_t(way) * way_width + std::int64_t(std::min<std::uint64_t>(unix_nano, way_width - 1));
}

std::uint64_t nanos_of(const OtlpLogRecord& record) { return record.time_unix_nano > 0 ? record.time_unix_nano : record.observed_unix_nano; }

const OtlpValue* member_of(const OtlpValue& map, std::string_view name) { return find_attribute(map.members(), name); }

template <typename T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

// What a message says: a text, or the texts of its parts. Other parts (images, tool calls) say nothing.
void append_content(std::string& out, const OtlpValue& content) {
  const auto append = [&](std::string_view text) {
    if (text.empty()) return;
    if (!out.empty()) out += ' ';
    out += text;
  };
  append(content.text());
  for (const OtlpValue& piece : content.items()) {
    append(piece.text());
    for (const std::string_view name : {"text", "content"})
      if (const OtlpValue* text = member_of(piece, name)) {
        append(text->text());
        break;
      }
  }
}

// What is known of a completion's input and output, and how.
struct SpanAssembler::Messages {
  struct Side {
    std::string text;
    std::int64_t order = 0;  // 0: not told
    bool others = false;     // of the input: the last message is not the caller's
  };
  Side input, output;
};

// Some write parts as JSON into the text.
std::string SpanAssembler::said_in(const OtlpValue& content) {
  std::string out;
  if (content.text().starts_with("[{"))
    if (const auto parts = json_.read(content.text(), events_->arena)) append_content(out, *parts);
  if (out.empty()) append_content(out, content);
  return out;
}

std::string SpanAssembler::message_text(const OtlpValue& message) {
  for (const std::string_view name : {"content", "parts"})
    if (const OtlpValue* content = member_of(message, name))
      if (std::string said = said_in(*content); !said.empty()) return said;
  return {};
}

// Attributes with a number in their name, as the list they are.
void SpanAssembler::take_lists(Item& item, OtlpAttributes attributes) {
  struct Entry { Fact fact; std::uint32_t number; OtlpAttribute member; };
  std::vector<Entry> entries;
  for (const OtlpAttribute& attribute : attributes)
    if (const auto name = table_.numbered(item.source, attribute.key))
      entries.push_back({name->fact, name->number, {name->member, attribute.value}});
  std::ranges::stable_sort(entries, {}, [](const Entry& entry) { return std::pair(entry.fact, entry.number); });
  for (std::size_t i = 0; i < entries.size();) {
    const Fact fact = entries[i].fact;
    std::vector<OtlpValue> maps;
    while (i < entries.size() && entries[i].fact == fact) {
      const std::uint32_t number = entries[i].number;
      std::vector<OtlpAttribute> members;
      for (; i < entries.size() && entries[i].fact == fact && entries[i].number == number; ++i) members.push_back(entries[i].member);
      const auto kept = events_->arena.array<OtlpAttribute>(members.size());
      std::ranges::copy(members, kept.begin());
      maps.push_back(OtlpValue::of_map(kept));
    }
    const auto kept = events_->arena.array<OtlpValue>(maps.size());
    std::ranges::copy(maps, kept.begin());
    item.facts.set(fact, OtlpValue::of_array(kept));
  }
}

// Whole lists: what the caller said is the last message of the input, if it is the caller's; a plain text is all there is.
SpanAssembler::Messages SpanAssembler::messages_in(const FactSet& facts) {
  const auto list = [&](Fact fact) -> OtlpValue {
    const OtlpValue* value = facts.value(fact);
    if (!value || value->text().empty()) return value ? *value : OtlpValue();
    const std::string_view text = value->text();
    const auto parsed = text.starts_with('[') || text.starts_with('{') ? json_.read(text, events_->arena) : std::nullopt;
    return parsed ? *parsed : OtlpValue::of_text(text);
  };
  Messages out;
  const OtlpValue input = list(Fact::input_messages), output = list(Fact::output_messages);
  if (facts.has(Fact::input_messages)) {
    const OtlpValue* last = !input.members().empty() ? &input : !input.items().empty() ? &input.items().back() : nullptr;
    const OtlpValue* role = last ? member_of(*last, "role") : nullptr;
    out.input.order = 1;
    out.input.others = role && role->text() != "user";
    if (role && !out.input.others) out.input.text = message_text(*last);
    else if (!last) out.input.text = input.text();
  }
  if (facts.has(Fact::output_messages)) {
    out.output.order = 1;
    out.output.text = !output.members().empty() ? message_text(output) : std::string(output.text());
    for (const OtlpValue& message : output.items()) {
      const std::string text = message_text(message);
      if (!out.output.text.empty() && !text.empty()) out.output.text += ' ';
      out.output.text += text;
    }
  }
  return out;
}

// What one event of a span or one log record says: members of its attributes, of its body, of JSON in either.
FactSet SpanAssembler::message_of(OtlpAttributes attributes, const OtlpValue& body) {
  FactSet facts;
  facts.take_nested(table_, SpanSource::genai_message, attributes);
  const auto take_json = [&](std::string_view text) {
    if (!text.starts_with('{')) return false;
    const auto parsed = json_.read(text, events_->arena);
    if (parsed) facts.take_nested(table_, SpanSource::genai_message, parsed->members());
    return parsed.has_value();
  };
  facts.take_nested(table_, SpanSource::genai_message, body.members());
  if (!body.text().empty() && !take_json(body.text())) facts.set(Fact::text, body);
  if (const OtlpValue* nested = facts.value(Fact::nested))
    if (!nested->text().empty() && !take_json(nested->text())) facts.set(Fact::text, *nested);
  return facts;
}

// Events of a completion's own span: they tell what its attributes do not.
void SpanAssembler::take_events(const OtlpSpan& span, Messages& messages) {
  const auto take = [](Messages::Side& to, Messages::Side said, std::int64_t order) {
    if (said.order == 0 || order < to.order) return;  // of equal ones the last
    said.order = order;
    to = std::move(said);
  };
  for (const OtlpSpanEvent& event : span.events) {
    const RecordRole role = table_.role_of_record(SpanSource::genai, event.name);
    if (role < RecordRole::messages) continue;
    const FactSet facts = message_of(event.attributes, {});
    if (role == RecordRole::messages) {
      Messages all = messages_in(facts);
      take(messages.input, std::move(all.input), order_of(Way::list, event.time_unix_nano));
      take(messages.output, std::move(all.output), order_of(Way::list, event.time_unix_nano));
      continue;
    }
    Messages::Side said{.text = {}, .order = 1, .others = role == RecordRole::other_message};
    if (const OtlpValue* content = facts.value(Fact::text); content && !said.others) said.text = said_in(*content);
    if (role == RecordRole::answer && (said.text.empty() || facts.number(Fact::choice_index) > 0.0)) continue;
    take(role == RecordRole::answer ? messages.output : messages.input, std::move(said), order_of(Way::message, event.time_unix_nano));
  }
}

// A completion is a turn of the agent; what the caller said before it is the last message, unless that is a tool's answer.
void SpanAssembler::completion_texts(Item& item, const OtlpSpan& span) {
  Messages messages = messages_in(item.facts);
  for (Messages::Side* side : {&messages.input, &messages.output})
    if (side->order != 0) side->order = order_of(Way::attribute, 0);
  if (!span.events.empty() && (messages.input.order == 0 || messages.output.order == 0)) take_events(span, messages);
  const std::string key = exchange_key_of(item.span);
  if (const auto& said = messages.input; !said.text.empty() && !said.others) {
    SpanEvent event = turn(item, item.start, key, false);
    event.text(Field::text_content, events_->arena.copy(said.text)).exactly(Field::text_order, said.order).time(Field::started_at, item.start);
    finish(item, event, 'c');
  }
  const auto first = item.facts.number(Fact::first_response);
  SpanEvent event = turn(item, item.start, key, true);
  if (const auto& said = messages.output; !said.text.empty())
    event.text(Field::text_content, events_->arena.copy(said.text)).exactly(Field::text_order, said.order);
  event.time(Field::started_at, item.start).time(Field::ended_at, item.end);
  event.number(Field::llm_latency_ms, first ? *first : double((item.end - item.start).count()) / 1000);
  if (!first) event.ext("llm_latency_kind", "total");
  finish(item, event, 't');
}

// Log records of a completion come in requests of their own, before its span or after it. Of the messages of its input only the
// last counts, here and in the fold, which knows those of other requests.
void SpanAssembler::content_record(Item& item, const OtlpLogRecord& record, RecordRole role) {
  if (role == RecordRole::caller_message || role == RecordRole::other_message) {
    std::string place;
    append_raw(place, record.trace_id.high);
    append_raw(place, record.trace_id.low);
    append_raw(place, record.span_id);
    const std::uint64_t at = nanos_of(record);
    const auto [known, fresh] = inputs_.try_emplace(hash128(place), LastInput{&record, item.index, at, role});
    if (!fresh && known->second.unix_nano <= at) known->second = {&record, item.index, at, role};  // of equal ones the last
    return;
  }
  const FactSet facts = message_of(record.attributes, record.body);
  if (role == RecordRole::messages) {
    const Messages all = messages_in(facts);
    const std::int64_t order = order_of(Way::list, nanos_of(record));
    if (all.input.others || !all.input.text.empty()) told_by_record(item, all.input.text, order, false);
    if (!all.output.text.empty()) told_by_record(item, all.output.text, order, true);
    return;
  }
  const OtlpValue* content = facts.value(Fact::text);
  if (!content || facts.number(Fact::choice_index) > 0.0) return;
  if (const std::string said = said_in(*content); !said.empty()) told_by_record(item, said, order_of(Way::message, nanos_of(record)), true);
}

void SpanAssembler::last_inputs() {
  const auto inputs = std::exchange(inputs_, {});
  std::vector<LastInput> in_order;
  for (const auto& [place, input] : inputs) in_order.push_back(input);
  std::ranges::sort(in_order, {}, &LastInput::index);
  for (const LastInput& input : in_order) {
    Item item = item_of(*input.record, input.index);
    item.call = call_of(item);
    const FactSet facts = message_of(input.record->attributes, input.record->body);
    const OtlpValue* content = facts.value(Fact::text);
    const std::string said = content ? said_in(*content) : std::string();
    if (said.empty()) continue;  // content is not captured: nobody tells a text that this one would come after
    const bool others = input.role == RecordRole::other_message;
    told_by_record(item, others ? std::string_view() : std::string_view(said), order_of(Way::message, input.unix_nano), false);
  }
}

// Without a text: that the caller has none here.
void SpanAssembler::told_by_record(Item& item, std::string_view text, std::int64_t order, bool agent_speaks) {
  const std::string identity = fmt::format("said:{}:{}:{}", exchange_key_of(item.span), order, to_string(hash128(text)));
  item.identity = identity;
  SpanEvent event = turn(item, item.start, exchange_key_of(item.span), agent_speaks);
  if (text.empty()) {
    event = start(item, EventType::turn, item.start);
    event.text(Field::turn_key, events_->arena.copy(exchange_key_of(item.span)));
  } else {
    event.text(Field::text_content, events_->arena.copy(text));
  }
  event.exactly(Field::text_order, order);
  finish(item, event, agent_speaks ? 'b' : 'a');
  item.identity = {};
}

// Whose a conversation is. Of the completions of one, which may name the service alone, the agent has the last word: it ends after them.
void SpanAssembler::agent_of(Item& item) {
  const std::string_view name = item.facts.text(Fact::agent_name), version = item.facts.text(Fact::agent_version);
  if (item.facts.text(Fact::agent).empty() && name.empty()) return;
  SpanEvent event = start(item, EventType::call_updated, item.end);
  event.text(Field::agent_name, name).text(Field::agent_version, version);
  finish(item, event, 'g');
}

// A conversation that only some spans of a trace name is that of all of them: their call, which is the trace, is part of it.
void SpanAssembler::note_joined(const Item& item, OtlpAttributes own) {
  if (item.source != SpanSource::genai || item.trace.empty() || item.facts.text(Fact::conversation).empty() || joined_.contains(item.trace)) return;
  bool told = false;  // of a resource's conversation every span and record knows
  for (const OtlpAttribute& attribute : own)
    table_.each_fact(item.source, attribute.key, [&](const FactRule& rule) { told = told || rule.fact == Fact::conversation; });
  if (!told) return;
  joined_.insert(item.trace);
  const Id part = external_id(scope_of(*context_), "call", "trace", trace_id_text(item.trace));
  std::string bytes;
  append_raw(bytes, part.high);
  append_raw(bytes, part.low);
  const std::string identity = "join:" + to_string(part);
  Item one = item;
  one.identity = identity;
  SpanEvent event(*events_, *context_);
  event.start(EventType::other, Rank::span, item.start, item.call).type_text(joined_type).raw(Field::joined_call, bytes);
  finish(one, event, 'j');
  ++joins_;
}

// So that what the same request tells of a part is folded into the whole at once.
void SpanAssembler::joins_first() {
  if (std::exchange(joins_, 0) == 0) return;
  std::vector<std::size_t> order(events_->events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_partition(order, [&](std::size_t i) { return joined_call(events_->events[i]).has_value(); });
  const auto arrange = [&](auto& list) {
    std::remove_reference_t<decltype(list)> sorted;
    sorted.reserve(list.size());
    for (const std::size_t i : order) sorted.push_back(list[i]);
    list = std::move(sorted);
  };
  arrange(events_->events);
  arrange(events_->index);
  arrange(events_->wire_bytes);
}

}  // namespace aybiza
