#include "liveview/js.h"

#include <algorithm>

namespace aybiza::liveview {

void Js::begin(std::string_view operation) { writer_.begin_array().text(operation).begin_object(); }

Js& Js::end(std::string_view to) {
  if (!to.empty()) writer_.field("to", to);
  writer_.end_object().end_array();
  return *this;
}

Js& Js::simple(std::string_view operation, std::string_view to) {
  begin(operation);
  return end(to);
}

void Js::words(std::string_view spaced) {
  writer_.begin_array();
  while (!spaced.empty()) {
    const std::string_view word = spaced.substr(0, spaced.find(' '));
    if (!word.empty()) writer_.text(word);
    spaced.remove_prefix(std::min(spaced.size(), word.size() + 1));
  }
  writer_.end_array();
}

Js& Js::push(std::string_view event, const Push& how) {
  begin("push");
  writer_.field("event", event);
  if (!how.value_json.empty()) writer_.key("value").json(how.value_json);
  if (!how.target.empty()) writer_.field("target", how.target);
  if (!how.loading.empty()) writer_.field("loading", how.loading);
  if (how.page_loading) writer_.key("page_loading").boolean(true);
  return end("");
}

Js& Js::show(std::string_view to, std::string_view display) {
  begin("show");
  if (!display.empty()) writer_.field("display", display);
  return end(to);
}
Js& Js::hide(std::string_view to) { return simple("hide", to); }
Js& Js::toggle(std::string_view to, std::string_view display) {
  begin("toggle");
  if (!display.empty()) writer_.field("display", display);
  return end(to);
}

Js& Js::classes(std::string_view operation, std::string_view names, std::string_view to) {
  begin(operation);
  writer_.key("names");
  words(names);
  return end(to);
}

Js& Js::transition(const Transition& transition, std::string_view to) {
  begin("transition");
  writer_.key("transition").begin_array();
  for (const std::string_view part : {transition.during, transition.start, transition.end}) words(part);
  writer_.end_array().key("time").integer(transition.time_ms);
  return end(to);
}

Js& Js::set_attribute(std::string_view name, std::string_view value, std::string_view to) {
  begin("set_attr");
  writer_.key("attr").begin_array().text(name).text(value).end_array();
  return end(to);
}
Js& Js::remove_attribute(std::string_view name, std::string_view to) {
  begin("remove_attr");
  writer_.field("attr", name);
  return end(to);
}
Js& Js::toggle_attribute(std::string_view name, std::string_view on, std::string_view off, std::string_view to) {
  begin("toggle_attr");
  writer_.key("attr").begin_array().text(name).text(on);
  if (!off.empty()) writer_.text(off);
  writer_.end_array();
  return end(to);
}

Js& Js::dispatch(std::string_view event, std::string_view to, std::string_view detail_json) {
  begin("dispatch");
  writer_.field("event", event);
  if (!detail_json.empty()) writer_.key("detail").json(detail_json);
  return end(to);
}
Js& Js::exec(std::string_view attribute, std::string_view to) {
  begin("exec");
  writer_.field("attr", attribute);
  return end(to);
}
Js& Js::go(std::string_view operation, std::string_view href, bool replace) {
  begin(operation);
  writer_.field("href", href).key("replace").boolean(replace);
  return end("");
}

}  // namespace aybiza::liveview
