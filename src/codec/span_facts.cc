#include "codec/span_facts.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/time_text.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

std::optional<double> number_of(std::string_view text) {
  double out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

void FactSet::put(const FactRule& rule, const OtlpValue& value) {
  const auto at = std::size_t(rule.fact);
  if (value.empty() || (place_[at] != 0 && place_[at] < rule.place)) return;
  value_[at] = value;
  scale_[at] = rule.scale;
  place_[at] = rule.place;
}

void FactSet::take(const AliasTable& table, SpanSource source, OtlpAttributes attributes) {
  for (const OtlpAttribute& attribute : attributes)
    table.each_fact(source, attribute.key, [&](const FactRule& rule) { put(rule, attribute.value); });
}

void FactSet::take_nested(const AliasTable& table, SpanSource source, OtlpAttributes members) {
  std::string path;
  for (const OtlpAttribute& member : members) take_member(table, source, member.key, member.value, path);
}

void FactSet::take_member(const AliasTable& table, SpanSource source, std::string_view name, const OtlpValue& value, std::string& path) {
  const std::size_t before = path.size();
  if (before > 0) path += '.';
  path += name.substr(0, limits::id_bytes);
  table.each_fact(source, path, [&](const FactRule& rule) { put(rule, value); });
  for (const OtlpAttribute& member : value.members()) take_member(table, source, member.key, member.value, path);
  path.resize(before);
}

void FactSet::set(Fact fact, const OtlpValue& value) {
  if (!has(fact)) put({.fact = fact, .place = UINT16_MAX, .scale = 1}, value);
}

std::string_view FactSet::text(Fact fact) const {
  const OtlpValue* known = value(fact);
  return known ? known->text() : std::string_view{};
}

std::optional<double> FactSet::number(Fact fact) const {
  const OtlpValue* known = value(fact);
  if (!known) return std::nullopt;
  std::optional<double> number = known->number();
  if (!number) number = number_of(known->text());
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return *number * scale_[std::size_t(fact)];
}

std::optional<bool> FactSet::flag(Fact fact) const {
  const OtlpValue* known = value(fact);
  if (!known) return std::nullopt;
  if (const auto flag = known->boolean()) return flag;
  if (const auto number = known->number()) return *number != 0;
  if (known->text() == "true" || known->text() == "True") return true;
  if (known->text() == "false" || known->text() == "False") return false;
  return std::nullopt;
}

SpanEvent& SpanEvent::start(EventType type, Rank rank, Instant time, const CallRef& call) {
  event_ = Event{};
  event_.type = type;
  event_.rank = rank;
  event_.time = time;
  event_.call = call.id;
  event_.scope = scope_of(*context_);
  present_ = {};
  ext_.clear();
  return text(Field::call_id, call.text);
}

void SpanEvent::set(Field field, std::int64_t number, std::string_view text) {
  present_.add(field);
  slots_[std::size_t(field)] = {field, number, text};
}

SpanEvent& SpanEvent::text(Field field, std::string_view text) {
  text = cut_text(text, field == Field::text_content ? limits::text_content_bytes : limits::id_bytes);
  if (!text.empty()) set(field, 0, text);
  return *this;
}

SpanEvent& SpanEvent::word(Field field, std::string_view word) {
  if (const auto index = find_word(field, word)) set(field, *index, info(field).words[std::size_t(*index)]);
  return *this;
}

SpanEvent& SpanEvent::number(Field field, std::optional<double> wire) {
  if (!wire) return *this;
  if (const auto fits = from_wire(field, *wire)) set(field, *fits, {});
  return *this;
}

SpanEvent& SpanEvent::exactly(Field field, std::int64_t value) {
  set(field, value, {});
  return *this;
}

SpanEvent& SpanEvent::raw(Field field, std::string_view bytes) {
  set(field, 0, batch_->arena.copy(bytes));
  return *this;
}

SpanEvent& SpanEvent::flag(Field field, std::optional<bool> value) {
  if (value) set(field, *value ? 1 : 0, {});
  return *this;
}

SpanEvent& SpanEvent::time(Field field, Instant time) {
  set(field, to_micros(time), {});
  return *this;
}

SpanEvent& SpanEvent::json(Field field, std::string_view fragment) {
  if (!fragment.empty() && fragment.size() <= limits::ext_bytes) set(field, 0, batch_->arena.copy(fragment));
  return *this;
}

bool SpanEvent::member(std::string_view name, const OtlpValue& value) {
  const auto field = find_field(event_.type, name);
  if (!field || *field == Field::call_id || present_.has(*field)) return field.has_value();
  switch (info(*field).kind) {
    case Kind::label:
    case Kind::phone:
      if (value.text().empty() || value.text().size() > limits::id_bytes) return false;
      return text(*field, value.text()), true;
    case Kind::word: word(*field, value.text()); break;
    case Kind::flag: flag(*field, value.boolean()); break;
    case Kind::time: case Kind::text: case Kind::json: case Kind::vector: case Kind::real: return false;
    default: number(*field, value.number()); break;
  }
  return present_.has(*field);
}

SpanEvent& SpanEvent::ext(std::string_view name, const OtlpValue& value) {
  const std::size_t before = ext_.size();
  ext_ += ext_.empty() ? '{' : ',';
  append_json_string(ext_, cut_text(name, limits::id_bytes));
  ext_ += ':';
  append_otlp_json(ext_, value);
  if (ext_.size() >= limits::span_ext_bytes) ext_.resize(before);  // one too long costs only itself
  return *this;
}

SpanEvent& SpanEvent::type_text(std::string_view text) {
  event_.type_text = text;
  return *this;
}

void SpanEvent::finish(Id id, std::string_view source, std::size_t index) {
  event_.id = id;
  event_.source = source;
  if (!ext_.empty()) event_.ext = batch_->arena.copy(ext_ + '}');
  const auto values = batch_->arena.array<Value>(present_.size());
  std::size_t count = 0;
  for (std::size_t half = 0; half < 2; ++half)
    for (std::uint64_t bits = present_.word[half]; bits != 0; bits &= bits - 1)
      values[count++] = slots_[half * 64 + std::size_t(std::countr_zero(bits))];
  event_.values = values;
  batch_->index.push_back(std::uint32_t(index));
  batch_->wire_bytes.push_back(0);
  batch_->events.push_back(event_);
}

}  // namespace aybiza
