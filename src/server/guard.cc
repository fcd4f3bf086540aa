#include "server/guard.h"

#include <fmt/format.h>

#include "net/websocket.h"
#include "server/sign_in.h"

namespace aybiza {

using net::Request;
using net::Response;

net::Guard make_guard(auth::KeyStore& keys, bool insecure_loopback, const Clock& clock, SignIn* sign_in) {
  return [&keys, insecure_loopback, &clock, sign_in](Request& request, const net::Route& route) -> std::optional<Response> {
    using enum net::Policy;
    if (route.policy == open || route.policy == page || route.policy == ingest) return std::nullopt;  // they look for themselves
    const auto scope = route.policy == admin ? auth::Scope::admin : auth::Scope::read;
    const auto token = auth::bearer_token(request.header("authorization"));
    if (auto somebody = token || !sign_in ? std::nullopt : sign_in->who(request)) {
      // What changes something must come from a page of ours: a browser says where a form or script is from.
      const bool changes = request.method != net::Method::get && request.method != net::Method::head;
      if (changes && (request.header("origin").empty() || !net::origin_allowed(request, {})))
        return Response::error(403, "origin", "with a session, changes are taken from this server's own pages only; use a key elsewhere");
      if (!somebody->authz.may(scope)) return Response::error(403, "forbidden", "your role may not do this");
      request.identity = std::move(somebody->authz);
      return std::nullopt;
    }
    if (!token && insecure_loopback && request.peer.loopback) {
      request.identity = auth::Authz::insecure_loopback();
      return std::nullopt;
    }
    const auto unauthorized = [](std::string_view message) {
      return Response::error(401, "unauthorized", message).with("WWW-Authenticate", "Bearer");
    };
    if (!token) return unauthorized("send Authorization: Bearer <key>; make one with: aybiza key create --scope read");
    auto authz = keys.authenticate(*token, clock.now());
    if (!authz) return unauthorized(authz.error().message);
    if (!authz->may(scope)) return Response::error(403, "forbidden", fmt::format("this key may not {}", to_string(scope)));
    request.identity = std::move(*authz);
    return std::nullopt;
  };
}

}  // namespace aybiza
