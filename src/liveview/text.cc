#include "liveview/text.h"

#include <simdjson.h>

namespace aybiza::liveview {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool continuation(unsigned char byte) { return (byte & 0xC0u) == 0x80u; }

// Length of the well-formed UTF-8 character at text[0], 0 when there is none (Unicode 15, table 3-7).
std::size_t character_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const unsigned second = at(1);
  if (lead >= 0xC2 && lead <= 0xDF) return (second & 0xC0u) == 0x80u ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return second >= low && second <= high && continuation(static_cast<unsigned char>(at(2))) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high && continuation(static_cast<unsigned char>(at(2))) &&
                   continuation(static_cast<unsigned char>(at(3)))
               ? 4
               : 0;
  }
  return 0;
}

bool clean(std::string_view text) { return text.find('\0') == text.npos && valid_utf8(text); }

std::string_view html_entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return "&#39;";
  }
}

void append_json_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += hex[byte >> 4];
  out += hex[byte & 15u];
}

}  // namespace

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string sanitized(std::string_view text) {
  if (clean(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    const std::size_t length = text[0] == '\0' ? 0 : character_length(text);
    out += length == 0 ? replacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void append_html_escaped(std::string& out, std::string_view text) {
  if (!clean(text)) return append_html_escaped(out, sanitized(text));
  for (;;) {
    const std::size_t special = text.find_first_of("&<>\"'");
    out += text.substr(0, special);
    if (special == text.npos) return;
    out += html_entity(text[special]);
    text.remove_prefix(special + 1);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  if (!valid_utf8(text)) return append_json_string(out, sanitized(text));
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(from, i - from);
    append_json_escape(out, c);
    from = i + 1;
  }
  out += text.substr(from);
  out += '"';
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15u];
    }
  }
  return out;
}

}  // namespace aybiza::liveview
