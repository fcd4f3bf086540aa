// OTLP's JSON turned into its protobuf, so that one decoder knows what OTLP means.
//
// Shape    a table of the messages (otlp_schema.h) says which member is which field; unknown members are ignored. Lengths
//          are written as four-byte varints, so that nothing is moved when a message ends.
// Errors   a member of the wrong kind takes its span, record or point with it: left out and counted. Code::invalid when
//          the text is no JSON object or too many items are broken.
// Cost     one pass; the output is at most about twice the input.
// Threads  none: one transcoder per thread, it keeps its buffers.
// Source   opentelemetry-proto 1.11 specification.md "JSON Protobuf Encoding"; ingest-formats.md 1.2.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/otlp_batch.h"

namespace aybiza {

struct OtlpTranscoded {
  std::string protobuf;
  std::uint64_t rejected = 0;
  std::string_view first_rejection;  // static text
};

class OtlpJson {
 public:
  // `json` gets the padding that the parser reads behind it.
  Result<OtlpTranscoded> transcode(OtlpSignal signal, std::string json);

 private:
  simdjson::ondemand::parser parser_;
};

}  // namespace aybiza
