// What the fuzzers of all webhook formats hold their decoders to: whatever comes in, what is taken passes every check of ours and
// comes back from the log as it went in.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_to_json.h"
#include "codec/utf8.h"
#include "codec/webhook.h"

namespace aybiza {

inline void check_webhook_events(VendorBatch& batch, Vendor vendor, Instant received) {
  assign_vendor_ids(batch, vendor, "acme");
  CHECK(batch.names.size() == batch.events.events.size());
  std::vector<Value> values;
  for (const Event& event : batch.events.events) {
    CHECK(event.time >= received - limits::time_past_max && event.time <= received + limits::time_future_max);
    CHECK(event.ext.size() <= limits::webhook_ext_bytes + 1);
    CHECK(is_utf8(event.id_text) && is_utf8(event.type_text));
    const Value* before = nullptr;
    for (const Value& value : event.values) {
      CHECK(!before || before->field < value.field);
      before = &value;
      const FieldInfo& about = info(value.field);
      CHECK(is_utf8(value.text));
      if (about.kind == Kind::label || about.kind == Kind::phone) CHECK(!value.text.empty() && value.text.size() <= limits::id_bytes);
      if (is_number(about.kind) && about.kind != Kind::time && about.kind != Kind::real)
        CHECK(to_wire(value.field, value.number) >= about.min && to_wire(value.field, value.number) <= about.max);
    }
    std::string bytes;
    append_event(bytes, event);
    const auto again = decode_event(bytes, values);
    CHECK(again.has_value() && event_to_json(again->event) == event_to_json(event));
    simdjson::dom::parser parser;
    CHECK(parser.parse(event_to_json(event)).error() == simdjson::SUCCESS);
  }
}

inline int fuzz_webhook(Vendor vendor, const std::uint8_t* data, std::size_t size) {
  static WebhookDecoder decoder;
  static VendorBatch batch;
  const Instant received = *parse_rfc3339("2026-11-21T10:00:00Z");
  const VendorContext context{.customer = "acme", .received = received};
  if (decoder.decode(vendor, {reinterpret_cast<const char*>(data), size}, context, batch)) check_webhook_events(batch, vendor, received);
  else CHECK(batch.events.events.empty());
  return 0;
}

}  // namespace aybiza
