// The one table of what the server answers: method, path, who may, how large a body, and who handles it.
//
// Shape    a pattern is segments; ":name" takes one segment, a trailing "*" takes the rest (also nothing). A literal
//          beats ":name", which beats "*". HEAD is answered by the GET entry, OPTIONS by the table itself.
// Errors   add() refuses (invalid) a route without policy, a pattern that is not one, or a second one for the same
//          method and path. match(): no entry = 404, none for the method = 405 with the methods there are.
// Cost     match is a walk over the entries with the path's first literal; no allocation but for parameters.
// Threads  built by one thread, then immutable.
// Source   reliability.md 3.4, point 23.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "net/http.h"
#include "net/websocket.h"

namespace aybiza::net {

// Who may. `none` is no policy: such an entry is refused.
enum class Policy : std::uint8_t { none, open, ingest, read, admin, page };
std::string_view to_string(Policy policy);

struct Route {
  Method method = Method::get;
  std::string pattern;
  Policy policy = Policy::none;
  std::size_t body_limit = 0;  // bytes as received; 0 = a body is refused
  Handler handler;             // one of the two
  WsAccept websocket;          // method is get
};

class Router {
 public:
  [[nodiscard]] Status add(Route route);
  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;  // null: see allowed
    std::vector<std::pair<std::string, std::string>> params;
    std::string allowed;  // "GET, HEAD, OPTIONS"; empty: no such path
  };
  Match match(Method method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

// Asked after the head is read and before any byte of the body: may this request go on? It may set
// request.identity. A Response is the refusal. Runs on network threads, several at once, and must not block.
using Guard = std::function<std::optional<Response>(Request& request, const Route& route)>;

}  // namespace aybiza::net
