// The last word on every field of a call, for the fields that were ever known.
//
// Shape    one 16-byte slot per known field, sorted; the events that have the last word on something share a small table
//          of orders; texts lie in one string. Merging is commutative and idempotent.
// Cost     about 16 bytes a field, 32 an event that still matters, plus the texts.
// Threads  none: owned by one call.
// Source   decisions.md 6.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assemble/bytes.h"
#include "assemble/order_bytes.h"

namespace aybiza {

class FieldSlots {
 public:
  // A field of our own beside the event's: members we do not know.
  static constexpr std::uint8_t ext = std::uint8_t(Field::count_);

  // True when the value is (now) the last word and differs from what was known.
  bool merge(std::uint8_t field, const Order& order, std::int64_t number, std::string_view text);
  bool merge(const Value& value, const Order& order) {
    return merge(std::uint8_t(value.field), order, value.number, text_of(value));
  }

  Number number(Field field) const;
  std::string_view text(std::uint8_t field) const;
  std::string_view text(Field field) const { return text(std::uint8_t(field)); }
  bool known(Field field) const { return find(std::uint8_t(field)) != nullptr; }
  std::size_t heap_bytes() const;
  void shrink();  // for a call that will hardly change any more

  void write(bytes::Writer& out, OrderPlaces& orders) const;  // canonical: equal contents, equal bytes
  bool read(bytes::Reader& in, OrderPlaces& orders);

 private:
  struct Slot {
    std::int64_t number = 0;  // or where the text begins
    std::uint32_t length = 0; // of the text
    std::uint8_t field = 0;
    bool is_text = false;
    std::uint16_t order = 0;
  };
  static_assert(field_count < 128);
  std::size_t place_of(std::uint8_t field) const;  // how many known fields come before it
  const Slot* find(std::uint8_t field) const;
  std::uint16_t order_index(const Order& order);
  void put(Slot& slot, std::int64_t number, std::string_view text);
  void collect_garbage();

  std::array<std::uint64_t, 2> known_{};  // one bit a field
  std::vector<Slot> slots_;
  std::vector<Order> orders_;
  std::string text_;
  std::uint32_t garbage_ = 0;  // bytes of text_ that no slot means any more
};

}  // namespace aybiza
