// Member name to Field, fast: model/field.h's find_field without the walk through the table.
//
// Shape    a perfect-enough hash over length, first and last eight bytes, built once at start; `kind` means two fields.
// Errors   nullopt: a name that events of this type do not carry.
// Cost     about 3 ns; find_field() is the slow rival it is tested against.
// Threads  constant after construction; any.
#pragma once

#include <optional>
#include <string_view>

#include "model/field.h"

namespace aybiza {

std::optional<Field> find_member(EventType type, std::string_view name);
bool is_member_name(std::string_view name);  // of any type

// The fields that events of `type` must carry, as bits by Field.
struct FieldSet {
  std::uint64_t word[2] = {0, 0};
  void add(Field field) { word[unsigned(field) >> 6] |= std::uint64_t(1) << (unsigned(field) & 63); }
  void remove(Field field) { word[unsigned(field) >> 6] &= ~(std::uint64_t(1) << (unsigned(field) & 63)); }
  bool has(Field field) const { return (word[unsigned(field) >> 6] >> (unsigned(field) & 63) & 1) != 0; }
  std::size_t size() const { return std::size_t(__builtin_popcountll(word[0]) + __builtin_popcountll(word[1])); }
};
static_assert(field_count <= 128);
const FieldSet& required_fields(EventType type);

}  // namespace aybiza
