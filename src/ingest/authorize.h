// Who sends: the key of a request (Bearer, the password of Basic, or x-api-key), or the loopback sender of a server that was started to trust it.
//
// Errors   a Response: 401 without a usable key (with WWW-Authenticate), 403 with one that may not ingest.
// Threads  any.
// Source   events.md "Request"; decisions.md 25; RFC 6750 section 3; RFC 7617.
#pragma once

#include <expected>

#include "auth/authz.h"
#include "auth/key_store.h"
#include "net/http.h"

namespace aybiza {

struct IngestTrust {
  auth::KeyStore* keys = nullptr;
  bool insecure_loopback = false;  // `--insecure-loopback` and `aybiza demo`
};
std::expected<auth::Authz, net::Response> authorize_ingest(const net::Request& request, const IngestTrust& trust,
                                                           Instant now);

}  // namespace aybiza
