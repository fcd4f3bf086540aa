// LiveKit's server webhooks: a room is a call, its SIP or standard participant the caller, its agent job the agent.
//
// Shape    delivery is best effort and unordered, so every event says all it knows of the room. What the caller's stay tells
//          of start and duration ranks above what the room's life tells (a room outlives its caller).
// Units    seconds since 1970, int64 as text; creationTimeMs in ms; job times in ns.
// Errors   invalid: no event, no room where one is needed, a time out of range. Unknown events are kept raw.
// Threads  none: pure.
// Source   ingest-formats.md 4.6.
#pragma once

#include "codec/vendor_event.h"

namespace aybiza {

Status decode_livekit(const JsonNode& root, const VendorContext& context, VendorBatch& batch);

}  // namespace aybiza
