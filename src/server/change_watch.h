// Puts what the API changes into the record of changes: every route that needs the scope admin and is not a GET.
//
// Shape    watched_for_changes(router, log, clock) is the router with something around such handlers; a change that was refused (400 and above) is not recorded.
//          What the body of a request about a caller says is left out: it is personal.
// Errors   a record that could not be written is counted nowhere and changes nothing for the caller: the change has been made.
// Threads  the handlers' own; the record orders itself.
#pragma once

#include "auth/change_log.h"
#include "base/clock.h"
#include "net/router.h"

namespace aybiza {

// REQUIRES: log and clock outlive the router's requests.
Result<net::Router> watched_for_changes(const net::Router& router, const auth::ChangeLog& log, const Clock& clock);

}  // namespace aybiza
