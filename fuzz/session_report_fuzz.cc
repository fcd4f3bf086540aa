// Session reports and log records from strangers: what is taken fits its field, is in range, and survives the log.
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/identity.h"
#include "codec/livekit_recording.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/span_events.h"
#include "codec/utf8.h"

namespace {

using namespace aybiza;

void hold(EventBatch& batch, const DecodeContext& context) {
  Identity().assign(batch, context.customer);
  std::vector<Value> values;
  for (const Event& event : batch.events) {
    CHECK(event.time >= context.received - limits::time_past_max && event.time <= context.received + limits::time_future_max);
    CHECK(!event.id.empty() && batch.index.size() == batch.events.size() && batch.wire_bytes.size() == batch.events.size());
    for (const Value& value : event.values) {
      const Kind kind = info(value.field).kind;
      CHECK(is_utf8(value.text));
      CHECK(kind != Kind::label || value.text.size() <= limits::id_bytes);
      CHECK(value.text.size() <= limits::ext_bytes);
    }
    std::string bytes;
    append_event(bytes, event);
    CHECK(decode_event(bytes, values).has_value());
  }
}

}  // namespace

// Third bit of the first byte: an upload of a recording. Else: odd: a protobuf body of log records or, with the second bit, of spans; even: the JSON of a report.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static SpanAssembler assembler;
  static OtlpDecoder decoder;
  const DecodeContext context{.customer = (data[0] & 4) != 0 ? "acme" : "", .source = "fuzz", .received = from_micros(1'795'255'200'000'000)};
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  EventBatch batch;
  if ((data[0] & 8) != 0) {
    static OtlpJson json;
    auto logs = logs_of_recording("multipart/form-data; boundary=b", rest, context.received);
    if (!logs) return 0;
    auto transcoded = json.transcode(OtlpSignal::logs, std::move(*logs));
    CHECK(transcoded.has_value() && transcoded->rejected == 0);
    OtlpBatch records;
    MetricBatch metrics;
    CHECK(decoder.decode(OtlpSignal::logs, std::move(transcoded->protobuf), records).has_value());
    assembler.assemble(records, context, batch, metrics);
    hold(batch, context);
    return 0;
  }
  if ((data[0] & 1) != 0) {
    OtlpBatch spans;
    MetricBatch metrics;
    if (!decoder.decode((data[0] & 2) != 0 ? OtlpSignal::traces : OtlpSignal::logs, std::string(rest), spans)) return 0;
    assembler.assemble(spans, context, batch, metrics);
    hold(batch, context);
    return 0;
  }
  if (!is_utf8(rest) || rest.size() > limits::ext_bytes) return 0;  // as the event's reader leaves it
  Event event;
  event.type = EventType::other;
  event.type_text = "livekit.session_report";
  event.time = context.received;
  event.scope = scope_of(context);
  event.ext = batch.arena.copy(rest);
  batch.events.push_back(event);
  batch.index.push_back(0);
  batch.wire_bytes.push_back(std::uint32_t(rest.size()));
  assembler.expand_reports(context, batch);
  hold(batch, context);
  return 0;
}
