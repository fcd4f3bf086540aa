// LiveKit Agents' own uploader: `POST /observability/{traces,metrics,logs}/otlp/v0` and `/observability/recordings/v0`, with a
// token of LiveKit's API secret.
//
// Shape    the secret is that of a livekit source (`aybiza source add --vendor livekit`); its customer is whose data it is.
//          What is behind the token is OTLP as everywhere; of a recording the chat history, as a log record.
// Errors   401 with google.rpc.Status. Never with words that LiveKit takes for "recording is off": they would stop a session's
//          uploads for good.
// Threads  add once, before the server starts; the handlers on any thread.
// Source   ingest-formats.md 4.1 route A.
#pragma once

#include "auth/webhook_sources.h"
#include "base/clock.h"
#include "ingest/otlp_endpoint.h"

namespace aybiza {

// Everything outlives the router.
Status add_livekit_routes(net::Router& router, OtlpEndpoint& endpoint, auth::WebhookSources& sources, const Clock& clock);

}  // namespace aybiza
