// What a page implements: one View per join, asked for events and for its tree.
//
// Shape    mount, then handle_params with the address, then events and infos in any order; render() after each. A View
//          never sends: it tells its Context what shall happen, and the channel does it. The same View serves the first
//          page over HTTP, with connected() false.
//          render() is called once per message that leaves, never ahead of a slow reader, so skipped states cost nothing.
// Errors   whatever a handler throws ends this view with phx_error; the client joins again after a second.
// Threads  None: owned by one socket, which is owned by one thread.
// Source   Phoenix.LiveView callbacks.
#pragma once

#include <any>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "liveview/form.h"
#include "liveview/html.h"
#include "liveview/json.h"

namespace aybiza::liveview {

// Who is at the other end, as the HTTP side has established it.
struct Visitor {
  std::string sid;      // from the cookie of this request; "" when there is none
  std::string csrf;     // from the query of the upgrade
  std::string user;     // "" when nobody has signed in
  std::string address;  // of the client, for counting refusals
  std::shared_ptr<const void> claims;  // what auth knows; the views know its type
};

struct Location {
  Uri uri;
  Form params;  // of the path: ":id"
  std::string_view param(std::string_view name) const { return params.text(name); }
};

struct MountInfo {
  const Json& params;  // of LiveSocket; empty over HTTP
  int mounts = 0;      // 1 or more: the client was connected before
};

struct Event {
  std::string_view name, type;       // type: click, form, keydown, hook, ...
  const Json& value;                 // null for forms
  const Form& form;                  // empty for others; holds "_target" too
  std::optional<int> cid;            // of the component it is for
  std::string_view component;        // its key; "" for fixed numbers
  bool is_form() const { return type == "form"; }
  std::string_view target() const { return form.text("_target"); }
};

struct Info {
  std::string_view name;  // "tick", or what the view subscribed to
  const std::any& value;
};

enum class Address : unsigned char { push, replace };

class Context {
 public:
  Context(const Visitor& visitor, bool is_connected, Instant now)
      : visitor_(visitor), connected_(is_connected), now_(now) {}

  const Visitor& visitor() const { return visitor_; }
  bool connected() const { return connected_; }
  Instant now() const { return now_; }

  // A window event "phx:<name>" for hooks, after the patch. The JSON is the caller's word: build it with JsonWriter.
  void push_event(std::string_view name, std::string json, bool before_patch = false);
  // The same, replacing one of the same name and key that has not left yet: for charts that outrun a slow reader.
  void push_latest(std::string_view name, std::string_view key, std::string json);
  // An event that goes with the next message, and replaces the one before that has not left. Where what changed takes several messages (step.h), each but
  // the last has `while_more` instead.
  void push_with(std::string_view name, std::string json, std::string while_more) { with_ = With{std::string(name), std::move(json), std::move(while_more)}; }
  void reply(std::string json) { reply_ = std::move(json); }  // what pushEvent in a hook resolves to
  // Of an event's handler: the answer brings the reply and nothing of the page; if that has changed, it travels as if nobody had asked.
  void unchanged(bool page = false) { unchanged_ = true, changed_beside_ = page; }
  void set_title(std::string_view title) { title_ = title; }

  void push_patch(std::string_view to, Address how = Address::push);     // same view, other parameters
  void push_navigate(std::string_view to, Address how = Address::push);  // another view of this live session
  void redirect(std::string_view to);                                    // a full page of this site
  void redirect_away(std::string_view url);                              // of any site: never from input

  void put_flash(std::string_view kind, std::string_view text) { flash_.insert_or_assign(std::string(kind), text); }
  void clear_flash(std::string_view kind);  // "" clears all
  std::string_view flash(std::string_view kind) const;

  void tick_every(Duration period);  // handle_info("tick"), not more often than that; zero stops
  void subscribe(std::string_view name) { subscriptions_.emplace(name); }
  void unsubscribe(std::string_view name) { subscriptions_.erase(std::string(name)); }

 private:
  friend class Channel;
  friend class DeadRender;
  enum class Go : unsigned char { patch, navigate, redirect };
  struct Navigation {
    Go go;
    std::string to;
    Address how;
  };
  struct Pushed {
    std::string name, json, key;
    bool before_patch = false, replaceable = false;
  };
  struct With {
    std::string name, json, while_more;
  };
  void navigate(Go go, std::string_view to, Address how);

  const Visitor& visitor_;
  bool connected_;
  Instant now_;
  std::deque<Pushed> events_;
  std::optional<std::string> reply_, title_;
  std::optional<Navigation> navigation_;
  std::map<std::string, std::string, std::less<>> flash_;
  std::optional<With> with_;
  bool unchanged_ = false, changed_beside_ = false;
  Duration tick_period_{0};
  Instant tick_due_;
  std::set<std::string, std::less<>> subscriptions_;
};

class View {
 public:
  View() = default;
  View(const View&) = delete;  // one per join; share what is shared by pointer
  View& operator=(const View&) = delete;
  virtual ~View() = default;

  virtual void mount(Context&, const MountInfo&) {}
  virtual void handle_params(Context&, const Location&) {}
  virtual void handle_event(Context&, const Event&) {}
  virtual bool handle_info(Context&, const Info&) { return false; }  // true: render again
  virtual Node render(const Context&) = 0;
};

using ViewFactory = std::function<std::unique_ptr<View>(const Visitor&)>;

}  // namespace aybiza::liveview
