// Who may pass: by an entry's policy, the key or session of the request, and loopback.
//
// Shape    what an entry's handler finds in request.identity is an auth::Authz; `open`, `page` and `ingest` look for themselves.
// Errors   401 names how to make a key; 403 for a role or key that may not, and for changes by a session from another's page.
// Cost     a look-up of the key's hash; nothing for open entries.
// Threads  the guard from any. REQUIRES: keys, clock and sign_in outlive it.
// Source   decisions.md 18-25.
#pragma once

#include "auth/key_store.h"
#include "base/clock.h"
#include "net/router.h"

namespace aybiza {

class SignIn;

net::Guard make_guard(auth::KeyStore& keys, bool insecure_loopback, const Clock& clock, SignIn* sign_in = nullptr);

}  // namespace aybiza
