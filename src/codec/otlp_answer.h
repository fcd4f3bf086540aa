// The answers of OTLP/HTTP: ExportXServiceResponse and google.rpc.Status, in the encoding of the request.
//
// Threads  pure functions; any.
// Source   opentelemetry-proto 1.11 specification.md "OTLP/HTTP Response"; ingest-formats.md 1.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/otlp_batch.h"

namespace aybiza {

enum class OtlpEncoding : std::uint8_t { protobuf, json };
// "application/x-protobuf", "application/json", with parameters, and gRPC's "application/grpc", "application/grpc+proto"; nullopt: another one.
std::optional<OtlpEncoding> parse_otlp_content_type(std::string_view value);
std::string_view content_type_of(OtlpEncoding encoding);

// Without refusals and message: the empty answer of full success. A message alone is a warning.
std::string otlp_success(OtlpSignal signal, OtlpEncoding encoding, std::uint64_t rejected, std::string_view message);
// The body of an error, whose code is that of gRPC for this HTTP status.
std::string otlp_failure(OtlpEncoding encoding, int http_status, std::string_view message);


struct OtlpFailure {
  unsigned code = 2;  // gRPC's
  std::string message;
};
std::optional<OtlpFailure> read_otlp_failure(std::string_view protobuf);  // nullopt: it is none

}  // namespace aybiza
