#include "net/websocket.h"

#include <fmt/format.h>

#include <algorithm>

namespace aybiza::net {

bool origin_allowed(const Request& request, const std::vector<std::string>& allowed_origins) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return true;
  if (!allowed_origins.empty()) {
    return std::ranges::any_of(allowed_origins, [&](const std::string& a) { return equals_ignoring_case(a, origin); });
  }
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, scheme_end), host = origin.substr(scheme_end + 3);
  if (scheme != "http" && scheme != "https") return false;
  if (const auto own = request.header("Host"); !own.empty() && equals_ignoring_case(host, own)) return true;
  return std::ranges::any_of(std::initializer_list<std::string_view>{"127.0.0.1", "localhost", "[::1]"},
                             [&](std::string_view name) { return host == fmt::format("{}:{}", name, request.local_port); });
}

}  // namespace aybiza::net
