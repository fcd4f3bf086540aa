// Which view answers which path.
//
// Shape    a pattern is segments, literal or ":name" ("/calls/:id"); the first added that matches wins. Views of one
//          live session share layout and login rule, and the client moves between them without loading a page.
// Errors   add() CHECKs a pattern: patterns are in the program, not from outside.
// Cost     find: a walk over the routes; a dashboard has some dozens.
// Threads  built once, then const: any thread.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "liveview/view.h"

namespace aybiza::liveview {

struct LayoutInput {
  std::string_view title, csrf_token, live_session, view, path;
  const Visitor& visitor;
  const Node& main;  // the view's root element
};
using Layout = std::function<Node(const LayoutInput&)>;  // from "<!doctype html>" on

struct Route {
  std::string pattern, view, live_session;
  ViewFactory make;
};

struct Match {
  const Route* route = nullptr;
  Location location;
};

class Router {
 public:
  Router& layout(std::string live_session, Layout layout);
  Router& add(Route route);
  std::optional<Match> find(const Uri& uri) const;
  const Layout* layout_of(std::string_view live_session) const;

 private:
  std::deque<Route> routes_;  // addresses stay
  std::map<std::string, Layout, std::less<>> layouts_;
};

}  // namespace aybiza::liveview
