// Twilio's status callbacks and Event Streams: form parameters or CloudEvents become events of the carrier's calls.
//
// Shape    what a carrier knows has the lowest rank and fills gaps (ingest-formats.md 0.5); only audio quality and the edge's
//          region, which nobody else measures, are said with the last word. A leg that another call dialled
//          (ParentCallSid) belongs to that call and is none of its own.
// Units    durations in seconds, often as text; times RFC 2822 or RFC 3339; latencies in ms.
// Errors   invalid: no CallSid, a time out of range, a body that is no array of CloudEvents. One bad event of an array costs
//          itself: it is rejected in the batch. Unknown types are kept raw.
// Threads  none: pure.
// Source   ingest-formats.md 7.1.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "codec/vendor_event.h"

namespace aybiza {

using FormParameters = std::span<const std::pair<std::string, std::string>>;

Status decode_twilio_form(FormParameters form, const VendorContext& context, VendorBatch& batch);
Status decode_twilio_events(const JsonNode& root, const VendorContext& context, VendorBatch& batch);

std::optional<Instant> parse_rfc2822(std::string_view text);  // "Mon, 21 Sep 2026 14:14:23 +0000"

}  // namespace aybiza
