// Retell's webhook events: a JSON tree becomes events of one call.
//
// Shape    call_started begins it, transcript_updated gives turns, call_ended and call_analyzed are both the last word, the
//          second over the first. A body carries no time of its own: of two bodies of one event the longer counts, since
//          members are only ever added (analysis, cost).
// Units    ms since 1970; word times in seconds from the call's start; latencies in ms; cost in US cents.
// Errors   invalid: no event, no call id, times out of range. Unknown events are kept raw.
// Threads  none: pure.
// Source   ingest-formats.md 6.
#pragma once

#include "codec/vendor_event.h"

namespace aybiza {

Status decode_retell(const JsonNode& root, std::size_t body_bytes, const VendorContext& context, VendorBatch& batch);

}  // namespace aybiza
