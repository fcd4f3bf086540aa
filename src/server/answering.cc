#include "server/answering.h"

#include <any>
#include <memory>
#include <string>

namespace aybiza {

const auth::Authz& authz_of(const net::Request& request) {
  static const auth::Authz nobody;
  const auto* found = std::any_cast<auth::Authz>(&request.identity);
  return found ? *found : nobody;
}

net::Handler answer_on(WorkerPool& pool, std::function<net::Response(const net::Request&)> answer, std::string_view busy, std::string_view retry_after) {
  return [&pool, answer = std::move(answer), busy = std::string(busy), retry_after = std::string(retry_after)](net::RequestPtr request, net::Responder respond) {
    auto shared = std::make_shared<net::Responder>(std::move(respond));
    const bool taken = pool.post([answer, request, shared] {
      if (!shared->client_gone()) (*shared)(answer(*request));
    });
    if (!taken) (*shared)(net::Response::error(503, "busy", busy).with("Retry-After", retry_after));
  };
}

}  // namespace aybiza
