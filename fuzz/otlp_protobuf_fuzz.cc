// Protobuf bodies of strangers: refused, or spans, records and points that keep every promise of their headers.
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "codec/metric_binary.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_metrics.h"
#include "codec/span_events.h"
#include "codec/utf8.h"

namespace {

using namespace aybiza;

void check(OtlpAttributes attributes) {
  std::string json;
  append_otlp_json(json, attributes);
  CHECK(is_utf8(json));
}

}  // namespace

// The first byte chooses the signal; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static OtlpDecoder decoder;
  static OtlpMetricsDecoder metrics_decoder;
  static OtlpBatch batch;
  static OtlpMetrics metrics;
  static SpanAssembler assembler;
  static EventBatch events;
  const Instant received = from_micros(1'790'000'100'000'000);
  std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 2) {
    if (!metrics_decoder.decode(body, received, metrics)) return 0;
    for (const MetricPoint& point : metrics.batch.points) CHECK(std::isfinite(point.value) && point.series < metrics.batch.series().size());
    std::string bytes;
    append_metric_batch(bytes, metrics.batch);
    MetricBatch again;
    CHECK(decode_metric_batch(bytes, again).has_value() && again.points.size() == metrics.batch.points.size());
    return 0;
  }
  if (!decoder.decode(data[0] % 3 == 0 ? OtlpSignal::traces : OtlpSignal::logs, std::move(body), batch)) return 0;
  for (const OtlpSpan& span : batch.spans) {
    CHECK(!span.trace_id.empty() && span.span_id != 0 && is_utf8(span.name));
    check(span.attributes);
    check(span.resource->attributes);
    for (const OtlpSpanEvent& event : span.events) check(event.attributes);
  }
  for (const OtlpLogRecord& record : batch.logs) {
    CHECK(is_utf8(record.severity_text) && is_utf8(record.event_name));
    check(record.attributes);
    check(record.scope->attributes);
  }
  MetricBatch points;
  events.clear();
  assembler.assemble(batch, {.customer = "acme", .source = "fuzz", .received = received}, events, points);
  bool others = false;  // what joins a trace to its conversation stands before all else
  for (const Event& event : events.events) {
    CHECK(is_utf8(event.text(Field::text_content)) && event.number(Field::text_order).value_or(0) >= 0);
    const bool joins = joined_call(event).has_value();
    CHECK(!joins || !others);
    others = others || !joins;
  }
  return 0;
}
