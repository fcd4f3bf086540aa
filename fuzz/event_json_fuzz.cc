// Request bodies from strangers: whatever comes in, what is taken is JSON again and the same event after it.
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "codec/event_binary.h"
#include "codec/event_json.h"
#include "codec/event_to_json.h"
#include "codec/identity.h"
#include "codec/utf8.h"

// The first byte chooses the format; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  if (size == 0) return 0;
  static JsonDecoder decoder, second;
  static EventBatch batch, again;
  const DecodeContext context{.customer = data[0] & 4 ? "acme" : "",
                              .source = "fuzz",
                              .received = from_micros(1'795'255'200'000'000)};
  const auto format = BodyFormat(data[0] & 3);
  if (!decoder.decode(format, std::string(reinterpret_cast<const char*>(data) + 1, size - 1), context, batch)) return 0;
  Identity identity;
  identity.assign(batch, context.customer);
  std::string lines, bytes;
  for (const Event& event : batch.events) {
    for (const Value& value : event.values)
      CHECK(info(value.field).kind == Kind::vector || is_utf8(value.text));
    lines += event_to_json(event) += '\n';
    append_event(bytes, event);
  }
  std::vector<Value> values;
  std::string_view rest = bytes;
  for (const Event& event : batch.events) {
    const auto decoded = decode_event(rest, values);
    CHECK(decoded.has_value() && event_to_json(decoded->event) == event_to_json(event));
    rest.remove_prefix(decoded->size);
  }
  if (batch.events.empty()) return 0;
  CHECK(second.decode(BodyFormat::ndjson, lines, context, again).has_value());
  // A larger number or text may not fit a second time only where the first was at its bound already.
  CHECK(again.offered() == batch.events.size());
  return 0;
}
