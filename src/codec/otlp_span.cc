#include "codec/otlp_span.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codec/json_writer.h"
#include "codec/otlp_batch.h"

namespace aybiza {
namespace {

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&](std::size_t i) { return i < bytes.size() ? std::uint32_t(static_cast<unsigned char>(bytes[i])) : 0u; };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += digits[group >> 18];
    out += digits[group >> 12 & 63];
    out += i + 1 < bytes.size() ? digits[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? digits[group & 63] : '=';
  }
}

}  // namespace

const OtlpValue* find_attribute(OtlpAttributes attributes, std::string_view key) {
  for (std::size_t i = attributes.size(); i-- > 0;)
    if (attributes[i].key == key) return &attributes[i].value;
  return nullptr;
}

// Depth is bounded by limits::otlp_value_depth: deeper values were refused when they were read.
void append_otlp_json(std::string& out, const OtlpValue& value) {
  using Kind = OtlpValue::Kind;
  switch (value.kind()) {
    case Kind::empty: out += "null"; return;
    case Kind::text: append_json_string(out, value.text()); return;
    case Kind::boolean: out += *value.boolean() ? "true" : "false"; return;
    case Kind::integer: append_json_integer(out, *value.integer()); return;
    case Kind::real: append_json_number(out, *value.number()); return;
    case Kind::bytes:
      out += '"';
      append_base64(out, value.bytes());
      out += '"';
      return;
    case Kind::map: append_otlp_json(out, value.members()); return;
    case Kind::array: break;
  }
  out += '[';
  for (bool first = true; const OtlpValue& item : value.items()) {
    if (!std::exchange(first, false)) out += ',';
    append_otlp_json(out, item);
  }
  out += ']';
}

void append_otlp_json(std::string& out, OtlpAttributes attributes) {
  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const auto same = [&](const OtlpAttribute& other) { return other.key == attributes[i].key; };
    if (std::ranges::any_of(attributes.subspan(i + 1), same)) continue;  // a later one counts
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, attributes[i].key);
    out += ':';
    append_otlp_json(out, attributes[i].value);
  }
  out += '}';
}

std::string trace_id_text(const Id& trace_id) { return span_id_text(trace_id.high) += span_id_text(trace_id.low); }
std::string span_id_text(std::uint64_t span_id) {
  std::string out(16, '0');  // by hand: there is one or more of each span
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = "0123456789abcdef"[span_id >> (60 - 4 * i) & 15];
  return out;
}

std::string_view to_string(OtlpSignal signal) {
  switch (signal) {
    case OtlpSignal::traces: return "traces";
    case OtlpSignal::metrics: return "metrics";
    case OtlpSignal::logs: return "logs";
  }
  return {};
}

void OtlpBatch::clear() {
  body.clear();
  arena.clear();
  resources.clear();
  scopes.clear();
  spans.clear();
  logs.clear();
  rejected = 0;
  first_rejection.clear();
}

}  // namespace aybiza
