#include "assemble/turn_fields.h"

#include <algorithm>

#include "base/limits.h"
#include "text/text_facts.h"

namespace aybiza {

namespace {

// Pieces that bring their own space need none, nor do scripts that are written without.
bool joins_with_space(std::string_view before, std::string_view after) {
  const auto end = static_cast<unsigned char>(before.back());
  if (end == ' ' || after.front() == ' ') return false;
  std::size_t lead = before.size() - 1;
  while (lead > 0 && (static_cast<unsigned char>(before[lead]) & 0xC0) == 0x80) --lead;
  const auto first = static_cast<unsigned char>(before[lead]);
  return first < 0xE3 || first > 0xE9;  // U+3000 to U+9FFF: kana and ideographs
}

}  // namespace

void TurnFields::take_part(const Value& value) {
  const bool known = has_[std::size_t(value.field)];
  const Value& held = at_[std::size_t(value.field)];
  switch (value.field) {
    case Field::text_content: return join_text(value);
    case Field::tools: return join_list(value, tools_);
    case Field::entities: return join_list(value, entities_);
    case Field::text_facts: return join_facts(value);
    case Field::text_sealed: return join_sealed(value);
    case Field::llm_latency_ms:
    case Field::tts_latency_ms: return known ? void() : take(value);
    case Field::interrupted: return known && held.number != 0 ? void() : take(value);
    case Field::started_at: return known && held.number <= value.number ? void() : take(value);
    case Field::ended_at: return known && held.number >= value.number ? void() : take(value);
    default: return take(value);
  }
}

void TurnFields::join_text(Value value) {
  if (!text_.empty() && !value.text.empty() && joins_with_space(text_, value.text)) text_ += ' ';
  std::size_t room = limits::text_content_bytes - std::min(limits::text_content_bytes, text_.size());
  if (room < value.text.size())
    while (room > 0 && (static_cast<unsigned char>(value.text[room]) & 0xC0) == 0x80) --room;
  text_ += value.text.substr(0, room);
  value.text = text_;
  take(value);
}

void TurnFields::join_list(Value value, std::string& joined) {  // "[a]" and "[b]" are "[a,b]"
  if (joined.size() > 2 && value.text.size() > 2 && joined.size() + value.text.size() < limits::ext_bytes) {
    joined.back() = ',';
    joined += value.text.substr(1);
  } else if (joined.size() <= 2) {
    joined = value.text;
  }
  value.text = joined;
  take(value);
}

void TurnFields::join_facts(Value value) {
  std::optional<TextFacts> all = read_text_facts(facts_);
  const std::optional<TextFacts> next = read_text_facts(value.text);
  if (!next) return;
  if (all) all->join(*next);
  facts_.clear();
  append_text_facts(all ? *all : *next, facts_);
  value.text = facts_;
  take(value);
}

void TurnFields::join_sealed(Value value) {  // each says where it ends
  if (sealed_.size() + value.text.size() <= limits::ext_bytes) sealed_ += value.text;
  value.text = sealed_;
  take(value);
}

}  // namespace aybiza
