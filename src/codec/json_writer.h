// Writes JSON: every answer of the program, and an event in the shape of its contract.
//
// Shape    calls in document order append to a string that the caller owns; commas are placed here.
// Units    integers exactly; doubles as the shortest text that reads back the same; not finite is null.
// Errors   none: bytes that are not UTF-8 become U+FFFD, so what comes out is always JSON. Balanced begin/end and a
//          key before each member are the caller's.
// Cost     one pass; strings are copied in runs between characters that need an escape.
// Threads  none: owned by one answer.
// Source   RFC 8259.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aybiza {

void append_json_string(std::string& out, std::string_view text);  // with its quotes
void append_json_number(std::string& out, double value);           // null when not finite
void append_json_number(std::string& out, float value);            // shortest for a float: 0.1f is 0.1
void append_json_integer(std::string& out, std::int64_t value);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
  }
  JsonWriter& string(std::string_view text) { return before(), append_json_string(out_, text), after(); }
  JsonWriter& number(double value) { return before(), append_json_number(out_, value), after(); }
  template <std::signed_integral T>
  JsonWriter& integer(T value) { return before(), append_json_integer(out_, value), after(); }
  template <std::unsigned_integral T>
  JsonWriter& integer(T value) { return before(), out_ += std::to_string(value), after(); }
  JsonWriter& boolean(bool value) { return before(), out_ += value ? "true" : "false", after(); }
  JsonWriter& null() { return before(), out_ += "null", after(); }
  JsonWriter& number_or_null(std::optional<double> value) { return value ? number(*value) : null(); }
  JsonWriter& string_or_null(std::string_view text) { return text.empty() ? null() : string(text); }
  JsonWriter& raw(std::string_view json) { return before(), out_ += json, after(); }  // REQUIRES: one JSON value

  // Members in one call: the commonest shape of an answer.
  JsonWriter& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& member(std::string_view name, const char* text) { return key(name).string(text); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(std::string_view name, double value) { return key(name).number(value); }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& member(std::string_view name, T value) { return key(name).integer(value); }

 private:
  void separate() { if (comma_) out_ += ','; }
  void before() { separate(); }
  JsonWriter& after() { return comma_ = true, *this; }
  JsonWriter& open(char bracket) { return separate(), out_ += bracket, comma_ = false, *this; }
  JsonWriter& close(char bracket) { return out_ += bracket, after(); }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace aybiza
