// What a spool that does not take a request means to its sender: status, reason, when to come again.
//
// Threads  pure functions; any.
// Source   docs/ingest.md "Statuses of whole requests".
#pragma once

#include <string>

#include "ingest/admission.h"
#include "net/http.h"
#include "spool/spool.h"

namespace aybiza {

std::string retry_seconds(Duration wait);  // the value of Retry-After: whole seconds, at least one
AdmissionRefusal refusal_of(spool::Admission admission);
net::Response response_of(const AdmissionRefusal& refusal);  // "...; nothing was taken, send it again", with Retry-After

}  // namespace aybiza
