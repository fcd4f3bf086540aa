// The body of a webhook, whoever sent it: bytes become a JSON tree, or a form's parameters, and then events.
//
// Shape    one entry for all vendors; what each of them means is in the file of its name. The first member of a repeated
//          key counts.
// Errors   invalid: not JSON, not UTF-8, deeper than limits::json_depth, or what the vendor's adapter says; not_found: a
//          message that asks for an answer (Vapi).
// Cost     one simdjson parse, then what is read of the tree; the parser takes about fifteen times the body.
// Threads  none: one decoder per request.
// Source   ingest-formats.md 4.6, 5, 6, 7.1, 7.3.
#pragma once

#include "codec/twilio.h"
#include "codec/vendor_event.h"

namespace aybiza {

class WebhookDecoder {
 public:
  WebhookDecoder();
  // `batch` is cleared before. On failure it holds no events.
  Status decode(Vendor vendor, std::string_view body, const VendorContext& context, VendorBatch& batch);
  Status decode_form(FormParameters form, const VendorContext& context, VendorBatch& batch);

 private:
  simdjson::dom::parser parser_;
};

}  // namespace aybiza
