// One JSON value of an event, checked to its last token and written again without spaces: ext, entities, tools, tags.
//
// Shape    On-Demand checks only what is read, so every token is read here. Strings with escapes are unescaped, cleaned
//          of control characters and escaped again; numbers keep their text, of any size.
// Errors   a FragmentError; the output is then to be thrown away.
// Threads  none: the parser's.
// Source   RFC 8259; limits json_depth, json_keys.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "codec/arena.h"

namespace aybiza {

enum class FragmentError : unsigned char { none, syntax, utf8, depth, keys };

struct JsonText {
  Arena& arena;
  std::size_t& keys;  // members seen in this event so far

  // A string value, unescaped and cleaned: a view into the body when nothing had to change.
  FragmentError text(simdjson::ondemand::value& value, std::string_view token, std::string_view& out) const;
  FragmentError key(simdjson::ondemand::field& field, std::string_view& out) const;
  FragmentError write(simdjson::ondemand::value& value, std::size_t depth, std::string& out) const;
};

// The token of a scalar, or the bracket of a container, without the space behind it.
inline std::string_view token_of(simdjson::ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}
bool is_json_number(std::string_view token);
FragmentError fragment_error(simdjson::error_code code);

}  // namespace aybiza
