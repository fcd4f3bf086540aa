// Vapi's server messages: a JSON tree becomes events of one call.
//
// Shape    status-update begins, changes and ends a call; conversation-update (and transcript, where it brings the history)
//          gives turns while it runs; end-of-call-report is the last word: turns, latencies, cost, analysis.
// Units    ms since 1970 or RFC 3339; latencies in ms; cost in USD; minutes of transport and transcriber.
// Errors   invalid: no message, no call id, a time out of range; not_found: a message that asks for an answer, which is
//          not ours to give. Unknown types are kept raw.
// Threads  none: pure.
// Source   ingest-formats.md 5.
#pragma once

#include "codec/vendor_event.h"

namespace aybiza {

Status decode_vapi(const JsonNode& root, const VendorContext& context, VendorBatch& batch);

// "true", "pass", 0.9 …: what an evaluation says, if it says yes or no; its score on 0–5, if the rubric is known.
struct VapiJudgement {
  std::optional<bool> successful;
  std::optional<double> quality;
};
VapiJudgement judge_vapi(std::string_view evaluation, std::string_view rubric);

}  // namespace aybiza
