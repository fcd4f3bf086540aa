// JSON in and out: a small value for what clients send, a writer for what the server says.
//
// Shape    Json is null, bool, int64, double, text, array or object; objects keep their order and the first of equal
//          keys wins. JsonWriter puts the commas.
// Errors   parse_json refuses invalid JSON and UTF-8, depth above json_depth, objects above liveview_json_keys.
//          Reading with the wrong type yields nullopt or "", never a throw: the value was written by a stranger.
// Cost     parse: simdjson, then one copy. The writer only appends.
// Threads  values; none.
// Source   RFC 8259.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace aybiza::liveview {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  Json() = default;
  Json(Value value) : value_(std::move(value)) {}  // NOLINT: a Json is its value

  const Value& value() const { return value_; }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }
  std::string_view text() const;                // "" unless text
  bool is_text() const { return std::holds_alternative<std::string>(value_); }
  std::optional<std::int64_t> integer() const;  // also of text that is all of a number: phx-value-* are texts
  std::optional<double> number() const;         // likewise
  std::optional<bool> boolean() const;

  const Json* find(std::string_view key) const;       // nullptr when absent or not an object
  const Json& operator[](std::string_view key) const;  // null when absent

  friend bool operator==(const Json&, const Json&) = default;

 private:
  Value value_ = nullptr;
};

Result<Json> parse_json(std::string_view text);
void append_json(std::string& out, const Json& value);
std::string to_json(const Json& value);

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& number(double value);  // null for NaN and infinities: unknown is never zero
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& json(std::string_view already_json);
  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  const std::string& str() const& { return out_; }
  std::string str() && { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  std::string out_;
};

}  // namespace aybiza::liveview
