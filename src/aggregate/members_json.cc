#include "aggregate/members_json.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "assemble/order.h"

namespace aybiza {
namespace {

void append_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (static_cast<unsigned char>(c) < 0x20) fmt::format_to(std::back_inserter(out), "\\u{:04x}", unsigned(c));
    else out.push_back(c);
  }
  out.push_back('"');
}

void append_vector(std::string& out, std::string_view raw) {
  out.push_back('[');
  for (std::size_t at = 0; at + 4 <= raw.size(); at += 4) {
    float number = 0;
    std::memcpy(&number, raw.data() + at, 4);
    if (at > 0) out.push_back(',');
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
  out.push_back(']');
}

void append_value(std::string& out, const Value& value) {
  switch (info(value.field).kind) {
    case Kind::json: out.append(value.text.empty() ? "null" : value.text); return;
    case Kind::vector: return append_vector(out, value.text);
    case Kind::flag: out.append(value.number != 0 ? "true" : "false"); return;
    case Kind::count: fmt::format_to(std::back_inserter(out), "{}", value.number); return;
    case Kind::time:
      out.push_back('"');
      append_rfc3339(out, from_micros(value.number));
      out.push_back('"');
      return;
    case Kind::millis: case Kind::seconds: case Kind::score: case Kind::money: case Kind::real:
      fmt::format_to(std::back_inserter(out), "{}", to_wire(value.field, value.number));
      return;
    default: return append_text(out, text_of(value));
  }
}

}  // namespace

std::string members_json(const Event& event) {
  std::string out = "{";
  for (const Value& value : event.values) {
    if (out.size() > 1) out.push_back(',');
    append_text(out, name_of(value.field));
    out.push_back(':');
    if (const auto part = value.field == Field::joined_call ? joined_call(event) : std::nullopt) append_text(out, to_string(*part));
    else append_value(out, value);
  }
  // ext is one JSON object: its members join ours.
  if (event.ext.size() > 2 && event.ext.front() == '{' && event.ext.back() == '}') {
    if (out.size() > 1) out.push_back(',');
    out.append(event.ext.substr(1, event.ext.size() - 2));
  }
  return out += '}';
}

}  // namespace aybiza
