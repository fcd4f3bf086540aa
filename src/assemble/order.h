// Which of two events has the last word on a field: the greater rank, then the later time, then the greater id.
//
// Threads  values; none.
// Source   decisions.md 6.
#pragma once

#include <compare>

#include "model/event.h"

namespace aybiza {

struct Order {
  Rank rank{};
  Instant time{};
  Id id{};
  friend auto operator<=>(const Order&, const Order&) = default;
};

inline Order order_of(const Event& event) { return {event.rank, event.time, event.id}; }

// The text of a value: a label as sent, an enumeration's word. Empty for plain numbers.
inline std::string_view text_of(const Value& value) {
  const FieldInfo& about = info(value.field);
  if (about.kind != Kind::word) return value.text;
  return value.number >= 0 && std::size_t(value.number) < about.words.size() ? about.words[std::size_t(value.number)]
                                                                              : std::string_view{};
}

}  // namespace aybiza
