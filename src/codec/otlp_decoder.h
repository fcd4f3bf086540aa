// Decodes the protobuf bodies of `POST /v1/traces` and `/v1/logs`; JSON ones are transcoded before (otlp_json.h).
//
// Shape    one walk for all signals: resources, their scopes, the scopes' items. Order of fields does not matter, unknown
//          ones are skipped.
// Errors   one item: counted in batch.rejected, the others are taken. The whole request: Code::invalid when its frame is
//          no message or more than limits::otlp_broken_items items are none, Code::too_large above limits::otlp_items.
// Cost     bench/otlp_bench; allocates nothing once its buffers have grown.
// Threads  none: one decoder per thread.
// Source   opentelemetry-proto 1.11; ingest-formats.md 1.3, 1.4.
#pragma once

#include <string>

#include "base/status.h"
#include "codec/otlp_batch.h"
#include "codec/otlp_value_reader.h"

namespace aybiza {

class OtlpDecoder {
 public:
  // `body` moves into `batch`, which is cleared before. REQUIRES: signal is traces or logs.
  Status decode(OtlpSignal signal, std::string body, OtlpBatch& batch);

 private:
  void read_span(protobuf::Reader message, OtlpSpan& span);
  void read_status(protobuf::Reader message, OtlpSpan& span);
  void read_event(protobuf::Reader message);
  void read_log(protobuf::Reader message, OtlpLogRecord& record);

  OtlpValueReader values_;
  std::vector<OtlpSpanEvent> events_;  // of the span being read
};

}  // namespace aybiza
