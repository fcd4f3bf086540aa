#include "codec/otlp_answer.h"

#include "codec/json_writer.h"
#include "codec/protobuf.h"
#include "codec/varint.h"

namespace aybiza {
namespace {

void append_varint_field(std::string& out, unsigned field, std::uint64_t value) {
  append_varint(out, field << 3);
  append_varint(out, value);
}
void append_bytes_field(std::string& out, unsigned field, std::string_view bytes) {
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}

std::string_view rejected_name(OtlpSignal signal) {
  switch (signal) {
    case OtlpSignal::traces: return "rejectedSpans";
    case OtlpSignal::metrics: return "rejectedDataPoints";
    case OtlpSignal::logs: return "rejectedLogRecords";
  }
  return {};
}

unsigned grpc_code(int http_status) {
  switch (http_status) {
    case 401: return 16;            // UNAUTHENTICATED
    case 403: return 7;             // PERMISSION_DENIED
    case 404: return 5;             // NOT_FOUND
    case 413: case 429: return 8;   // RESOURCE_EXHAUSTED
    case 503: return 14;            // UNAVAILABLE
    default: return http_status < 500 ? 3 : 13;  // INVALID_ARGUMENT, INTERNAL
  }
}

bool is_media_type(std::string_view value, std::string_view type) {
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  if (value.size() != type.size()) return false;
  for (std::size_t i = 0; i < type.size(); ++i)
    if ((value[i] >= 'A' && value[i] <= 'Z' ? char(value[i] + 32) : value[i]) != type[i]) return false;
  return true;
}

}  // namespace

std::optional<OtlpEncoding> parse_otlp_content_type(std::string_view value) {
  for (const std::string_view type : {"application/x-protobuf", "application/grpc", "application/grpc+proto"})
    if (is_media_type(value, type)) return OtlpEncoding::protobuf;
  if (is_media_type(value, "application/json")) return OtlpEncoding::json;
  return std::nullopt;
}

std::string_view content_type_of(OtlpEncoding encoding) {
  return encoding == OtlpEncoding::json ? "application/json" : "application/x-protobuf";
}

std::string otlp_success(OtlpSignal signal, OtlpEncoding encoding, std::uint64_t rejected, std::string_view message) {
  const bool full = rejected == 0 && message.empty();
  std::string out;
  if (encoding == OtlpEncoding::json) {
    JsonWriter json(out);
    json.begin_object();
    if (!full) {
      json.key("partialSuccess").begin_object();
      if (rejected > 0) json.member(rejected_name(signal), std::string_view(std::to_string(rejected)));  // 64 bits are texts
      json.member("errorMessage", message).end_object();
    }
    json.end_object();
    return out;
  }
  if (full) return out;
  std::string partial;
  if (rejected > 0) append_varint_field(partial, 1, rejected);
  append_bytes_field(partial, 2, message);
  append_bytes_field(out, 1, partial);
  return out;
}

std::string otlp_failure(OtlpEncoding encoding, int http_status, std::string_view message) {
  std::string out;
  if (encoding == OtlpEncoding::json) {
    JsonWriter(out).begin_object().member("code", grpc_code(http_status)).member("message", message).end_object();
    return out;
  }
  append_varint_field(out, 1, grpc_code(http_status));
  append_bytes_field(out, 2, message);
  return out;
}

std::optional<OtlpFailure> read_otlp_failure(std::string_view bytes) {
  OtlpFailure out;
  bool found = false;
  try {
    protobuf::Reader message(bytes.data(), bytes.size());
    while (message.next()) {
      switch (message.tag_and_type()) {
        case protobuf::varint(1): out.code = message.get_uint32(), found = true; break;
        case protobuf::bytes(2): out.message = message.get_string(); break;
        default: message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return found ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace aybiza
