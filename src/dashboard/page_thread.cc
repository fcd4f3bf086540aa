#include "dashboard/page_thread.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace aybiza::dashboard {

using namespace std::chrono_literals;

namespace {

constexpr auto joins_with = 2s;  // a state no older than this is shown until the next one comes

// A page acknowledges each diff it has drawn: what it is sent must not make it one that talks too much.
static_assert(2 * (1s / topic_rhythm) <= limits::ws_messages_per_second && 1s / topic_rhythm < limits::liveview_events_per_second);

// The newest state of one watched topic on its way from the live thread. A state put in while one waits replaces it, so
// there is at most one message under way per topic and connection.
struct Passage {
  std::atomic<StatePtr> newest;
};

}  // namespace

PageThread::PageThread(const liveview::Router& router, const liveview::Signer& signer, LiveThread& live, ScreenLatency* latency)
    : live_(live), clock_(live.clock()), latency_(latency), mailbox_(std::make_shared<Jobs>(limits::page_messages)), endpoint_{router, signer},
      thread_("pages", [this](std::stop_token stop) { loop(stop); }) {}

void PageThread::stop() {
  mailbox_->close();
  thread_.request_stop();
  mailbox_->wake();
  if (thread_.joinable()) thread_.join();
}

PageThread::ConnectionId PageThread::open(liveview::Visitor visitor, Viewer viewer, net::WsSender sender) {
  const ConnectionId id = next_.fetch_add(1);
  const bool taken = post([this, id, visitor = std::move(visitor), viewer = std::move(viewer), sender]() mutable {
    opened(id, std::move(visitor), std::move(viewer), std::move(sender));
  });
  if (!taken) sender.close(net::ws_close::service_restart, "busy");
  return id;
}

void PageThread::opened(ConnectionId id, liveview::Visitor visitor, Viewer viewer, net::WsSender sender) {
  auto held = std::make_shared<Viewer>(std::move(viewer));
  held->watch = [this, id](const TopicPlan& plan, const std::string& name) { return watch(id, plan, name); };
  held->renders = &renders_;
  if (latency_) held->screen = std::make_shared<OnScreen>(*latency_);
  if (renders_.size() > limits::page_states_kept) renders_.clear();  // the pages make what they need anew
  visitor.claims = held;
  auto socket = std::make_unique<liveview::Socket>(endpoint_, std::move(visitor), clock_.now());
  connections_.emplace(id, Connection{std::move(held), std::move(socket), std::move(sender), {}, false});
}

void PageThread::text(ConnectionId id, std::string message, const net::WsSender& sender) {
  const bool taken = post([this, id, message = std::move(message)]() mutable {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    at->second.unread.push_back(std::move(message));
    read(at->second);
    write(id);
  });
  if (!taken) sender.close(net::ws_close::service_restart, "busy");
}

void PageThread::read(Connection& connection) {
  while (!connection.unread.empty()) {
    const Instant now = clock_.now();
    if (const auto again = connection.socket->read_again_at(); again && now < *again) break;
    const std::string message = std::move(connection.unread.front());
    connection.unread.pop_front();
    connection.socket->on_message(message, now);
  }
  // The network layer allows a burst of ws_messages_burst; more than that unread is no page of ours.
  if (connection.unread.size() > limits::ws_messages_burst) connection.sender.close(net::ws_close::policy, "too many messages");
}

void PageThread::writable(ConnectionId id) {
  (void)post([this, id] { write(id); });  // full: the next message or tick writes
}

void PageThread::write(ConnectionId id) {
  const auto at = connections_.find(id);
  if (at == connections_.end()) return;
  Connection& connection = at->second;
  while (connection.sender.pending_bytes() == 0) {
    const Instant now = clock_.now();
    if (std::exchange(connection.leaving, false) && connection.viewer->screen) connection.viewer->screen->left(now);
    auto frame = connection.socket->next_frame(now);
    if (!frame || !connection.sender.send(std::move(*frame))) break;
    connection.leaving = true;
  }
  if (const auto code = connection.socket->close_code()) connection.sender.close(std::uint16_t(*code));
}

void PageThread::closed(ConnectionId id) {
  // A full mailbox would leave the connection behind; tick() finds it by its sender.
  (void)post([this, id] { connections_.erase(id); });
}

void PageThread::newest(std::string key, StatePtr state) {
  (void)post([this, key = std::move(key), state = std::move(state)]() mutable { remember(key, std::move(state)); });
}

void PageThread::remember(const std::string& key, StatePtr state) {
  const auto [at, is_new] = states_.insert_or_assign(key, Kept{std::move(state), clock_.now()});
  if (!is_new) return;
  state_ages_.push_back(key);
  if (state_ages_.size() <= limits::page_states_kept) return;
  states_.erase(state_ages_.front());
  state_ages_.pop_front();
}

Watch PageThread::watch(ConnectionId id, const TopicPlan& plan, const std::string& name) {
  auto passage = std::make_shared<Passage>();
  const auto subscriber = live_.subscribe(plan, [this, jobs = mailbox_, id, passage, key = plan.key, name](const StatePtr& state) {
    if (passage->newest.exchange(state)) return;  // one is under way and will take this state along
    // `this` is looked at by the page thread alone, which ends before it; a closed mailbox takes nothing.
    const bool taken = jobs->post([this, id, passage, key, name] { arrived(id, key, name, passage->newest.exchange(nullptr)); });
    if (!taken) passage->newest.exchange(nullptr);  // the next state tries again
  });
  const auto held = states_.find(plan.key);
  const bool young = held != states_.end() && clock_.now() - held->second.at < joins_with;
  return {young ? held->second.state : nullptr, [this, subscriber] { live_.unsubscribe(subscriber); }};
}

void PageThread::arrived(ConnectionId id, const std::string& key, const std::string& name, StatePtr state) {
  if (!state) return;
  remember(key, state);
  const auto at = connections_.find(id);
  if (at == connections_.end()) return;
  at->second.socket->inform(name, std::any(std::move(state)), clock_.now());
  write(id);
}

void PageThread::tick() {
  const Instant now = clock_.now();
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = at->second;
    if (!connection.sender.open()) {
      at = connections_.erase(at);
      continue;
    }
    if (connection.viewer->still && !connection.viewer->still()) connection.sender.close(net::ws_close::service_restart, "signed out");
    read(connection);
    connection.socket->tick(now);
    write((at++)->first);
  }
}

Duration PageThread::until_due() const {
  const Instant now = clock_.now();
  Duration soonest = 1s;
  for (const auto& [id, connection] : connections_) {
    if (const auto due = connection.socket->next_tick()) soonest = std::min(soonest, Duration(*due - now));
    if (const auto again = connection.socket->read_again_at(); again && !connection.unread.empty()) soonest = std::min(soonest, Duration(*again - now));
  }
  return std::max(soonest, Duration(1ms));
}

void PageThread::loop(std::stop_token stop) {
  Duration next_look = clock_.elapsed();
  while (!stop.stop_requested()) {
    mailbox_->drain_wait(std::max(Duration(0), next_look - clock_.elapsed()), [&](std::function<void()>&& job) {
      if (!stop.stop_requested()) job();
    });
    if (stop.stop_requested()) break;
    if (clock_.elapsed() < next_look) continue;
    tick();
    next_look = clock_.elapsed() + std::min(until_due(), Duration(250ms));
  }
  for (auto& [id, connection] : connections_) connection.sender.close(net::ws_close::service_restart, "the server restarts");
  connections_.clear();
}

}  // namespace aybiza::dashboard
