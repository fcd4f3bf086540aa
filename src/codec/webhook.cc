#include "codec/webhook.h"

#include "base/check.h"
#include "base/limits.h"
#include "codec/elevenlabs.h"
#include "codec/livekit_webhook.h"
#include "codec/retell.h"
#include "codec/vapi.h"

namespace aybiza {
namespace {

Status cleared_on_failure(Status status, VendorBatch& batch) {
  if (!status) batch.clear();
  return status;
}

}  // namespace

WebhookDecoder::WebhookDecoder() : parser_(limits::webhook_parsed_bytes) {
  CHECK(parser_.allocate(64 * limits::KiB, limits::json_depth) == simdjson::SUCCESS);
}

Status WebhookDecoder::decode(Vendor vendor, std::string_view body, const VendorContext& sent, VendorBatch& batch) {
  VendorContext context = sent;
  context.body = hash64(body);
  batch.clear();
  simdjson::dom::element root;
  if (const auto error = parser_.parse(body.data(), body.size()).get(root); error != simdjson::SUCCESS)
    return fail(Code::invalid, "the body is not JSON: {}", simdjson::error_message(error));
  const JsonNode tree(root);
  switch (vendor) {
    case Vendor::vapi: return cleared_on_failure(decode_vapi(tree, context, batch), batch);
    case Vendor::retell: return cleared_on_failure(decode_retell(tree, body.size(), context, batch), batch);
    case Vendor::elevenlabs: return cleared_on_failure(decode_elevenlabs(tree, context, batch), batch);
    case Vendor::twilio: return cleared_on_failure(decode_twilio_events(tree, context, batch), batch);
    case Vendor::livekit: return cleared_on_failure(decode_livekit(tree, context, batch), batch);
  }
  return fail(Code::invalid, "no such vendor");
}

Status WebhookDecoder::decode_form(FormParameters form, const VendorContext& context, VendorBatch& batch) {
  batch.clear();
  return cleared_on_failure(decode_twilio_form(form, context, batch), batch);
}

}  // namespace aybiza
