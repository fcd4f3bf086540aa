#include "codec/json_fragment.h"

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace aybiza {

namespace od = simdjson::ondemand;

namespace {

std::size_t digits(std::string_view token, std::size_t at) {
  const std::size_t start = at;
  while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
  return at - start;
}

// A bad escape is a broken document, a lone surrogate is a text that UTF-8 cannot hold.
FragmentError escape_error(std::string_view token) {
  for (std::size_t at = token.find("\\u"); at != std::string_view::npos; at = token.find("\\u", at + 2))
    if (at + 3 < token.size() && (token[at + 2] == 'd' || token[at + 2] == 'D') && token[at + 3] >= '8')
      return FragmentError::utf8;
  return FragmentError::syntax;
}

}  // namespace

FragmentError fragment_error(simdjson::error_code code) {
  return code == simdjson::UTF8_ERROR ? FragmentError::utf8 : FragmentError::syntax;
}

bool is_json_number(std::string_view token) {
  std::size_t at = !token.empty() && token[0] == '-' ? 1 : 0;
  const std::size_t whole = digits(token, at);
  if (whole == 0 || (whole > 1 && token[at] == '0')) return false;
  at += whole;
  if (at < token.size() && token[at] == '.') {
    const std::size_t fraction = digits(token, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    const std::size_t exponent = digits(token, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == token.size();
}

FragmentError JsonText::text(od::value& value, std::string_view token, std::string_view& out) const {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return FragmentError::syntax;
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (!needs_cleaning(inner)) [[likely]] {
    out = inner;
    return FragmentError::none;  // not consumed: the iterator skips a scalar by itself
  }
  std::string_view unescaped;
  if (value.get_string().get(unescaped) != simdjson::SUCCESS) return escape_error(token);
  out = clean_text(unescaped, arena);
  if (out.data() == unescaped.data()) out = arena.copy(out);  // the parser's own buffer is overwritten
  return FragmentError::none;
}

FragmentError JsonText::key(od::field& field, std::string_view& out) const {
  if (++keys > limits::json_keys) return FragmentError::keys;
  const char* const start = field.key().raw();
  const char* end = start;
  bool plain = true;
  for (; *end != '"' && *end != '\\'; ++end)  // stage 1 saw the closing quote
    plain = plain && *end != '\x7F' && *end != '\xC2';
  out = {start, std::size_t(end - start)};
  if (*end == '"' && plain) [[likely]] return FragmentError::none;
  std::string_view unescaped;
  if (field.unescaped_key().get(unescaped) != simdjson::SUCCESS) return FragmentError::syntax;
  out = arena.copy(clean_text(unescaped, arena));
  return FragmentError::none;
}

FragmentError JsonText::write(od::value& value, std::size_t depth, std::string& out) const {
  if (depth > limits::json_depth) return FragmentError::depth;
  od::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return FragmentError::syntax;
  switch (type) {
    case od::json_type::string: {
      std::string_view content;
      if (const auto error = text(value, token_of(value), content); error != FragmentError::none) return error;
      append_json_string(out, content);
      return FragmentError::none;
    }
    case od::json_type::object: {
      od::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return FragmentError::syntax;
      out += '{';
      bool first = true;
      for (auto member : object) {
        od::field field;
        if (const auto error = std::move(member).get(field); error != simdjson::SUCCESS) return fragment_error(error);
        std::string_view name;
        if (const auto error = key(field, name); error != FragmentError::none) return error;
        if (!first) out += ',';
        first = false;
        append_json_string(out, name);
        out += ':';
        od::value inner = field.value();
        if (const auto error = write(inner, depth + 1, out); error != FragmentError::none) return error;
      }
      out += '}';
      return FragmentError::none;
    }
    case od::json_type::array: {
      od::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return FragmentError::syntax;
      out += '[';
      bool first = true;
      for (auto element : array) {
        od::value inner;
        if (const auto error = std::move(element).get(inner); error != simdjson::SUCCESS) return fragment_error(error);
        if (!first) out += ',';
        first = false;
        if (const auto error = write(inner, depth + 1, out); error != FragmentError::none) return error;
      }
      out += ']';
      return FragmentError::none;
    }
    default: {
      const std::string_view token = token_of(value);
      if (token != "true" && token != "false" && token != "null" && !is_json_number(token)) return FragmentError::syntax;
      out += token;
      return FragmentError::none;
    }
  }
}

}  // namespace aybiza
