// The thread on which every connected page lives: sockets, views, timers.
//
// Shape    network threads and the live thread post functions to it. A connection's states are conflated: between two
//          looks only the newest state of a topic is kept, and while a write is under way nothing is rendered.
// Errors   a full mailbox closes the connection that could not be served (1012): the client comes back by itself.
// Threads  open, text, writable, closed, newest and stop from any thread; everything else is the page thread's alone.
// Source   liveview/socket.h; decisions.md 32.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "dashboard/viewer.h"
#include "live/live_thread.h"
#include "liveview/socket.h"
#include "net/websocket.h"
#include "runtime/mailbox.h"
#include "runtime/thread.h"

namespace aybiza::dashboard {

class PageThread {
 public:
  using ConnectionId = std::uint64_t;
  // `latency` null: nobody measures how long events wait for their page.
  PageThread(const liveview::Router& router, const liveview::Signer& signer, LiveThread& live, ScreenLatency* latency = nullptr);
  ~PageThread() { stop(); }
  PageThread(const PageThread&) = delete;  // one per program; share a reference
  PageThread& operator=(const PageThread&) = delete;

  ConnectionId open(liveview::Visitor visitor, Viewer viewer, net::WsSender sender);
  void text(ConnectionId connection, std::string message, const net::WsSender& sender);
  void writable(ConnectionId connection);
  void closed(ConnectionId connection);
  // A state computed for a first page: the socket that follows joins with it instead of with nothing.
  void newest(std::string key, StatePtr state);
  void stop();

 private:
  struct Connection {
    std::shared_ptr<Viewer> viewer;
    std::unique_ptr<liveview::Socket> socket;
    net::WsSender sender;
    std::deque<std::string> unread;  // held back while the client sends too fast
    bool leaving = false;            // a message was given to the sender, and has not been seen to leave
  };
  using Connections = std::map<ConnectionId, Connection>;

  void loop(std::stop_token stop);
  bool post(std::function<void()> job) { return mailbox_->post(std::move(job)); }
  void opened(ConnectionId id, liveview::Visitor visitor, Viewer viewer, net::WsSender sender);
  void read(Connection& connection);
  void write(ConnectionId id);
  Watch watch(ConnectionId id, const TopicPlan& plan, const std::string& name);
  void arrived(ConnectionId id, const std::string& key, const std::string& name, StatePtr state);
  void remember(const std::string& key, StatePtr state);
  void tick();
  Duration until_due() const;

  LiveThread& live_;
  const Clock& clock_;
  ScreenLatency* const latency_;
  std::atomic<ConnectionId> next_{1};
  using Jobs = Mailbox<std::function<void()>>;
  const std::shared_ptr<Jobs> mailbox_;  // shared with subscriptions: a last state may come after this object is gone
  liveview::Endpoint endpoint_;
  struct Kept {
    StatePtr state;
    Instant at{};
  };
  std::map<std::string, Kept> states_;
  std::deque<std::string> state_ages_;
  Renders renders_;
  Connections connections_;
  Thread thread_;  // last: the members above outlive it
};

}  // namespace aybiza::dashboard
