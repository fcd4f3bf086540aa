// Small views that use each part of the protocol once, for a test server and the browser tests.
//
// Shape    counter (events, timer, component), list (keyed rows), form, stream, tabs (patches), hook (events both ways).
//          add_demo_views puts them under /demo/<name> in the live session "demo".
// Threads  None: each view belongs to its socket.
#pragma once

#include <algorithm>
#include <vector>

#include "liveview/js.h"
#include "liveview/router.h"

namespace aybiza::liveview::demo {

class CounterView final : public View {
 public:
  void mount(Context& context, const MountInfo&) override { context.set_title("Counter"); }
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "inc") count_ += event.value["by"].integer().value_or(1);
    if (event.name == "bump") ++parts_[event.component == "left" ? 0 : 1];
    if (event.name == "toggle") right_ = !right_;
    if (event.name == "run") context.tick_every(std::chrono::milliseconds(50));
    if (event.name == "crash") throw std::runtime_error("asked to");
  }
  bool handle_info(Context&, const Info& info) override { return info.name == "tick" && (++count_, true); }
  Node render(const Context&) override {
    return html<R"(<h1>Counter</h1><output id="count">{}</output><button id="inc" phx-click="inc" phx-value-by="5">+5</button>
<button id="js" phx-click="{}">js</button><button id="run" phx-click="run">run</button>
<button id="crash" phx-click="crash">crash</button><button id="toggle" phx-click="toggle">toggle</button>{}{})">(
        count_, Js().toggle_class("on", "#count").push("inc"), part("left", 0), right_ ? part("right", 1) : Node{});
  }

 private:
  Node part(const std::string& name, std::size_t index) const {
    return component(name, html<R"(<div id="{}"><u>{}</u><button phx-click="bump" phx-target="#{}">bump</button></div>)">(
                               name, parts_[index], name));
  }
  std::int64_t count_ = 0;
  std::array<int, 2> parts_{};
  bool right_ = true;
};

class ListView final : public View {
 public:
  void handle_event(Context&, const Event& event) override {
    if (event.name == "reverse") std::ranges::reverse(items_);
    if (event.name == "add") items_.insert(items_.begin() + std::ssize(items_) / 2, next_++);
    if (event.name == "remove" && !items_.empty()) items_.erase(items_.begin());
    if (event.name == "clear") items_.clear();
    if (event.name == "bump") ++bumps_;
  }
  Node render(const Context&) override {
    const auto key = [](int item) { return item; };
    const auto row = [&](int item) { return html<R"(<li id="item-{}">item {} <b>{}</b></li>)">(item, item, bumps_); };
    return html<R"(<h1>List</h1><button id="reverse" phx-click="reverse">reverse</button><button id="add" phx-click="add">add</button>
<button id="remove" phx-click="remove">remove</button><button id="clear" phx-click="clear">clear</button>
<button id="bump" phx-click="bump">bump</button><ul id="flat">{}</ul>)">(rows(items_, key, row));
  }

 private:
  std::vector<int> items_{1, 2, 3, 4};
  int next_ = 5, bumps_ = 0;
};

class FormView final : public View {
 public:
  void handle_event(Context& context, const Event& event) override {
    name_ = event.form.text("name");
    error_ = event.form.used("name") && name_.empty() ? "a name, please" : "";
    if (event.name == "save" && error_.empty()) {
      saved_ = name_ + "/" + std::string(event.form.text("button"));
      context.put_flash("info", "Saved");
    }
  }
  Node render(const Context& context) override {
    return html<R"(<h1>Form</h1><p id="flash">{}</p><form id="form" phx-change="check" phx-submit="save">
<input type="text" id="name" name="name" value="{}" phx-debounce="200"><p id="error">{}</p>
<button name="button" value="go" phx-disable-with="…">Save</button></form><p id="typed">{}</p><p id="saved">{}</p>)">(
        context.flash("info"), name_, error_, name_, saved_);
  }

 private:
  std::string name_, error_, saved_;
};

class StreamView final : public View {
 public:
  void mount(Context& context, const MountInfo&) override {
    insert(-1), insert(-1), insert(-1);
    context.set_title("Stream");
  }
  void handle_event(Context&, const Event& event) override {
    if (event.name == "append") insert(-1);
    if (event.name == "prepend") insert(0);
    if (event.name == "limited") insert(-1, -3);
    if (event.name == "delete") pending_.deletes.push_back("m-2");
    if (event.name == "reset") pending_.reset = true, insert(-1);
    if (event.name == "other") ++other_;
  }
  Node render(const Context&) override {
    Stream now = std::exchange(pending_, {});
    now.ref = "messages";
    return html<R"(<h1>Stream</h1><button id="append" phx-click="append">append</button><button id="prepend" phx-click="prepend">prepend</button>
<button id="limited" phx-click="limited">limited</button><button id="delete" phx-click="delete">delete</button>
<button id="reset" phx-click="reset">reset</button><button id="other" phx-click="other">{}</button>
<div id="messages" phx-update="stream">{}</div>)">(other_, make_stream(std::move(now)));
  }

 private:
  void insert(int at, std::optional<int> limit = {}) {
    const int n = next_++;
    pending_.inserts.push_back({fmt::format("m-{}", n), at, limit, false, html<R"(<p id="m-{}">message {}</p>)">(n, n)});
  }
  Stream pending_;
  int next_ = 1, other_ = 0;
};

class TabsView final : public View {
 public:
  void handle_params(Context& context, const Location& at) override {
    tab_ = at.uri.query.get("tab").value_or("one");
    context.set_title("Tab " + tab_);
  }
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "three") context.push_patch("/demo/tabs?tab=three");
    if (event.name == "away") context.push_navigate("/demo/counter");
  }
  Node render(const Context&) override {
    return html<R"(<h1>Tabs</h1><a id="two" href="/demo/tabs?tab=two" data-phx-link="patch" data-phx-link-state="push">two</a>
<a id="counter" href="/demo/counter" data-phx-link="redirect" data-phx-link-state="push">counter</a>
<button id="three" phx-click="three">three</button><button id="away" phx-click="away">away</button><p id="tab">{}</p>)">(tab_);
  }

 private:
  std::string tab_;
};

// Expects a hook "Echo" that pushes "ping" {x} and listens to "points".
class HookView final : public View {
 public:
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "ping") {
      ++pings_;
      context.reply(fmt::format(R"({{"double":{}}})", 2 * event.value["x"].integer().value_or(0)));
    }
    if (event.name == "draw") context.push_event("points", R"({"ys":[1,2,3]})");
  }
  Node render(const Context&) override {
    return html<R"(<h1>Hook</h1><div id="echo" phx-hook="Echo" data-pings="{}"></div><button id="draw" phx-click="draw">draw</button>
<div id="kept" phx-update="ignore"></div>)">(pings_);
  }

 private:
  int pings_ = 0;
};

template <typename Shown>
void add_demo_view(Router& router, const std::string& name) {
  router.add({"/demo/" + name, name, "demo", [](const Visitor&) { return std::make_unique<Shown>(); }});
}

inline void add_demo_views(Router& router) {
  add_demo_view<CounterView>(router, "counter");
  add_demo_view<ListView>(router, "list");
  add_demo_view<FormView>(router, "form");
  add_demo_view<StreamView>(router, "stream");
  add_demo_view<TabsView>(router, "tabs");
  add_demo_view<HookView>(router, "hook");
}

}  // namespace aybiza::liveview::demo
