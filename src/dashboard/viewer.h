// What a page knows about who looks at it, and how it gets its states: the claims of a liveview::Visitor.
//
// Shape    over HTTP `now` computes at once (null: comes with the socket); over the socket `watch` hands over the newest state when there is one and
//          keeps sending: each later one comes as Info{name, StatePtr}. A Watch unsubscribes when it goes.
// Threads  a value; the functions are called where the view runs.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/change_log.h"
#include "auth/share_links.h"
#include "dashboard/preferences.h"
#include "dashboard/source.h"
#include "dashboard/texts.h"
#include "live/hub.h"
#include "live/screen_latency.h"
#include "liveview/view.h"

namespace aybiza::dashboard {

class Watch {
 public:
  Watch() = default;
  Watch(StatePtr newest, std::function<void()> end) : newest_(std::move(newest)), end_(std::move(end)) {}
  Watch(Watch&& other) noexcept : newest_(std::move(other.newest_)), end_(std::exchange(other.end_, nullptr)) {}
  Watch& operator=(Watch&& other) noexcept {
    std::swap(newest_, other.newest_);
    std::swap(end_, other.end_);
    return *this;
  }
  ~Watch() {
    if (end_) end_();
  }
  const StatePtr& newest() const { return newest_; }

 private:
  StatePtr newest_;
  std::function<void()> end_;
};

// What pages of one topic show alike, rendered once for all of them; by topic.
using Renders = std::map<std::string, std::shared_ptr<void>>;

class BoardStore;
class ReportBook;

// Where what people make is kept.
struct Keeping {
  PreferenceStore* preferences = nullptr;
  BoardStore* boards = nullptr;
  auth::ShareLinks* links = nullptr;
  const auth::ChangeLog* changes = nullptr;
  ReportBook* reports = nullptr;
  std::function<void()> send_reports;  // those that were asked for now; null: there is no mail server
};

// Whether a Host header ("127.0.0.1:8080") calls the machine one sits at.
inline bool names_loopback(std::string_view host) {
  const std::size_t port = host.rfind(':');
  if (port != host.npos && host.find(']', port) == host.npos) host = host.substr(0, port);
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

struct Viewer {
  std::vector<std::string> customers;  // whom they may see; empty: all
  std::string brand = "AYBIZA";
  std::string host;                    // of this server, as their browser calls it
  std::string user_id, user;           // who signed in; empty: nobody had to
  std::string person;                  // under whom preferences and boards are kept; empty: nothing is kept for them
  Preferences preferences;             // as they were when the page was asked for, or the socket opened
  Keeping keeping;
  bool gives_away = false;             // may make links that others follow
  std::shared_ptr<const auth::ShareLink> share = nullptr;  // who came by a link: this page, these figures, and nothing to press
  bool pictured = false;               // nobody looks: a picture is being taken, and there is nothing to press either
  bool edits = false;                  // may change what belongs to everybody they see: operator, admin
  bool sees_changes = false;           // reads the record of changes: admin of all customers
  std::function<bool()> still;         // null: their rights do not end
  Source* source = nullptr;            // for plans only: views never call it themselves
  std::function<StatePtr(const TopicPlan&)> now;
  std::function<Watch(const TopicPlan&, std::string name)> watch;
  Renders* renders = nullptr;          // of the thread on which the view runs; null: none to share with
  std::shared_ptr<OnScreen> screen;    // how long events wait until this page shows them; null: nobody measures
  std::shared_ptr<int> status = std::make_shared<int>(200);  // of the HTTP answer; a page that finds nothing says 404

  // Into the record of changes; what could not be written there has been done all the same.
  void note(Instant time, std::string_view what, std::string_view target) const {
    if (keeping.changes) static_cast<void>(keeping.changes->record({time, user.empty() ? "local" : "user " + user, std::string(what), std::string(target), customers.empty() ? std::string() : customers.front()}));
  }
  // What stands before a path for somebody else. Only a loopback address is served without TLS.
  std::string origin() const { return host.empty() ? "" : (names_loopback(host) ? "http://" : "https://") + host; }
  bool read_only() const { return share || pictured; }
  const Texts& texts() const { return texts_of(preferences.language); }
  std::string customer() const { return customers.empty() ? std::string("*") : customers.front(); }  // to whom their shared boards belong
};

inline const Viewer& viewer_of(const liveview::Visitor& visitor) { return *static_cast<const Viewer*>(visitor.claims.get()); }

}  // namespace aybiza::dashboard
