// What an OTLP request holds once its bytes are read: resources, scopes, spans, log records and their attributes.
//
// Shape    plain values over views. Every text and list views the request's body or the arena of the OtlpBatch that owns
//          both; nothing is copied that did not have to change. Protobuf and JSON become the same values.
// Units    times are nanoseconds since 1970 as sent (0: not sent); Instant and ranges are the assembler's.
// Errors   a value that is here has passed the ceilings of base/limits.h ("otlp_"); texts are well-formed UTF-8 without
//          control characters. Ids are never all zero, but for parent_span_id (0: a root).
// Threads  values; the OtlpBatch they come from must outlive them.
// Source   opentelemetry-proto 1.11: common.proto, trace.proto, logs.proto; ingest-formats.md 1.2, 1.3.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace aybiza {

struct OtlpAttribute;

// AnyValue. `bytes` are as on the wire (of JSON: as decoded from base64).
class OtlpValue {
 public:
  enum class Kind : std::uint8_t { empty, text, boolean, integer, real, bytes, array, map };

  constexpr OtlpValue() : integer_(0) {}
  static constexpr OtlpValue of_text(std::string_view text) { return OtlpValue(Kind::text, text); }
  static constexpr OtlpValue of_bytes(std::string_view bytes) { return OtlpValue(Kind::bytes, bytes); }
  static constexpr OtlpValue of_boolean(bool value) { return OtlpValue(Kind::boolean, std::int64_t(value)); }
  static constexpr OtlpValue of_integer(std::int64_t value) { return OtlpValue(Kind::integer, value); }
  static constexpr OtlpValue of_real(double value) {
    OtlpValue out;
    out.kind_ = Kind::real;
    out.real_ = value;
    return out;
  }
  static constexpr OtlpValue of_array(std::span<const OtlpValue> items) {
    OtlpValue out;
    out.kind_ = Kind::array;
    out.size_ = std::uint32_t(items.size());
    out.items_ = items.data();
    return out;
  }
  static OtlpValue of_map(std::span<const OtlpAttribute> members);

  Kind kind() const { return kind_; }
  bool empty() const { return kind_ == Kind::empty; }

  // Each is empty (nullopt) for another kind; number() takes integers and reals, text_or_number nothing else.
  std::string_view text() const { return kind_ == Kind::text ? std::string_view(chars_, size_) : std::string_view(); }
  std::string_view bytes() const { return kind_ == Kind::bytes ? std::string_view(chars_, size_) : std::string_view(); }
  std::optional<bool> boolean() const { return kind_ == Kind::boolean ? std::optional(integer_ != 0) : std::nullopt; }
  std::optional<std::int64_t> integer() const { return kind_ == Kind::integer ? std::optional(integer_) : std::nullopt; }
  std::optional<double> number() const {
    if (kind_ == Kind::integer) return double(integer_);
    return kind_ == Kind::real ? std::optional(real_) : std::nullopt;
  }
  std::span<const OtlpValue> items() const { return kind_ == Kind::array ? std::span(items_, size_) : std::span<const OtlpValue>(); }
  std::span<const OtlpAttribute> members() const;  // of a map

 private:
  constexpr OtlpValue(Kind kind, std::string_view text) : kind_(kind), size_(std::uint32_t(text.size())), chars_(text.data()) {}
  constexpr OtlpValue(Kind kind, std::int64_t value) : kind_(kind), integer_(value) {}

  Kind kind_ = Kind::empty;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_;
    double real_;
    const char* chars_;
    const OtlpValue* items_;
    const OtlpAttribute* members_;
  };
};
static_assert(sizeof(OtlpValue) == 16);

struct OtlpAttribute {
  std::string_view key;
  OtlpValue value;
};

// In the order of the wire. A key that came twice is here twice: find() takes the last, as the protocol's senders mean it.
using OtlpAttributes = std::span<const OtlpAttribute>;
const OtlpValue* find_attribute(OtlpAttributes attributes, std::string_view key);  // null: absent
// The value as JSON, reals shortest, bytes as base64: for what has no column of its own.
void append_otlp_json(std::string& out, const OtlpValue& value);
void append_otlp_json(std::string& out, OtlpAttributes attributes);  // one object; of equal keys the last

struct OtlpResource {
  OtlpAttributes attributes;
};
struct OtlpScope {
  std::string_view name, version;
  OtlpAttributes attributes;
};

enum class OtlpSpanKind : std::uint8_t { unspecified, internal, server, client, producer, consumer };
enum class OtlpStatus : std::uint8_t { unset, ok, error };

struct OtlpSpanEvent {
  std::uint64_t time_unix_nano = 0;
  std::string_view name;
  OtlpAttributes attributes;
};

struct OtlpSpan {
  const OtlpResource* resource = nullptr;  // never null in a batch
  const OtlpScope* scope = nullptr;        // never null in a batch
  Id trace_id;
  std::uint64_t span_id = 0, parent_span_id = 0;  // big-endian, as their hex text reads
  std::string_view name;
  OtlpSpanKind kind = OtlpSpanKind::unspecified;
  OtlpStatus status = OtlpStatus::unset;
  std::uint64_t start_unix_nano = 0, end_unix_nano = 0;
  std::string_view status_message;
  OtlpAttributes attributes;
  std::span<const OtlpSpanEvent> events;  // links are not kept
};

struct OtlpLogRecord {
  const OtlpResource* resource = nullptr;  // never null in a batch
  const OtlpScope* scope = nullptr;        // never null in a batch
  std::uint64_t time_unix_nano = 0, observed_unix_nano = 0;
  std::int32_t severity = 0;       // 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal; 0: not sent
  std::string_view severity_text, event_name;
  OtlpValue body;
  OtlpAttributes attributes;
  Id trace_id;                     // empty: not sent
  std::uint64_t span_id = 0;       // 0: not sent
};

// "5b8efff798038103d269b633813fc60c" and "eee19b7ec3c1b174": how ids are written everywhere outside the wire.
std::string trace_id_text(const Id& trace_id);
std::string span_id_text(std::uint64_t span_id);

inline OtlpValue OtlpValue::of_map(std::span<const OtlpAttribute> members) {
  OtlpValue out;
  out.kind_ = Kind::map;
  out.size_ = std::uint32_t(members.size());
  out.members_ = members.data();
  return out;
}
inline std::span<const OtlpAttribute> OtlpValue::members() const {
  return kind_ == Kind::map ? std::span(members_, size_) : std::span<const OtlpAttribute>();
}

}  // namespace aybiza
