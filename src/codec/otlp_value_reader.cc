#include "codec/otlp_value_reader.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

constexpr std::uint64_t ones = 0x0101'0101'0101'0101u, highs = ones * 0x80;

// Whether a byte is above 0x7E or below a space; exact in what it lets through, for it reads `word` as a whole.
constexpr std::uint64_t special(std::uint64_t word) {
  const std::uint64_t deletes = word ^ (ones * 0x7F);
  return (word | ((word - ones * 0x20) & ~word) | ((deletes - ones) & ~deletes)) & highs;
}

bool is_plain(std::string_view text) {
  const auto look = [](const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    return special(word);
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() < 8) {
    for (; at != end; ++at)
      if (*at < ' ' || *at == '\x7F') return false;  // char is signed here: above 0x7F is below zero
    return true;
  }
  std::uint64_t found = 0;
  for (; end - at > 8; at += 8) found |= look(at);
  return (found | look(end - 8)) == 0;
}
static_assert(char(0x80) < 0, "is_plain relies on a signed char");

std::string_view repaired(std::string_view text, Arena& arena) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (std::size_t at = 0; at < text.size();) {
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    const std::size_t length = ascii ? 1 : utf8_sequence(text, at);
    out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return arena.copy(out);
}

// Whether arrays and maps within `value` go `levels` deeper; of each field it looks at the head alone.
bool reaches(protobuf::Reader value, std::size_t levels) {
  if (levels == 0) return true;
  while (value.next()) {
    const bool array = value.tag_and_type() == protobuf::bytes(5);
    if (!array && value.tag_and_type() != protobuf::bytes(6)) {
      value.skip();
      continue;
    }
    protobuf::Reader list = value.get_message();
    while (list.next()) {
      if (list.tag_and_type() != protobuf::bytes(1)) {
        list.skip();
        continue;
      }
      protobuf::Reader inner = list.get_message();
      if (!array && !inner.next(2, protozero::pbf_wire_type::length_delimited)) continue;  // a member without a value
      if (reaches(array ? inner : inner.get_message(), levels - 1)) return true;
    }
  }
  return false;
}

[[noreturn]] void refuse_depth(protobuf::Reader value) {
  if (reaches(value, limits::otlp_value_depth))
    throw OtlpWholeRefusal{Code::invalid, "arrays and maps are nested more than twice as deep as an item may have them (otlp_value_depth); the request was refused whole"};
  throw OtlpRefusal{"arrays and maps are nested too deep (otlp_value_depth)"};
}

}  // namespace

std::string_view otlp_text(std::string_view text, Arena& arena) {
  if (is_plain(text)) [[likely]] return text;
  return clean_text(is_utf8(text) ? text : repaired(text, arena), arena);
}

void OtlpValueReader::count() {
  if (++count_ > limits::otlp_values) throw OtlpRefusal{"more values than an item may hold (otlp_values)"};
}

OtlpValue OtlpValueReader::value(protobuf::Reader message, std::size_t depth) {
  if (depth > limits::otlp_value_depth) refuse_depth(message);
  count();
  OtlpValue out;
  while (message.next()) {  // a oneof: the last on the wire counts
    switch (message.tag_and_type()) {
      case protobuf::bytes(1): out = OtlpValue::of_text(text(message.get_view())); break;
      case protobuf::varint(2): out = OtlpValue::of_boolean(message.get_bool()); break;
      case protobuf::varint(3): out = OtlpValue::of_integer(message.get_int64()); break;
      case protobuf::fixed64(4): out = OtlpValue::of_real(message.get_double()); break;
      case protobuf::bytes(5): out = array(message.get_message(), depth + 1); break;
      case protobuf::bytes(6): out = map(message.get_message(), depth + 1); break;
      case protobuf::bytes(7): out = OtlpValue::of_bytes(message.get_view()); break;
      default: message.skip();
    }
  }
  return out;
}

OtlpValue OtlpValueReader::array(protobuf::Reader message, std::size_t depth) {
  const std::size_t first = values_.size();
  while (message.next()) {
    if (message.tag_and_type() != protobuf::bytes(1)) {
      message.skip();
      continue;
    }
    const OtlpValue item = value(message.get_message(), depth);
    values_.push_back(item);
  }
  const auto items = arena_->array<OtlpValue>(values_.size() - first);
  std::copy(values_.begin() + std::ptrdiff_t(first), values_.end(), items.begin());
  values_.resize(first);
  return OtlpValue::of_array(items);
}

OtlpValue OtlpValueReader::map(protobuf::Reader message, std::size_t depth) {
  const std::size_t list = open();
  while (message.next()) {
    if (message.tag_and_type() == protobuf::bytes(1)) add(list, message.get_message(), depth);
    else message.skip();
  }
  return OtlpValue::of_map(close(list));
}

void OtlpValueReader::add(std::size_t list, protobuf::Reader key_value, std::size_t depth) {
  if (attributes_.size() - list >= limits::otlp_attributes) throw OtlpRefusal{"too many attributes (otlp_attributes)"};
  OtlpAttribute out;
  while (key_value.next()) {
    switch (key_value.tag_and_type()) {
      case protobuf::bytes(1): out.key = text(key_value.get_view()); break;
      case protobuf::bytes(2): out.value = value(key_value.get_message(), depth); break;
      default: key_value.skip();
    }
  }
  count();
  attributes_.push_back(out);
}

OtlpAttributes OtlpValueReader::close(std::size_t list) {
  const auto out = arena_->array<OtlpAttribute>(attributes_.size() - list);
  std::copy(attributes_.begin() + std::ptrdiff_t(list), attributes_.end(), out.begin());
  attributes_.resize(list);
  return out;
}

}  // namespace aybiza
