// Views for what the demo views leave out of the protocol: every operation of a stream, hooks that come and go, navigation
// from events, timers and mount, ticks, and random trees beside the HTML they must become.
//
// Shape    streams, hooks, moves, arrive, ticks, random, under /demo/<name> in the live session "demo"; /other/page is in
//          another live session. add_protocol_views registers them all.
// Threads  None: each view belongs to its socket.
#pragma once

#include <random>

#include "demo_views.h"
#include "liveview/diff.h"

namespace aybiza::liveview::demo {

class StreamsView final : public View {
 public:
  void mount(Context&, const MountInfo&) override {
    for (int n = 1; n <= 3; ++n) insert(n, -1);
  }
  void handle_event(Context&, const Event& event) override {
    const int n = int(event.value["n"].integer().value_or(0));
    if (event.name == "append") insert(n, -1);
    if (event.name == "prepend") insert(n, 0);
    if (event.name == "at") insert(n, 2);
    if (event.name == "update") insert(n, -1, "new");
    if (event.name == "update_only") insert(n, -1, "only", {}, true);
    if (event.name == "limited") insert(n, -1, "", -3);
    if (event.name == "delete") pending_.deletes.push_back(fmt::format("s-{}", n));
    if (event.name == "reset") pending_.reset = true, insert(n, -1);
    if (event.name == "other") ++other_;
  }
  Node render(const Context&) override {
    Stream now = std::exchange(pending_, {});
    now.ref = "rows";
    return html<R"(<h1>Streams</h1><p id="other">{}</p><div id="rows" phx-update="stream">{}</div>)">(other_, make_stream(std::move(now)));
  }

 private:
  void insert(int n, int at, std::string_view word = "", std::optional<int> limit = {}, bool update_only = false) {
    pending_.inserts.push_back({fmt::format("s-{}", n), at, limit, update_only, html<R"(<p id="s-{}">row {}{}</p>)">(n, n, word)});
  }
  Stream pending_;
  int other_ = 0;
};

// Expects a hook "Probe" that keeps a log of its life and of the events it gets.
class HooksView final : public View {
 public:
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "change") ++version_;
    if (event.name == "toggle") shown_ = !shown_;
    if (event.name == "both") {
      ++version_;
      context.push_event("before", R"({"n":1})", true);
      context.push_event("after", R"({"n":2})");
    }
    if (event.name == "ask") context.reply(R"({"answer":42})");
    if (event.name == "ask_and_change") ++version_, context.reply(R"({"answer":43})");
  }
  Node render(const Context&) override {
    std::optional<Node> probe;
    if (shown_) probe = html<R"(<div id="probe" phx-hook="Probe" data-version="{}">version {}</div>)">(version_, version_);
    return html<R"(<h1>Hooks</h1><p id="version">{}</p>{}<button id="both" phx-click="both">both</button>)">(version_, probe);
  }

 private:
  int version_ = 0;
  bool shown_ = true;
};

class MovesView final : public View {
 public:
  void handle_params(Context& context, const Location& at) override {
    at_ = at.uri.query.get("at").value_or("start");
    ++patches_;
    context.set_title("At " + at_);
  }
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "later") context.tick_every(std::chrono::milliseconds(30));
    if (event.name == "away") context.push_navigate("/demo/counter");
    if (event.name == "check") typed_ = event.form.text("word");
  }
  bool handle_info(Context& context, const Info& info) override {
    if (info.name != "tick") return false;
    context.tick_every(Duration(0));
    context.push_patch("/demo/moves?at=timer");
    return true;
  }
  Node render(const Context&) override {
    return html<R"(<h1>Moves</h1><p id="at">{}</p><p id="patches">{}</p>
<a id="link" href="/demo/moves?at=link" data-phx-link="patch" data-phx-link-state="push">link</a>
<a id="replace" href="/demo/moves?at=replaced" data-phx-link="patch" data-phx-link-state="replace">replace</a>
<button id="js" phx-click="{}">js</button><button id="later" phx-click="later">later</button>
<a id="counter" href="/demo/counter" data-phx-link="redirect" data-phx-link-state="push">counter</a>
<a id="wrong" href="/demo/list" data-phx-link="patch" data-phx-link-state="push">patch to another view</a>
<a id="other" href="/other/page" data-phx-link="redirect" data-phx-link-state="push">another session</a>
<a id="arrive" href="/demo/arrive?go=redirect" data-phx-link="redirect" data-phx-link-state="push">redirects</a>
<a id="patched" href="/demo/arrive?go=patch" data-phx-link="redirect" data-phx-link-state="push">patches</a>
<button id="away" phx-click="away">away</button>
<form id="form" phx-change="check"><input type="text" id="word" name="word" value="{}"></form><p id="typed">{}</p>
<div id="probe" phx-hook="Probe" data-version="{}">probe</div>)">(
        at_, patches_, Js().patch("/demo/moves?at=js"), typed_, typed_, patches_);
  }

 private:
  std::string at_, typed_;
  int patches_ = 0;
};

// Sends its visitor on before it shows anything.
class ArriveView final : public View {
 public:
  void handle_params(Context& context, const Location& at) override {
    go_ = at.uri.query.get("go").value_or("");
    if (go_ == "redirect") context.push_navigate("/demo/counter");
    if (go_ == "patch") context.push_patch("/demo/arrive?go=arrived");
  }
  Node render(const Context&) override { return html<R"(<h1>Arrive</h1><p id="go">{}</p>)">(go_); }

 private:
  std::string go_;
};

class TicksView final : public View {
 public:
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "run") context.tick_every(std::chrono::milliseconds(50));
  }
  bool handle_info(Context& context, const Info& info) override {
    if (info.name != "tick") return false;
    if (++ticks_ == 60) context.tick_every(Duration(0));
    return true;
  }
  Node render(const Context&) override { return html<R"(<h1>Ticks</h1><output id="ticks">{}</output>)">(ticks_); }

 private:
  int ticks_ = 0;
};

// A tree that changes at random; with every change goes the HTML the page must show.
class RandomView final : public View {
 public:
  void handle_event(Context& context, const Event& event) override {
    if (event.name != "mutate") return;
    dice_.seed(std::uint32_t(event.value["seed"].integer().value_or(1)));
    tree_ = part(3);
    context.push_event("expect", JsonWriter().begin_object().field("html", to_html(tree_)).end_object().str());
  }
  Node render(const Context&) override { return html<R"(<div id="tree">{}</div>)">(tree_); }

 private:
  int roll(int sides) { return int(dice_() % unsigned(sides)); }
  Node word() { return Node::text(std::array<std::string_view, 5>{"", "one", "<two>", "\"three\" & more", "vier ü"}[std::size_t(roll(5))]); }
  Node part(int depth) {
    switch (depth == 0 ? 0 : roll(6)) {
      case 0: return html<R"(<b>{}</b>)">(word());                                             // a single root
      case 1: return html<R"(<i>{}</i> and <u class="{}">{}</u>)">(word(), roll(3), part(depth - 1));  // several
      case 2: return html<R"(<section>{}{}</section>)">(part(depth - 1), part(depth - 1));
      case 3: return list(depth);
      case 4: return Node{};
      default: return html<R"({}<hr>)">(part(depth - 1));
    }
  }
  Node list(int depth) {
    std::vector<int> keys(std::size_t(roll(6)));
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = int(i);
    std::ranges::shuffle(keys, dice_);
    const bool wrapped = roll(2) == 0;
    const auto key = [](int k) { return k; };
    const auto row = [&](int k) { return html<R"(<p class="k{}">{}{}</p>)">(k, word(), part(depth - 1)); };
    return wrapped ? rows(keys, key, row) : each(keys, key, row);
  }
  std::mt19937 dice_;
  Node tree_;
};

inline void add_protocol_views(Router& router) {
  add_demo_views(router);
  add_demo_view<StreamsView>(router, "streams");
  add_demo_view<HooksView>(router, "hooks");
  add_demo_view<MovesView>(router, "moves");
  add_demo_view<ArriveView>(router, "arrive");
  add_demo_view<TicksView>(router, "ticks");
  add_demo_view<RandomView>(router, "random");
  router.add({"/other/page", "other", "other", [](const Visitor&) { return std::make_unique<CounterView>(); }});
}

}  // namespace aybiza::liveview::demo
