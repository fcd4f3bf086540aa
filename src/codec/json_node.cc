#include "codec/json_node.h"

#include <charconv>

#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace aybiza {

std::optional<double> parse_number(std::string_view text) {
  double out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

std::optional<double> JsonNode::number_or_text() const {
  if (const auto value = number()) return value;
  return parse_number(text());
}

std::size_t JsonNode::size() const {
  simdjson::dom::array array;
  if (!there_ || element_.get_array().get(array) != simdjson::SUCCESS) return 0;
  return array.size();
}

void JsonNode::append_json(std::string& out, Arena& arena) const {
  if (!there_) {
    out += "null";
  } else if (is_array()) {
    out += '[';
    bool first = true;
    items([&](const JsonNode& item) {
      if (!first) out += ',';
      first = false;
      item.append_json(out, arena);
    });
    out += ']';
  } else if (is_object()) {
    out += '{';
    bool first = true;
    members([&](std::string_view key, const JsonNode& member) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, clean_text(key, arena));
      out += ':';
      member.append_json(out, arena);
    });
    out += '}';
  } else if (element_.is_string()) {
    append_json_string(out, clean_text(text(), arena));
  } else {
    out += simdjson::minify(element_);
  }
}

}  // namespace aybiza
