// The fields of one turn while its row is read: the last word of each, or, of parts, what they add up to.
//
// Shape    take() overwrites, take_part() joins: texts in order, tools and entities one list, the turn as long as all of its
//          parts; the first part's LLM and TTS latency count and the last one's STT latency, one interruption interrupts.
//          Parts with Field::text_order tell one text in several ways: of_text() says which fields the greatest of them has alone.
// Errors   joined texts end at limits::text_content_bytes, lists and sealed texts at limits::ext_bytes.
// Threads  none: lives within one read of a TurnState.
// Source   ingest-formats.md 3.3.
#pragma once

#include <array>
#include <string>

#include "model/event.h"
#include "model/rows.h"

namespace aybiza {

class TurnFields {
 public:
  static constexpr Field ext = Field::count_;  // the unknown members, as if they were one more field

  TurnFields() = default;
  TurnFields(const TurnFields&) = delete;  // it views itself: fill one in place
  TurnFields& operator=(const TurnFields&) = delete;

  void take(const Value& value) {
    at_[std::size_t(value.field)] = value;
    has_[std::size_t(value.field)] = true;
  }
  void take_part(const Value& value);
  static bool of_text(Field field) {
    return field == Field::text_content || field == Field::text_facts || field == Field::text_sealed || field == Field::entities;
  }

  Number number(Field f) const { return has_[std::size_t(f)] ? Number(at_[std::size_t(f)].number) : Number{}; }
  std::string_view text(Field f) const { return at_[std::size_t(f)].text; }

  Instant spoken = Instant::max(), first = Instant::max();  // the earliest part with a text, the earliest of all
  bool parts = false;

 private:
  void join_text(Value value);
  void join_list(Value value, std::string& joined);
  void join_facts(Value value);
  void join_sealed(Value value);

  std::array<Value, field_count + 1> at_{};
  std::array<bool, field_count + 1> has_{};
  std::string text_, tools_, entities_, facts_, sealed_;  // of parts; `at_` views them
};

}  // namespace aybiza
