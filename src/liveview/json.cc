#include "liveview/json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty() ? std::optional(number) : std::nullopt;
}

// False when an object has too many keys.
bool copy(const simdjson::dom::element& from, Json& to) {
  using simdjson::dom::element_type;
  switch (from.type()) {
    case element_type::ARRAY: {
      Json::Array items;
      for (const auto item : simdjson::dom::array(from)) {
        if (!copy(item, items.emplace_back())) return false;
      }
      to = Json(Json::Value(std::move(items)));
      return true;
    }
    case element_type::OBJECT: {
      Json::Object fields;
      for (const auto field : simdjson::dom::object(from)) {
        if (fields.size() == limits::liveview_json_keys) return false;
        auto& [key, value] = fields.emplace_back(std::string(field.key), Json());
        if (!copy(field.value, value)) return false;
      }
      to = Json(Json::Value(std::move(fields)));
      return true;
    }
    case element_type::INT64: to = Json(Json::Value(std::int64_t(from))); return true;
    case element_type::UINT64: to = Json(Json::Value(double(std::uint64_t(from)))); return true;
    case element_type::DOUBLE: to = Json(Json::Value(double(from))); return true;
    case element_type::STRING: to = Json(Json::Value(std::string(std::string_view(from)))); return true;
    case element_type::BOOL: to = Json(Json::Value(bool(from))); return true;
    case element_type::NULL_VALUE: to = Json(); return true;
  }
  return false;
}

}  // namespace

std::string_view Json::text() const {
  const auto* held = std::get_if<std::string>(&value_);
  return held ? std::string_view(*held) : std::string_view();
}

std::optional<std::int64_t> Json::integer() const {
  if (const auto* held = std::get_if<std::int64_t>(&value_)) return *held;
  return whole_number<std::int64_t>(text());
}

std::optional<double> Json::number() const {
  if (const auto* held = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*held);
  if (const auto* held = std::get_if<double>(&value_)) return *held;
  return whole_number<double>(text());
}

std::optional<bool> Json::boolean() const {
  const auto* held = std::get_if<bool>(&value_);
  return held ? std::optional(*held) : std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const Object* fields = object();
  if (fields == nullptr) return nullptr;
  const auto at = std::ranges::find(*fields, key, [](const auto& field) -> std::string_view { return field.first; });
  return at == fields->end() ? nullptr : &at->second;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json null;
  const Json* found = find(key);
  return found ? *found : null;
}

Result<Json> parse_json(std::string_view text) {
  try {
    simdjson::dom::parser parser;
    if (parser.allocate(text.size() + 1, limits::json_depth) != simdjson::SUCCESS) {
      return fail(Code::too_large, "no memory to parse {} bytes of JSON", text.size());
    }
    const simdjson::padded_string padded(text);
    simdjson::dom::element root;
    if (const auto error = parser.parse(padded).get(root); error != simdjson::SUCCESS) {
      return fail(Code::invalid, "{}", simdjson::error_message(error));
    }
    Json out;
    if (!copy(root, out)) return fail(Code::too_large, "more than {} keys in an object", limits::liveview_json_keys);
    return out;
  } catch (const simdjson::simdjson_error& error) {
    return fail(Code::invalid, "{}", error.what());
  }
}

void append_json(std::string& out, const Json& value) {
  JsonWriter writer;
  const auto write = [&writer](const auto& self, const Json& node) -> void {
    if (const auto* items = node.array()) {
      writer.begin_array();
      for (const Json& item : *items) self(self, item);
      writer.end_array();
    } else if (const auto* fields = node.object()) {
      writer.begin_object();
      for (const auto& [key, held] : *fields) self(self, (writer.key(key), held));
      writer.end_object();
    } else if (const auto* text = std::get_if<std::string>(&node.value())) {
      writer.text(*text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&node.value())) {
      writer.integer(*integer);
    } else if (const auto* number = std::get_if<double>(&node.value())) {
      writer.number(*number);
    } else if (const auto* truth = std::get_if<bool>(&node.value())) {
      writer.boolean(*truth);
    } else {
      writer.null();
    }
  };
  write(write, value);
  out += writer.str();
}

std::string to_json(const Json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

void JsonWriter::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}
JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}
JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  return *this;
}
JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_json_string(out_, value);
  return *this;
}
JsonWriter& JsonWriter::integer(std::int64_t value) { return json(fmt::to_string(value)); }
JsonWriter& JsonWriter::number(double value) {
  return std::isfinite(value) ? json(fmt::to_string(value)) : null();
}
JsonWriter& JsonWriter::boolean(bool value) { return json(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return json("null"); }
JsonWriter& JsonWriter::json(std::string_view already_json) {
  separate();
  out_ += already_json;
  return *this;
}

}  // namespace aybiza::liveview
