// ElevenLabs' post-call webhooks: a JSON tree becomes events of one conversation.
//
// Shape    post_call_transcription tells everything at once. post_call_transcription_otel tells less and fills gaps only
//          (rank span). call_initiation_failure is a call that never was. Audio is not kept.
// Units    seconds since 1970 and from the start; elapsed_time in seconds, in the OTel form ms; cost_fiat and prices in
//          USD, `cost` in credits (never money here).
// Errors   invalid: no type, no conversation id, a time out of range. Unknown types are kept raw.
// Threads  none: pure.
// Source   ingest-formats.md 7.3.
#pragma once

#include "codec/vendor_event.h"

namespace aybiza {

Status decode_elevenlabs(const JsonNode& root, const VendorContext& context, VendorBatch& batch);

}  // namespace aybiza
