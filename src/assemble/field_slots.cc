#include "assemble/field_slots.h"

#include <algorithm>
#include <bit>

namespace aybiza {
namespace {

bool carries_text(std::uint8_t field) {
  if (field >= FieldSlots::ext) return true;
  const Kind kind = info(Field(field)).kind;
  return !is_number(kind);
}

}  // namespace

const FieldSlots::Slot* FieldSlots::find(std::uint8_t field) const {
  return (known_[field / 64] >> (field % 64) & 1) != 0 ? &slots_[place_of(field)] : nullptr;
}

std::size_t FieldSlots::place_of(std::uint8_t field) const {
  const std::uint64_t below = (std::uint64_t(1) << (field % 64)) - 1;
  if (field < 64) return std::size_t(std::popcount(known_[0] & below));
  return std::size_t(std::popcount(known_[0]) + std::popcount(known_[1] & below));
}

Number FieldSlots::number(Field field) const {
  const Slot* slot = find(std::uint8_t(field));
  return slot && !slot->is_text ? Number(slot->number) : Number{};
}

std::string_view FieldSlots::text(std::uint8_t field) const {
  const Slot* slot = find(field);
  return slot && slot->is_text ? std::string_view(text_).substr(std::size_t(slot->number), slot->length) : std::string_view{};
}

std::uint16_t FieldSlots::order_index(const Order& order) {
  for (std::size_t i = orders_.size(); i-- > 0;)
    if (orders_[i] == order) return std::uint16_t(i);
  if (orders_.size() >= 2 * slots_.size() + 4) collect_garbage();  // at most one order per slot is alive
  orders_.push_back(order);
  return std::uint16_t(orders_.size() - 1);
}

void FieldSlots::collect_garbage() {
  std::vector<Order> orders;
  std::string texts;
  for (Slot& slot : slots_) {
    const auto at = std::find(orders.begin(), orders.end(), orders_[slot.order]);
    const auto index = std::uint16_t(at - orders.begin());
    if (at == orders.end()) orders.push_back(orders_[slot.order]);
    slot.order = index;
    if (slot.is_text) {
      const std::string_view old = std::string_view(text_).substr(std::size_t(slot.number), slot.length);
      slot.number = std::int64_t(texts.size());
      texts.append(old);
    }
  }
  orders_ = std::move(orders);
  text_ = std::move(texts);
  garbage_ = 0;
}

void FieldSlots::put(Slot& slot, std::int64_t number, std::string_view text) {
  slot.is_text = carries_text(slot.field);
  if (!slot.is_text) {
    slot.number = number;
    return;
  }
  slot.number = std::int64_t(text_.size());
  slot.length = std::uint32_t(text.size());
  text_.append(text);
}

bool FieldSlots::merge(std::uint8_t field, const Order& order, std::int64_t number, std::string_view text) {
  const auto at = slots_.begin() + std::ptrdiff_t(place_of(field));
  if (at == slots_.end() || at->field != field) {
    Slot slot{.field = field};
    slot.order = order_index(order);  // may rewrite slots and texts in place, so before put()
    put(slot, number, text);
    slots_.insert(at, slot);
    known_[field / 64] |= std::uint64_t(1) << (field % 64);
    return true;
  }
  if (order <= orders_[at->order]) return false;
  const bool same = at->is_text ? std::string_view(text_).substr(std::size_t(at->number), at->length) == text
                                : at->number == number;
  at->order = order_index(order);
  if (same) return false;
  if (at->is_text) garbage_ += at->length;
  put(*at, number, text);
  if (garbage_ > 512 && garbage_ > text_.size() / 2) collect_garbage();
  return true;
}

std::size_t FieldSlots::heap_bytes() const {
  return slots_.capacity() * sizeof(Slot) + orders_.capacity() * sizeof(Order) + (text_.capacity() > 15 ? text_.capacity() + 1 : 0);
}

void FieldSlots::shrink() {
  collect_garbage();
  slots_.shrink_to_fit();
  orders_.shrink_to_fit();
  text_.shrink_to_fit();
}

void FieldSlots::write(bytes::Writer& out, OrderPlaces& orders) const {
  out.count(slots_.size());
  for (const Slot& slot : slots_) {
    out.byte(slot.field);
    orders.write(out, orders_[slot.order]);
    if (slot.is_text) out.text(std::string_view(text_).substr(std::size_t(slot.number), slot.length));
    else out.number(slot.number);
  }
}

bool FieldSlots::read(bytes::Reader& in, OrderPlaces& orders) {
  *this = {};
  int before = -1;
  for (std::size_t left = in.length(3); left > 0 && !in.bad(); --left) {
    const std::uint8_t field = in.byte();
    const Order order = orders.read(in);
    if (field > ext || field <= before) return false;
    before = field;
    if (carries_text(field)) merge(field, order, 0, in.text());
    else merge(field, order, in.value(), {});
  }
  return !in.bad();
}

}  // namespace aybiza
