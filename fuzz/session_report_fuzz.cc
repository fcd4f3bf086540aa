// LiveKit's session reports as users post them: whatever the report holds, what it becomes passes every check of ours and comes back from the log as it
// went in.
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_json.h"
#include "codec/event_to_json.h"
#include "codec/span_events.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  static JsonDecoder decoder;
  static EventBatch batch;
  static SpanAssembler assembler;
  const DecodeContext context{.customer = "acme", .source = "fuzz", .received = from_micros(1'790'000'100'000'000)};
  const std::string body = R"({"type":"livekit.session_report","time_ms":1790000090000,"data":)" + std::string(reinterpret_cast<const char*>(data), size) + "}";
  if (!decoder.decode(BodyFormat::ndjson, body, context, batch)) return 0;
  assembler.expand_reports(context, batch);
  std::vector<Value> values;
  std::string bytes;
  for (const Event& event : batch.events) {
    CHECK(event.time >= context.received - limits::time_past_max && event.time <= context.received + limits::time_future_max);
    for (const Value& value : event.values) CHECK(info(value.field).kind == Kind::vector || is_utf8(value.text));
    bytes.clear();
    append_event(bytes, event);
    const auto again = decode_event(bytes, values);
    CHECK(again.has_value() && event_to_json(again->event) == event_to_json(event));
  }
  return 0;
}
