// Answering entries of the API: who asks, and work away from the network's threads.
//
// Errors   a pool that takes nothing more: 503 with Retry-After.
// Threads  authz_of from any; a handler of answer_on() from any, its answer runs on the pool's. REQUIRES: what `answer` holds keeps the pool.
#pragma once

#include <functional>
#include <string_view>

#include "auth/authz.h"
#include "net/router.h"
#include "runtime/worker_pool.h"

namespace aybiza {

// Whom the guard (server/api.h) let pass; nobody where there was none.
const auth::Authz& authz_of(const net::Request& request);

// A client that has gone is not answered. `retry_after`: seconds, for those whom the full pool turns away.
net::Handler answer_on(WorkerPool& pool, std::function<net::Response(const net::Request&)> answer,
                       std::string_view busy = "too many questions at once; try again", std::string_view retry_after = "1");

}  // namespace aybiza
