// One WebSocket connection of a LiveView client, as a state machine without a socket.
//
// Shape    bytes in with on_message; frames out with next_frame, one whenever the transport can write. Replies leave in
//          the order of their questions; a view that changed by itself is rendered only when it is its turn to be
//          written, so a slow reader costs one pending state per view, not one message per change.
//              while (auto frame = socket.next_frame(now)) write(*frame);   // again after each completed write
// Errors   what a client does wrong is answered in the protocol (stale, unauthorized, overloaded, phx_error) or closes the
//          connection; never with 1000, which the client takes for a goodbye and reloads the page seconds later.
// Units    Instant; the transport calls tick(now) by next_tick().
// Threads  None: a Socket and its Endpoint belong to one thread.
// Source   Phoenix channels 2.0.0 and phoenix_live_view 1.2.12; RFC 6455 section 7.4.
#pragma once

#include "liveview/channel.h"

namespace aybiza::liveview {

// Answering `stale` makes the client load the page at once; a client that never gets a good cookie would do so for ever.
class Refusals {
 public:
  bool stale_allowed(const std::string& client, Instant now);

 private:
  struct Count {
    int answers = 0;
    Instant since;
  };
  std::map<std::string, Count> counts_;
};

struct Endpoint {
  const Router& router;
  const Signer& signer;
  std::function<void(std::string_view view, std::string_view what)> on_exception = {};
  DiffCache cache = {};
  Refusals refusals = {};
  Counters counters = {};
};

enum class CloseCode : std::uint16_t {
  going_away = 1001,  // forces a new login
  protocol_error = 1002,
  bad_data = 1007,
  policy = 1008,
  too_big = 1009,
  internal = 1011,
  restart = 1012,  // come back soon
};

class Socket {
 public:
  Socket(Endpoint& endpoint, Visitor visitor, Instant now);
  Socket(const Socket&) = delete;  // channels point into it; hold it by unique_ptr
  Socket& operator=(const Socket&) = delete;

  void on_message(std::string_view text, Instant now);
  std::optional<std::string> next_frame(Instant now);
  std::vector<std::string> drain(Instant now);  // all of next_frame, for tests and fast readers

  void tick(Instant now);
  std::optional<Instant> next_tick() const;
  void inform(std::string_view name, const std::any& value, Instant now);
  void view_changed(std::string_view topic);
  void resync(std::string_view topic);

  bool wants_write() const;
  std::optional<CloseCode> close_code() const { return close_; }  // after this no message is taken
  // More than liveview_events_per_second: do not read before this. A transport that reads on is closed.
  std::optional<Instant> read_again_at() const { return read_again_at_; }
  std::size_t channels() const { return channels_.size(); }

 private:
  using Channels = std::map<std::string, std::unique_ptr<Channel>, std::less<>>;
  void dispatch(const Message& message, Instant now);
  void join(const Message& message, Instant now);
  void leave(const Message& message);
  void refuse(const Message& message, std::string_view reason, std::uint64_t& counter);
  void refuse_stale(const Message& message, Instant now);
  std::optional<SessionToken> session_of(const Message& message, Instant now) const;
  bool within_rate(Instant now);
  void close(CloseCode code, std::uint64_t& counter);
  void sweep();

  Endpoint& endpoint_;
  const Visitor visitor_;
  const bool trusted_;
  Outbox out_;
  Channels channels_;
  std::optional<CloseCode> close_;
  double tokens_;
  Instant refilled_;
  std::optional<Instant> read_again_at_;
};

}  // namespace aybiza::liveview
