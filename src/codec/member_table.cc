#include "codec/member_table.h"

#include <array>
#include <cstring>
#include <vector>

#include "base/check.h"

namespace aybiza {
namespace {

constexpr std::size_t slot_count = 512;  // five times the names: one probe almost always
constexpr Field none = Field::count_;

struct Slot {
  std::string_view name;
  Field field = none, other = none;  // `kind` has two meanings, by event type
};

std::size_t slot_of(std::string_view name) {
  std::uint64_t first = 0, last = 0;
  const std::size_t size = name.size();
  if (size >= 8) {
    std::memcpy(&first, name.data(), 8);
    std::memcpy(&last, name.data() + size - 8, 8);
  } else if (size >= 4) {
    std::uint32_t a, b;
    std::memcpy(&a, name.data(), 4);
    std::memcpy(&b, name.data() + size - 4, 4);
    first = a, last = b;
  } else {
    for (const char c : name) first = first << 8 | static_cast<unsigned char>(c);
  }
  const std::uint64_t mixed = (first ^ (last * 0x9E37'79B9'7F4A'7C15u) ^ size) * 0xC2B2'AE3D'27D4'EB4Fu;
  return std::size_t(mixed >> 55);
}
static_assert(slot_count == std::size_t(1) << (64 - 55));

struct Table {
  std::array<Slot, slot_count> slots;
  std::array<FieldSet, event_type_count> required;

  Table() {
    for (const FieldInfo& field : fields()) {
      insert(field);
      for (std::size_t type = 0; type < event_type_count; ++type)
        if ((field.required & mask_of(EventType(type))) != 0) required[type].add(field.field);
    }
  }
  void insert(const FieldInfo& field) {
    std::size_t at = slot_of(field.name);
    while (slots[at].field != none && slots[at].name != field.name) at = (at + 1) % slot_count;
    if (slots[at].field == none) {
      slots[at] = {field.name, field.field, none};
    } else {
      CHECK(slots[at].other == none);
      slots[at].other = field.field;
    }
  }
};

const Table& table() {
  static const Table instance;
  return instance;
}

}  // namespace

std::optional<Field> find_member(EventType type, std::string_view name) {
  const auto& slots = table().slots;
  const auto all = fields();
  for (std::size_t at = slot_of(name); slots[at].field != none; at = (at + 1) % slot_count) {
    const Slot& slot = slots[at];
    if (slot.name != name) continue;
    if ((all[std::size_t(slot.field)].types & mask_of(type)) != 0) return slot.field;
    if (slot.other != none && (all[std::size_t(slot.other)].types & mask_of(type)) != 0) return slot.other;
    return std::nullopt;
  }
  return std::nullopt;
}

bool is_member_name(std::string_view name) {
  const auto& slots = table().slots;
  for (std::size_t at = slot_of(name); slots[at].field != none; at = (at + 1) % slot_count)
    if (slots[at].name == name) return true;
  return false;
}

const FieldSet& required_fields(EventType type) { return table().required[std::size_t(type)]; }

}  // namespace aybiza
