// One joined view: its state of the protocol between join and leave.
//
// Shape    the view, the tree the client holds, component numbers, the address. Every message is answered; a change that
//          nobody asked for only makes the channel dirty, and is rendered when the socket can write. What then is more than diff_bytes (step.h) leaves in
//          several messages, and nothing is rendered before the last of them; an answer brings all that is left.
// Errors   an exception of the view becomes phx_error (or an error reply to the join), and the channel is over.
// Threads  None: owned by one Socket.
// Source   Phoenix.LiveView.Channel's messages, as phoenix_live_view 1.2.12 sends and expects them.
#pragma once

#include "liveview/diff.h"
#include "liveview/frame.h"
#include "liveview/router.h"
#include "liveview/step.h"
#include "liveview/token.h"

namespace aybiza::liveview {

inline constexpr std::string_view client_version = "1.2.12";  // of the pinned npm package

struct Counters {
  std::uint64_t joins = 0, events = 0, diffs = 0, empty_renders = 0, exceptions = 0;
  std::uint64_t stale = 0, unauthorized = 0, overloaded = 0;
  std::uint64_t unknown_topics = 0, bad_messages = 0, too_big = 0, too_fast = 0, too_slow = 0;
};

// What the sockets of one thread share.
struct Endpoint;

class Channel {
 public:
  Channel(Endpoint& endpoint, Outbox& out, const Visitor& visitor, const Message& join, const Match& match,
          SessionToken session, Instant now);
  Channel(const Channel&) = delete;  // a join makes a new one
  Channel& operator=(const Channel&) = delete;

  void join(const Message& message, std::string_view flash_json);  // answers it; over() when it failed
  void handle(const Message& message, Instant now);
  void inform(std::string_view name, const std::any& value, Instant now);  // only if subscribed
  void tick(Instant now);
  std::optional<Instant> next_tick() const;

  void mark_dirty() { dirty_ = true; }
  void resync() { anew_ = dirty_ = true; }  // the whole tree with the next message; the page keeps its elements
  bool dirty() const { return (dirty_ || more_waits()) && !over_ && !leaving_; }
  void flush(Instant now);  // one message: renders and pushes what changed, or goes on with it

  bool over() const { return over_; }
  const Ref& join_ref() const { return join_ref_; }

 private:
  template <typename Body>
  void guarded(Instant now, Body body);
  void dispatch(const Message& message);
  void event(const Message& message);
  void live_patch(const Message& message);
  void cids_destroyed(const Message& message);
  void finish(const Message* asked);
  bool leave(const Message* asked);
  std::string take_patches(bool push);
  std::string changes(bool with_reply);
  std::string next_changes();
  Page rendered();
  void step(std::string& fields);
  void append_effects(std::string& fields, bool with_reply);
  void append_events(std::string& fields, std::size_t most);
  void take_events();
  bool more_waits() const { return target_ || !waiting_.empty(); }
  void append_title(std::string& fields);
  void inform_now(std::string_view name, const std::any& value, Instant now);
  void push(std::string_view event, std::string_view payload) { out_.push(join_ref_, {}, topic_, event, payload); }
  void crash(std::string_view why);

  Endpoint& endpoint_;
  Outbox& out_;
  const std::string topic_;
  const Ref join_ref_;
  const SessionToken session_;
  const Route* route_;
  Location location_;
  Context context_;
  std::unique_ptr<View> view_;
  CidTable cids_;
  std::optional<Page> sent_;
  std::optional<Node> target_;             // what the page shall be when all of a change has left
  bool between_ = false;                   // `sent_` is on the way to it
  std::deque<Context::Pushed> waiting_;    // events that belong to what was rendered
  std::optional<Context::With> with_;
  std::string sent_title_;
  bool joined_ = false, dirty_ = false, anew_ = false, leaving_ = false, over_ = false;
};

}  // namespace aybiza::liveview
