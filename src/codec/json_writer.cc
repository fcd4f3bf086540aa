#include "codec/json_writer.h"

#include <charconv>
#include <cmath>

#include "codec/utf8.h"

namespace aybiza {
namespace {

constexpr char hex[] = "0123456789abcdef";

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: out += "\\u00"; out += hex[c >> 4]; out += hex[c & 15];
  }
}

template <typename T>
void append_real(std::string& out, T value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (std::abs(value) < T(1e15) && value == std::trunc(value)) return append_json_integer(out, std::int64_t(value));
  char text[32];
  char* const end = text + sizeof text;
  // The shortest text of 2.456789012345679e19 is digits only, and no reader of 64-bit whole numbers takes those.
  const auto written = std::abs(value) < T(1e15) ? std::to_chars(text, end, value) : std::to_chars(text, end, value, std::chars_format::scientific);
  out.append(text, written.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t run = 0, at = 0;
  const auto flush = [&] { out.append(text, run, at - run); };
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') [[likely]] {
      ++at;
    } else if (c < 0x80) {
      flush();
      append_escape(out, c);
      run = ++at;
    } else if (const std::size_t length = utf8_sequence(text, at); length > 0) {
      at += length;
    } else {
      flush();
      out += "\xEF\xBF\xBD";
      run = ++at;
    }
  }
  flush();
  out += '"';
}

void append_json_number(std::string& out, double value) { append_real(out, value); }
void append_json_number(std::string& out, float value) { append_real(out, value); }

void append_json_integer(std::string& out, std::int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

}  // namespace aybiza
