// Webhooks of strangers who say they are Twilio: a form when the first byte is 'f', else CloudEvents.
#include "net/http.h"
#include "webhook_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  if (size == 0 || data[0] != 'f') return fuzz_webhook(Vendor::twilio, data, size);
  static WebhookDecoder decoder;
  static VendorBatch batch;
  const auto form = net::parse_query({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!form || form->size() > limits::webhook_form_parameters) return 0;
  const Instant received = *parse_rfc3339("2026-11-21T10:00:00Z");
  if (decoder.decode_form(*form, {.customer = "acme", .received = received}, batch)) check_webhook_events(batch, Vendor::twilio, received);
  return 0;
}
