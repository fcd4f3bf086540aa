// A WebSocket as its handler sees it: messages in, a sender that never blocks, and the end.
//
// Shape    a route's WsAccept looks at the upgrade request and gives a handler, or the HTTP response that refuses it.
//          The handler belongs to the connection and dies with it. Text only; a binary frame closes with 1003.
// Errors   a message over the limit closes with 1009, bad UTF-8 with 1007, too many messages with 1008, a write that
//          does not move for 30 s breaks the connection off (1006), a server that stops says 1012.
// Threads  on_* are called one at a time, on network threads. WsSender is a handle: copy it, use it from any thread,
//          also after the connection is gone (it then does nothing).
// Source   RFC 6455.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace aybiza::net {

namespace ws_close {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, unsupported = 1003, lost = 1006, bad_text = 1007,
                               policy = 1008, too_big = 1009, internal = 1011, service_restart = 1012;
}

// One text message in up to three parts, written one after another without copying. A part may be null.
// What many sockets get alike is shared: the body of a diff, with the topic and reference of each before it.
struct WsMessage {
  std::shared_ptr<const std::string> prefix, body, suffix;
  std::size_t bytes() const {
    return (prefix ? prefix->size() : 0) + (body ? body->size() : 0) + (suffix ? suffix->size() : 0);
  }
};

class WsSender {
 public:
  class Peer {
   public:
    virtual ~Peer() = default;
    virtual bool send(WsMessage message) = 0;
    virtual void close(std::uint16_t code, std::string reason) = 0;
    virtual std::size_t pending_bytes() const = 0;
    virtual bool open() const = 0;
  };
  WsSender() = default;
  explicit WsSender(std::shared_ptr<Peer> peer) : peer_(std::move(peer)) {}

  // False: the socket is gone, or the message would take the queue over its limit and was not taken (an empty queue
  // takes any message). Then keep the newest state and send it from on_writable().
  bool send(WsMessage message) const { return peer_ && peer_->send(std::move(message)); }
  bool send(std::shared_ptr<const std::string> text) const { return send(WsMessage{.body = std::move(text)}); }
  bool send(std::string text) const { return send(std::make_shared<const std::string>(std::move(text))); }

  // Bytes given to send() that the kernel has not taken yet. 0: the socket is keeping up.
  std::size_t pending_bytes() const { return peer_ ? peer_->pending_bytes() : 0; }
  bool open() const { return peer_ && peer_->open(); }
  // What waits is dropped, the closing handshake starts; on_close follows.
  void close(std::uint16_t code = ws_close::normal, std::string reason = {}) const {
    if (peer_) peer_->close(code, std::move(reason));
  }

 private:
  std::shared_ptr<Peer> peer_;
};

class WsHandler {
 public:
  virtual ~WsHandler() = default;
  virtual void on_open(const Request& request, WsSender sender) = 0;
  virtual void on_text(std::string_view text) = 0;
  virtual void on_writable() {}  // the queue has become empty after it was not
  // Last call, exactly once. `code` is the peer's or ours; 1006 when there was no closing handshake.
  virtual void on_close(std::uint16_t code) = 0;
};

using WsAccept = std::function<std::expected<std::unique_ptr<WsHandler>, Response>(RequestPtr request)>;

// May a page of this Origin open a socket here? True for an origin on the list ("https://host:port"), or, when the
// list is empty, for the host of the request itself, and for 127.0.0.1, [::1] and localhost on the port we listen on.
// A request without Origin is not from a browser: allowed (its key or session still decides).
bool origin_allowed(const Request& request, const std::vector<std::string>& allowed_origins);

}  // namespace aybiza::net
