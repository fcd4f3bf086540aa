// The token of LiveKit's uploader: a JWT signed with the API secret that may write observability data.
//
// Errors   a Verdict: missing, malformed, mismatch (secret, key or grant), expired (60 s of leeway).
// Threads  pure; any.
// Source   ingest-formats.md 4.1; RFC 7519.
#pragma once

#include <string_view>

#include "auth/webhook_signature.h"
#include "base/units.h"

namespace aybiza::auth {

// `api_key` empty: any issuer whose token this secret signed.
Verdict verify_livekit_upload(std::string_view token, std::string_view api_key, std::string_view api_secret, Instant now);

}  // namespace aybiza::auth
