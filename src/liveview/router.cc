#include "liveview/router.h"

#include "base/check.h"

namespace aybiza::liveview {
namespace {

// Takes the next segment off the path: "/a/b" gives "a" and leaves "/b".
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::string_view without_trailing_slash(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

std::optional<Form> match(std::string_view pattern, std::string_view path) {
  Form params;
  path = without_trailing_slash(path);
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern), given = next_segment(path);
    if (!wanted.starts_with(':')) {
      if (wanted != given) return std::nullopt;
    } else if (given.empty()) {
      return std::nullopt;
    } else {
      params.set(wanted.substr(1), percent_decoded(given, false));
    }
  }
  return pattern.empty() && path.empty() ? std::optional(std::move(params)) : std::nullopt;
}

}  // namespace

Router& Router::layout(std::string live_session, Layout layout) {
  layouts_.insert_or_assign(std::move(live_session), std::move(layout));
  return *this;
}

Router& Router::add(Route route) {
  CHECK(route.pattern.starts_with('/') && route.make);
  routes_.push_back(std::move(route));
  return *this;
}

std::optional<Match> Router::find(const Uri& uri) const {
  if (!uri.path.starts_with('/')) return std::nullopt;
  for (const Route& route : routes_) {
    if (auto params = match(route.pattern, uri.path)) return Match{&route, {uri, std::move(*params)}};
  }
  return std::nullopt;
}

const Layout* Router::layout_of(std::string_view live_session) const {
  const auto at = layouts_.find(live_session);
  return at == layouts_.end() ? nullptr : &at->second;
}

}  // namespace aybiza::liveview
