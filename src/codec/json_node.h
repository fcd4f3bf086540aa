// A member of a JSON tree that others wrote: absent, null and of another kind are all "not there".
//
// Shape    a handle into simdjson's tree; valid until the parser that made it parses again. A repeated key: the first.
// Errors   none; every accessor answers empty or nullopt for what is not there.
// Cost     a member is found by a walk over its object.
// Threads  values; the parser's.
#pragma once

#include <simdjson.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "codec/arena.h"

namespace aybiza {

class JsonNode {
 public:
  JsonNode() = default;
  explicit JsonNode(simdjson::dom::element element) : element_(element), there_(!element.is_null()) {}

  explicit operator bool() const { return there_; }
  bool is_object() const { return there_ && element_.is_object(); }
  bool is_array() const { return there_ && element_.is_array(); }
  bool is_scalar() const { return there_ && !is_object() && !is_array(); }

  JsonNode operator[](std::string_view key) const {
    simdjson::dom::element found;
    if (!is_object() || element_.at_key(key).get(found) != simdjson::SUCCESS) return {};
    return JsonNode(found);
  }
  std::string_view text() const {
    std::string_view out;
    return there_ && element_.get_string().get(out) == simdjson::SUCCESS ? out : std::string_view{};
  }
  std::optional<bool> flag() const {
    bool out = false;
    if (there_ && element_.get_bool().get(out) == simdjson::SUCCESS) return out;
    return std::nullopt;
  }
  std::optional<double> number() const {
    double out = 0;
    if (there_ && element_.get_double().get(out) == simdjson::SUCCESS && std::isfinite(out)) return out;
    return std::nullopt;
  }
  std::optional<double> number_or_text() const;  // "63" is 63: forms and protobuf's JSON write numbers so
  std::size_t size() const;                      // of an array

  // visit(JsonNode) for each item of an array; nothing otherwise.
  template <typename Visit>
  void items(Visit&& visit) const {
    simdjson::dom::array array;
    if (!there_ || element_.get_array().get(array) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element item : array) visit(JsonNode(item));
  }
  // visit(key, JsonNode) for each member of an object.
  template <typename Visit>
  void members(Visit&& visit) const {
    simdjson::dom::object object;
    if (!there_ || element_.get_object().get(object) != simdjson::SUCCESS) return;
    for (const simdjson::dom::key_value_pair member : object) visit(member.key, JsonNode(member.value));
  }

  // The value as JSON, cleaned of control characters.
  void append_json(std::string& out, Arena& arena) const;

 private:
  simdjson::dom::element element_;
  bool there_ = false;
};

std::optional<double> parse_number(std::string_view text);  // the whole text, finite

}  // namespace aybiza
