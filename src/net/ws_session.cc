#include "net/ws_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <exception>
#include <optional>

#include "base/clock.h"
#include "runtime/token_bucket.h"

namespace aybiza::net {

// A socket whose end is ours to shape: the library would wait for the client to hang up before it tells us that the
// closing handshake is over. finish() waits too, but on_close does not.
struct WsSocket : Socket {
  explicit WsSocket(Socket&& socket) : Socket(std::move(socket)) {}
};

inline void teardown(boost::beast::role_type, WsSocket&, ErrorCode& error) { error = {}; }

template <typename Handler>
void async_teardown(boost::beast::role_type, WsSocket& socket, Handler&& handler) {
  asio::post(socket.get_executor(), [handler = std::forward<Handler>(handler)]() mutable { handler(ErrorCode()); });
}

namespace {

namespace websocket = boost::beast::websocket;

// The kernel reports "writable" only while less than this is unsent, so pending_bytes() tells the truth about a slow
// client early and a newer state can replace an older one that would only have waited in the kernel.
constexpr int kernel_unsent_bytes = 16 * 1024;
constexpr Duration linger_time = std::chrono::seconds(2);

std::uint16_t code_of(const ErrorCode& error, const websocket::close_reason& reason) {
  if (error == websocket::error::closed) return reason.code == websocket::close_code::none ? std::uint16_t(1005) : reason.code;
  if (error == websocket::error::message_too_big) return ws_close::too_big;
  if (error == websocket::error::bad_frame_payload) return ws_close::bad_text;
  if (error == make_error_condition(websocket::condition::protocol_violation)) return 1002;
  return ws_close::lost;
}

class WsSession final : public WsSender::Peer, public Drainable, public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, RequestPtr request,
            std::unique_ptr<WsHandler> handler)
      : core_(std::move(core)), socket_(WsSocket(std::move(socket))), timer_(socket_.get_executor()), ticket_(std::move(ticket)),
        request_(std::move(request)), handler_(std::move(handler)), queue_limit_(core_->config.limits.ws_queue_bytes),
        bucket_({core_->config.limits.ws_messages_per_second, core_->config.limits.ws_messages_burst}, clock_.elapsed()) {}

  void start(UpgradeRequest upgrade);

  // WsSender::Peer, any thread.
  bool send(WsMessage message) override;
  void close(std::uint16_t code, std::string reason) override;
  std::size_t pending_bytes() const override { return pending_.load(std::memory_order_relaxed); }
  bool open() const override { return open_.load(std::memory_order_relaxed); }

  // Drainable, any thread.
  void drain() override { close(ws_close::service_restart, "the server restarts"); }
  void abort() override;

 private:
  void set_options();
  void read();
  void on_message();
  void write();
  void on_written(std::size_t bytes);
  void begin_close(std::uint16_t code, std::string_view reason);
  void cut();
  void finish(std::uint16_t code);
  void linger();
  void linger_read();

  template <typename Call>
  void guarded(Call&& call) {
    try {
      call();
    } catch (const std::exception&) {
      core_->counters.refuse(Refusal::handler_failed);
      begin_close(ws_close::internal, "");
    }
  }

  const std::shared_ptr<ServerCore> core_;  // first: outlives the socket
  websocket::stream<WsSocket> socket_;
  Timer timer_;
  Ticket ticket_;
  RequestPtr request_;
  std::unique_ptr<WsHandler> handler_;
  const std::size_t queue_limit_;
  SystemClock clock_;
  TokenBucket bucket_;
  boost::beast::flat_buffer in_;
  std::deque<WsMessage> out_;
  bool writing_ = false, closing_ = false, counted_ = false;
  std::optional<std::uint16_t> our_code_;
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> pending_{0};
};

void WsSession::set_options() {
  const auto& limits = core_->config.limits;
  socket_.set_option(websocket::stream_base::timeout{.handshake_timeout = limits.head_timeout,
                                                     .idle_timeout = limits.idle_timeout,
                                                     .keep_alive_pings = true});
  socket_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
    for (const Header& h : core_->config.extra_headers) response.set(h.name, h.value);
  }));
  socket_.read_message_max(limits.ws_message_bytes);
  socket_.auto_fragment(false);
  socket_.text(true);
  // Without the option everything works, only less freshly.
  (void)::setsockopt(socket_.next_layer().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kernel_unsent_bytes,
                     sizeof kernel_unsent_bytes);
}

void WsSession::start(UpgradeRequest upgrade) {
  set_options();
  ticket_.hand_over(weak_from_this());
  auto held = std::make_shared<UpgradeRequest>(std::move(upgrade));
  socket_.async_accept(*held, [self = shared_from_this(), held](ErrorCode error) {
    if (error) return self->finish(ws_close::lost);
    self->core_->counters.responses[101].fetch_add(1, std::memory_order_relaxed);
    self->core_->counters.websockets_open.fetch_add(1, std::memory_order_relaxed);
    self->counted_ = true;
    self->open_.store(true);
    self->guarded([&] { self->handler_->on_open(*self->request_, WsSender(self)); });
    self->request_.reset();
    self->read();
    if (self->core_->draining.load()) self->begin_close(ws_close::service_restart, "the server restarts");
  });
}

void WsSession::read() {
  socket_.async_read(in_, [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
    self->core_->counters.bytes_in.fetch_add(bytes, std::memory_order_relaxed);
    if (error) return self->finish(self->our_code_ ? *self->our_code_ : code_of(error, self->socket_.reason()));
    if (!self->closing_) self->on_message();
    self->in_.consume(self->in_.size());
    self->read();
  });
}

void WsSession::on_message() {
  if (!socket_.got_text()) return begin_close(ws_close::unsupported, "text only");
  if (!bucket_.take(1, clock_.elapsed())) return begin_close(ws_close::policy, "too many messages");
  const auto data = in_.cdata();
  guarded([&] { handler_->on_text({static_cast<const char*>(data.data()), data.size()}); });
}

bool WsSession::send(WsMessage message) {
  if (!open_.load(std::memory_order_relaxed) || core_->stopped.load()) return false;
  const std::size_t bytes = message.bytes();
  // Relaxed: a counter that guards no other memory; the message itself travels through the strand.
  std::size_t pending = pending_.load(std::memory_order_relaxed);
  do {
    if (pending != 0 && pending + bytes > queue_limit_) return false;
  } while (!pending_.compare_exchange_weak(pending, pending + bytes, std::memory_order_relaxed));
  // Always posted, also from the strand itself: messages go out in the order of their send().
  asio::post(socket_.get_executor(), [self = shared_from_this(), message = std::move(message), bytes]() mutable {
    if (self->closing_ || !self->handler_) {
      self->pending_.fetch_sub(bytes, std::memory_order_relaxed);
      return;
    }
    self->out_.push_back(std::move(message));
    if (!self->writing_) self->write();
  });
  return true;
}

void WsSession::write() {
  writing_ = true;
  const WsMessage& m = out_.front();
  auto buffer = [](const std::shared_ptr<const std::string>& part) {
    return part ? asio::const_buffer(part->data(), part->size()) : asio::const_buffer();
  };
  timer_.expires_after(core_->config.limits.write_timeout);
  timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (error || !self || !self->writing_) return;
    self->core_->counters.refuse(Refusal::write_timeout);
    self->cut();
  });
  const std::array<asio::const_buffer, 3> buffers{buffer(m.prefix), buffer(m.body), buffer(m.suffix)};
  socket_.async_write(buffers, [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
    self->writing_ = false;
    self->timer_.cancel();
    self->core_->counters.bytes_out.fetch_add(bytes, std::memory_order_relaxed);
    if (error || self->out_.empty()) return;  // the read loop reports the end
    self->on_written(self->out_.front().bytes());
  });
}

void WsSession::on_written(std::size_t bytes) {
  out_.pop_front();
  const std::size_t before = pending_.fetch_sub(bytes, std::memory_order_relaxed);
  if (!out_.empty()) return write();
  if (before == bytes && !closing_ && handler_) guarded([&] { handler_->on_writable(); });
}

void WsSession::close(std::uint16_t code, std::string reason) {
  if (core_->stopped.load()) return;
  asio::post(socket_.get_executor(), [self = shared_from_this(), code, reason = std::move(reason)] {
    self->begin_close(code, reason);
  });
}

void WsSession::begin_close(std::uint16_t code, std::string_view reason) {
  if (closing_ || !open_.load()) return;
  closing_ = true;
  our_code_ = code;
  // What waits behind the message being written is dropped.
  while (out_.size() > (writing_ ? 1u : 0u)) {
    pending_.fetch_sub(out_.back().bytes(), std::memory_order_relaxed);
    out_.pop_back();
  }
  websocket::close_reason why(static_cast<websocket::close_code>(code));
  why.reason.assign(reason.substr(0, 100).data(), std::min<std::size_t>(reason.size(), 100));
  socket_.async_close(why, [self = shared_from_this()](ErrorCode) {});  // the read loop reports the end
}

void WsSession::cut() {
  ErrorCode ignored;
  socket_.next_layer().close(ignored);
  if (handler_) return;  // the read loop sees it and ends in finish(), which comes here again
  timer_.cancel();
  ticket_ = Ticket();
}

void WsSession::abort() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->cut(); });
}

void WsSession::finish(std::uint16_t code) {
  const bool was_open = open_.exchange(false);
  closing_ = true;
  timer_.cancel();
  if (counted_) core_->counters.websockets_open.fetch_sub(1, std::memory_order_relaxed);
  if (was_open) {
    try {
      handler_->on_close(code);
    } catch (const std::exception&) {
      core_->counters.refuse(Refusal::handler_failed);
    }
  }
  handler_.reset();  // it may hold a sender, which holds us
  code == ws_close::lost ? cut() : linger();
}

// Our close frame is on its way: closing with bytes unread would make the kernel send a reset that overtakes it.
void WsSession::linger() {
  ErrorCode ignored;
  socket_.next_layer().shutdown(Tcp::socket::shutdown_send, ignored);
  timer_.expires_after(linger_time);
  timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    if (const auto self = weak.lock(); self && !error) self->cut();
  });
  linger_read();
}

void WsSession::linger_read() {
  in_.consume(in_.size());
  socket_.next_layer().async_read_some(in_.prepare(16 * limits::KiB), [self = shared_from_this()](ErrorCode error, std::size_t) {
    error ? self->cut() : self->linger_read();
  });
}

}  // namespace

void start_websocket(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, UpgradeRequest upgrade,
                     RequestPtr request, std::unique_ptr<WsHandler> handler) {
  auto session = std::make_shared<WsSession>(std::move(core), std::move(socket), std::move(ticket), std::move(request),
                                             std::move(handler));
  session->start(std::move(upgrade));
}

}  // namespace aybiza::net
