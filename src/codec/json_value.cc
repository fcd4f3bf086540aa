#include "codec/json_value.h"

#include "base/limits.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

using namespace simdjson;

std::string_view kept(std::string_view text, Arena& arena) {  // the parser's own memory is used again
  const std::string_view clean = clean_text(text, arena);
  return clean.data() == text.data() ? arena.copy(clean) : clean;
}

}  // namespace

std::optional<OtlpValue> JsonValueReader::read(std::string_view json, Arena& arena) {
  values_ = 0;
  dom::element root;
  OtlpValue out;
  if (json.empty() || json.size() > limits::event_bytes || parser_.parse(json.data(), json.size()).get(root) != SUCCESS) return std::nullopt;
  if (!convert(root, 0, arena, out)) return std::nullopt;
  return out;
}

bool JsonValueReader::convert(const dom::element& from, std::size_t depth, Arena& arena, OtlpValue& into) {
  if (depth > limits::otlp_value_depth || ++values_ > limits::otlp_values) return false;
  switch (from.type()) {
    case dom::element_type::ARRAY: {
      const dom::array array = from.get_array().value_unsafe();
      std::size_t count = 0;
      for ([[maybe_unused]] const dom::element item : array) ++count;
      if (count > limits::otlp_values) return false;
      const auto items = arena.array<OtlpValue>(count);
      std::size_t i = 0;
      for (const dom::element item : array)
        if (!convert(item, depth + 1, arena, items[i++])) return false;
      into = OtlpValue::of_array(items);
      return true;
    }
    case dom::element_type::OBJECT: {
      const dom::object object = from.get_object().value_unsafe();
      std::size_t count = 0;
      for ([[maybe_unused]] const auto member : object) ++count;
      if (count > limits::otlp_attributes) return false;
      const auto members = arena.array<OtlpAttribute>(count);
      std::size_t i = 0;
      for (const auto member : object) {
        members[i].key = kept(member.key, arena);
        if (!convert(member.value, depth + 1, arena, members[i++].value)) return false;
      }
      into = OtlpValue::of_map(members);
      return true;
    }
    case dom::element_type::STRING: into = OtlpValue::of_text(kept(from.get_string().value_unsafe(), arena)); return true;
    case dom::element_type::BOOL: into = OtlpValue::of_boolean(from.get_bool().value_unsafe()); return true;
    case dom::element_type::INT64: into = OtlpValue::of_integer(from.get_int64().value_unsafe()); return true;
    case dom::element_type::UINT64: into = OtlpValue::of_real(double(from.get_uint64().value_unsafe())); return true;
    case dom::element_type::DOUBLE: into = OtlpValue::of_real(from.get_double().value_unsafe()); return true;
    default: into = OtlpValue(); return true;
  }
}

}  // namespace aybiza
