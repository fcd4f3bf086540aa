#include "codec/otlp_json.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/limits.h"
#include "codec/json_fragment.h"
#include "codec/otlp_schema.h"
#include "codec/varint.h"

namespace aybiza {
namespace {

namespace od = simdjson::ondemand;
using otlp::FieldKind;
using otlp::FieldRow;
using otlp::MessageKind;

// A value of the wrong kind ends its item; broken JSON ends the document.
enum class Trouble : std::uint8_t { none, item, document };

constexpr std::size_t length_bytes = 4;
constexpr std::size_t length_max = std::size_t(1) << (7 * length_bytes);

enum WireType : unsigned { wire_varint = 0, wire_fixed64 = 1, wire_bytes = 2 };

Trouble trouble_of(simdjson::error_code code) {
  switch (code) {
    case simdjson::SUCCESS: return Trouble::none;
    case simdjson::INCORRECT_TYPE:
    case simdjson::STRING_ERROR:
    case simdjson::NUMBER_ERROR: return Trouble::item;
    default: return Trouble::document;
  }
}

template <typename T>
std::optional<T> whole_number(std::string_view token) {
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"') token = token.substr(1, token.size() - 2);
  T out{};
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), out);
  return error == std::errc() && end == token.data() + token.size() ? std::optional(out) : std::nullopt;
}

std::optional<double> real_number(std::string_view token) {
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"') {
    token = token.substr(1, token.size() - 2);
    if (token == "NaN") return std::nan("");
    if (token == "Infinity") return HUGE_VAL;
    if (token == "-Infinity") return -HUGE_VAL;
  }
  if (!is_json_number(token)) return std::nullopt;
  double out = 0;
  std::from_chars(token.data(), token.data() + token.size(), out);  // out of range: stays as it is, 0 or infinite
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool append_hex(std::string& out, std::string_view text) {
  if (text.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out += char(high * 16 + low);
  }
  return true;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;  // both alphabets, as protobuf's JSON accepts them
  return c == '/' || c == '_' ? 63 : -1;
}

bool append_base64_decoded(std::string& out, std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return false;
    bits = bits << 6 | std::uint32_t(digit);
    have += 6;
    if (have >= 8) out += char(bits >> (have -= 8) & 0xFF);
  }
  return true;
}

class Transcoder {
 public:
  explicit Transcoder(OtlpTranscoded& result) : result_(result), out_(result.protobuf) {}

  Trouble message(od::value& value, MessageKind kind, std::size_t depth) {
    if (depth > limits::otlp_json_depth) return because("nested too deep (otlp_json_depth)");
    od::object object;
    if (const auto error = value.get_object().get(object); error != simdjson::SUCCESS) return because("an object was expected", trouble_of(error));
    return members(object, kind, depth);
  }
  Trouble members(od::object& object, MessageKind kind, std::size_t depth) {
    for (auto each : object) {
      od::field field;
      if (const auto error = std::move(each).get(field); error != simdjson::SUCCESS) return trouble_of(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name); error != simdjson::SUCCESS) return trouble_of(error);
      const FieldRow* row = find(kind, name);
      if (row == nullptr) continue;
      od::value value = field.value();
      if (const Trouble trouble = member(*row, value, depth); trouble != Trouble::none) return trouble;
    }
    return Trouble::none;
  }
  std::string_view why() const { return why_; }  // of the last Trouble::item

 private:
  static const FieldRow* find(MessageKind kind, std::string_view name) {
    for (const FieldRow& row : otlp::fields_of(kind))
      if (row.name == name) return &row;
    return nullptr;
  }
  Trouble because(std::string_view why, Trouble trouble = Trouble::item) {
    if (trouble == Trouble::item) why_ = why;
    return trouble;
  }
  void tag(const FieldRow& row, WireType type) { append_varint(out_, std::uint64_t(row.number) << 3 | type); }

  // A length that is filled in when its contents are there.
  std::size_t open(const FieldRow& row) {
    tag(row, wire_bytes);
    out_.append(length_bytes, '\0');
    return out_.size();
  }
  Trouble close(std::size_t start) {
    std::size_t size = out_.size() - start;
    if (size >= length_max) return Trouble::document;
    for (std::size_t i = 0; i < length_bytes; ++i, size >>= 7)
      out_[start - length_bytes + i] = char((size & 0x7F) | (i + 1 < length_bytes ? 0x80 : 0));
    return Trouble::none;
  }
  void append_fixed64(std::uint64_t word) {
    char bytes[8];
    std::memcpy(bytes, &word, 8);  // little-endian, as every machine this runs on
    out_.append(bytes, 8);
  }

  Trouble member(const FieldRow& row, od::value& value, std::size_t depth) {
    const std::string_view token = token_of(value);
    if (token == "null") return Trouble::none;
    switch (row.kind) {
      case FieldKind::message: return nested(row, value, depth);
      case FieldKind::messages: return list(row, value, depth);
      case FieldKind::text:
      case FieldKind::hex:
      case FieldKind::base64: return text(row, value);
      case FieldKind::fixed64s:
      case FieldKind::varints:
      case FieldKind::reals: return packed(row, value);
      default: return scalar(row, token) ? Trouble::none : because("a number, boolean or enum was expected");
    }
  }

  Trouble nested(const FieldRow& row, od::value& value, std::size_t depth) {
    const std::size_t before = out_.size();
    const std::size_t start = open(row);
    Trouble trouble = message(value, row.message, depth + 1);
    if (trouble == Trouble::item && otlp::is_item(row.message)) {
      out_.resize(before);
      return refuse();
    }
    return trouble == Trouble::none ? close(start) : trouble;
  }
  Trouble refuse() {
    if (result_.rejected++ == 0) result_.first_rejection = why_;
    return result_.rejected > limits::otlp_broken_items ? Trouble::document : Trouble::none;
  }

  Trouble list(const FieldRow& row, od::value& value, std::size_t depth) {
    od::array array;
    if (const auto error = value.get_array().get(array); error != simdjson::SUCCESS) return because("an array was expected", trouble_of(error));
    for (auto each : array) {
      od::value element;
      if (const auto error = std::move(each).get(element); error != simdjson::SUCCESS) return trouble_of(error);
      if (const Trouble trouble = nested(row, element, depth); trouble != Trouble::none) return trouble;
    }
    return Trouble::none;
  }

  Trouble text(const FieldRow& row, od::value& value) {
    std::string_view content;
    if (const auto error = value.get_string().get(content); error != simdjson::SUCCESS) return because("a string of UTF-8 was expected", trouble_of(error));
    const std::size_t start = open(row);
    if (row.kind == FieldKind::text) out_ += content;
    else if (row.kind == FieldKind::hex && !append_hex(out_, content)) return because("ids are written in hexadecimal digits");
    else if (row.kind == FieldKind::base64 && !append_base64_decoded(out_, content)) return because("bytes are written in base64");
    return close(start);
  }

  bool scalar(const FieldRow& row, std::string_view token) {
    switch (row.kind) {
      case FieldKind::boolean:
        if (token != "true" && token != "false") return false;
        tag(row, wire_varint);
        return append_varint(out_, token == "true"), true;
      case FieldKind::varint: return whole<std::int64_t>(token, [&](auto n) { tag(row, wire_varint), append_varint(out_, std::uint64_t(n)); });
      case FieldKind::sint: return whole<std::int32_t>(token, [&](auto n) { tag(row, wire_varint), append_varint(out_, zigzag(n)); });
      case FieldKind::fixed64: return whole<std::uint64_t>(token, [&](auto n) { tag(row, wire_fixed64), append_fixed64(n); });
      case FieldKind::sfixed64: return whole<std::int64_t>(token, [&](auto n) { tag(row, wire_fixed64), append_fixed64(std::uint64_t(n)); });
      case FieldKind::word: return enumeration(row, token);
      case FieldKind::real:
        if (const auto number = real_number(token)) return tag(row, wire_fixed64), append_fixed64(std::bit_cast<std::uint64_t>(*number)), true;
        return false;
      default: return false;
    }
  }
  template <typename T, typename Write>
  static bool whole(std::string_view token, Write&& write) {
    const auto number = whole_number<T>(token);
    if (number) write(*number);
    return number.has_value();
  }
  bool enumeration(const FieldRow& row, std::string_view token) {
    auto number = whole_number<std::int32_t>(token);
    if (!number && token.size() >= 2 && token.front() == '"') number = otlp::word_number(token.substr(1, token.size() - 2));
    if (!number || *number < 0) return false;
    tag(row, wire_varint);
    append_varint(out_, std::uint64_t(*number));
    return true;
  }

  Trouble packed(const FieldRow& row, od::value& value) {
    od::array array;
    if (const auto error = value.get_array().get(array); error != simdjson::SUCCESS) return because("an array was expected", trouble_of(error));
    const std::size_t start = open(row);
    for (auto each : array) {
      od::value element;
      if (const auto error = std::move(each).get(element); error != simdjson::SUCCESS) return trouble_of(error);
      const std::string_view token = token_of(element);
      bool known = false;
      if (row.kind == FieldKind::fixed64s) known = whole<std::uint64_t>(token, [&](auto n) { append_fixed64(n); });
      if (row.kind == FieldKind::varints) known = whole<std::uint64_t>(token, [&](auto n) { append_varint(out_, n); });
      if (row.kind == FieldKind::reals)
        if (const auto number = real_number(token)) append_fixed64(std::bit_cast<std::uint64_t>(*number)), known = true;
      if (!known) return because("an array of numbers was expected");
    }
    return close(start);
  }

  OtlpTranscoded& result_;
  std::string& out_;
  std::string_view why_;
};

constexpr MessageKind root_of(OtlpSignal signal) {
  return signal == OtlpSignal::traces ? MessageKind::traces : signal == OtlpSignal::metrics ? MessageKind::metrics : MessageKind::logs;
}

}  // namespace

Result<OtlpTranscoded> OtlpJson::transcode(OtlpSignal signal, std::string json) {
  const std::size_t size = json.size();
  json.append(simdjson::SIMDJSON_PADDING, '\0');
  OtlpTranscoded out;
  out.protobuf.reserve(size);
  od::document document;
  od::object root;
  if (parser_.iterate(std::string_view(json).substr(0, size), json.size()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS)
    return fail(Code::invalid, "the body is no JSON object");
  Transcoder transcoder(out);
  const Trouble trouble = transcoder.members(root, root_of(signal), 0);
  if (out.rejected > limits::otlp_broken_items)
    return fail(Code::invalid, "too many broken items (otlp_broken_items); the request was refused whole. The first: {}", out.first_rejection);
  if (trouble == Trouble::item) return fail(Code::invalid, "the body is no OTLP request: {}", transcoder.why());
  const char* rest = nullptr;
  if (trouble == Trouble::document || document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
    return fail(Code::invalid, "the body is no valid JSON");
  return out;
}

}  // namespace aybiza
