#include "net/router.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

namespace aybiza::net {
namespace {

enum class Kind : char { tail = '0', name = '1', literal = '2' };

// Calls each(segment) for "/a/b" -> "a", "b"; a trailing slash is an empty last segment, "/" alone is none.
template <typename Each>
void for_each_segment(std::string_view path, Each&& each) {
  if (path.size() <= 1) return;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!each(path.substr(0, slash)) || slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

Kind kind_of(std::string_view segment) {
  return segment == "*" ? Kind::tail : segment.starts_with(':') ? Kind::name : Kind::literal;
}

// One character per segment; a greater text is the more particular pattern.
std::string rank_of(std::string_view pattern) {
  std::string rank;
  for_each_segment(pattern, [&](std::string_view s) { return rank += static_cast<char>(kind_of(s)), true; });
  return rank;
}

// Two patterns that differ in the names of parameters only are the same pattern.
std::string shape_of(std::string_view pattern) {
  std::string shape;
  for_each_segment(pattern, [&](std::string_view s) {
    shape += '/';
    shape += kind_of(s) == Kind::name ? std::string_view(":") : s;
    return true;
  });
  return shape;
}

bool well_formed(std::string_view pattern) {
  if (!pattern.starts_with('/')) return false;
  bool good = true, ended = false;
  for_each_segment(pattern, [&](std::string_view s) {
    if (ended || s == ":" || (s != "*" && s.contains('*'))) good = false;
    ended = s == "*";
    return good;
  });
  return good;
}

using Params = std::vector<std::pair<std::string, std::string>>;

// Is the path of this pattern, given its decoded segments? Fills `params`.
bool matches(std::string_view pattern, const std::vector<std::string>& segments, Params& params) {
  std::size_t at = 0;
  bool good = true, tail = false;
  for_each_segment(pattern, [&](std::string_view want) {
    if (want == "*") {
      std::string rest;
      for (; at < segments.size(); ++at) rest += (rest.empty() ? "" : "/") + segments[at];
      params.emplace_back("*", std::move(rest));
      return !(tail = true);
    }
    if (at == segments.size()) return good = false;
    const std::string& have = segments[at++];
    if (!want.starts_with(':')) return good = want == have;
    if (have.empty()) return good = false;
    params.emplace_back(want.substr(1), have);
    return true;
  });
  return good && (tail || at == segments.size());
}

std::optional<std::vector<std::string>> decoded_segments(std::string_view path) {
  std::vector<std::string> out;
  bool good = path.starts_with('/');
  for_each_segment(path, [&](std::string_view s) {
    auto decoded = percent_decode(s);
    if (!decoded) return good = false;
    out.push_back(std::move(*decoded));
    return true;
  });
  if (!good) return std::nullopt;
  return out;
}

constexpr std::size_t method_count = static_cast<std::size_t>(Method::other) + 1;

std::string allow_header(const std::bitset<method_count>& methods) {
  std::string out;
  for (std::size_t i = 0; i < method_count; ++i) {
    if (!methods[i]) continue;
    if (!out.empty()) out += ", ";
    out += to_string(static_cast<Method>(i));
  }
  return out;
}

}  // namespace

std::string_view to_string(Policy policy) {
  constexpr std::string_view names[] = {"none", "open", "ingest", "read", "admin", "page"};
  return names[static_cast<std::size_t>(policy)];
}

Status Router::add(Route route) {
  if (route.policy == Policy::none) return fail(Code::invalid, "{} has no policy", route.pattern);
  if (!well_formed(route.pattern)) return fail(Code::invalid, "{} is not a path pattern", route.pattern);
  if (static_cast<bool>(route.handler) == static_cast<bool>(route.websocket)) {
    return fail(Code::invalid, "{} needs one handler", route.pattern);
  }
  if (route.websocket && route.method != Method::get) {
    return fail(Code::invalid, "{}: a WebSocket starts with GET", route.pattern);
  }
  if (route.method >= Method::options || route.method == Method::head) {
    return fail(Code::invalid, "{}: HEAD and OPTIONS are answered by the table", route.pattern);
  }
  for (const Route& other : routes_) {
    if (other.method == route.method && shape_of(other.pattern) == shape_of(route.pattern)) {
      return fail(Code::invalid, "{} {} is there already", to_string(route.method), route.pattern);
    }
  }
  routes_.push_back(std::move(route));
  std::ranges::stable_sort(routes_, std::greater<>(), [](const Route& r) { return rank_of(r.pattern); });
  return {};
}

Router::Match Router::match(Method method, std::string_view path) const {
  Match found;
  const auto segments = decoded_segments(path);
  if (!segments) return found;
  const Method wanted = method == Method::head ? Method::get : method;
  std::bitset<method_count> methods;
  for (const Route& route : routes_) {
    Params params;
    if (!matches(route.pattern, *segments, params)) continue;
    if (route.method == wanted) {
      found.route = &route;
      found.params = std::move(params);
      return found;
    }
    methods.set(static_cast<std::size_t>(route.method));
    methods.set(static_cast<std::size_t>(Method::options));
    if (route.method == Method::get) methods.set(static_cast<std::size_t>(Method::head));
  }
  found.allowed = allow_header(methods);
  return found;
}

}  // namespace aybiza::net
