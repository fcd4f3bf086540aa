// Commands the client runs by itself: the value of phx-click and its like, as a list of operations.
//
// Shape    Js().toggle_class("open", "#menu").push("opened") in a quoted hole: phx-click="{}". The hole
//          escapes it. Targets are selectors; "" is the element itself.
// Threads  values; none.
// Source   the client's js.js, operations of phoenix_live_view 1.2.
#pragma once

#include <string>
#include <string_view>

#include "liveview/json.h"

namespace aybiza::liveview {

class Js {
 public:
  struct Push {
    std::string_view value_json = "";  // an object
    std::string_view target = "";      // selector of the component that gets the event
    std::string_view loading = "";     // selector that shows the loading class meanwhile
    bool page_loading = false;
  };
  struct Transition {
    std::string_view during = "", start = "", end = "";  // class lists, separated by spaces
    int time_ms = 200;
  };

  Js& push(std::string_view event) { return push(event, Push()); }
  Js& push(std::string_view event, const Push& how);
  Js& show(std::string_view to = "", std::string_view display = "");
  Js& hide(std::string_view to = "");
  Js& toggle(std::string_view to = "", std::string_view display = "");
  Js& add_class(std::string_view names, std::string_view to = "") { return classes("add_class", names, to); }
  Js& remove_class(std::string_view names, std::string_view to = "") { return classes("remove_class", names, to); }
  Js& toggle_class(std::string_view names, std::string_view to = "") { return classes("toggle_class", names, to); }
  Js& transition(const Transition& transition, std::string_view to = "");
  Js& set_attribute(std::string_view name, std::string_view value, std::string_view to = "");
  Js& remove_attribute(std::string_view name, std::string_view to = "");
  Js& toggle_attribute(std::string_view name, std::string_view on, std::string_view off, std::string_view to = "");
  Js& focus(std::string_view to = "") { return simple("focus", to); }
  Js& focus_first(std::string_view to = "") { return simple("focus_first", to); }
  Js& push_focus(std::string_view to = "") { return simple("push_focus", to); }
  Js& pop_focus() { return simple("pop_focus", ""); }
  Js& dispatch(std::string_view event, std::string_view to = "", std::string_view detail_json = "");
  Js& exec(std::string_view attribute, std::string_view to = "");
  Js& navigate(std::string_view href, bool replace = false) { return go("navigate", href, replace); }
  Js& patch(std::string_view href, bool replace = false) { return go("patch", href, replace); }

  std::string str() const { return writer_.str() + "]"; }

 private:
  void begin(std::string_view operation);
  Js& end(std::string_view to);
  Js& simple(std::string_view operation, std::string_view to);
  Js& classes(std::string_view operation, std::string_view names, std::string_view to);
  Js& go(std::string_view operation, std::string_view href, bool replace);
  void words(std::string_view spaced);
  JsonWriter writer_{JsonWriter().begin_array()};
};

}  // namespace aybiza::liveview
