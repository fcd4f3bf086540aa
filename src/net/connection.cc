// A connection's beginning, its reads, its deadlines and its end; the rest is in connection_head, _body and _answer.
#include "net/connection.h"

#include <boost/asio/dispatch.hpp>
#include <algorithm>
#include <utility>

namespace aybiza::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration linger_time = std::chrono::seconds(2);

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, Peer peer,
                       std::uint16_t local_port)
    : core_(std::move(core)), socket_(std::move(socket)), timer_(socket_.get_executor()), ticket_(std::move(ticket)),
      peer_(std::move(peer)), local_port_(local_port) {}

Response Connection::overload(std::string_view what) {
  return Response::error(503, "overloaded", what).with("Retry-After", "1");
}

void Connection::start() {
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    ErrorCode ignored;  // a socket without the option works as well
    self->socket_.set_option(Tcp::no_delay(true), ignored);
    self->socket_.non_blocking(true, ignored);
    self->next_request();
    // A fresh connection has to say something sooner than one that has proved itself.
    if (self->phase_ == Phase::idle) self->set_deadline(self->core_->config.limits.head_timeout);
  });
}

void Connection::refuse_and_close(Refusal reason) {
  asio::dispatch(socket_.get_executor(), [self = shared_from_this(), reason] {
    self->keep_alive_ = false;
    self->core_->counters.refuse(reason);
    self->write_response(overload("too many connections"));
  });
}

void Connection::read_more() {
  const std::size_t piece = phase_ == Phase::body ? body_read_bytes : first_read_bytes;
  read_some(buffer_.prepare(piece), nullptr, [](Connection& self, std::size_t n) {
    self.buffer_.commit(n);
    if (self.phase_ != Phase::body) return self.parse_head();
    self.body_done_ += n;
    self.set_body_deadline();
    self.refusal_ ? self.skip_body() : self.parse_chunked_body();
  });
}

void Connection::set_deadline(Duration from_now) {
  deadline_ = SteadyClock::now() + from_now;
  if (!armed_ || deadline_ < armed_for_) arm();
}

// At least body_rate after the grace: each byte moves the deadline.
void Connection::set_body_deadline() {
  const auto& limits = core_->config.limits;
  const auto earned = Duration(static_cast<std::int64_t>(body_done_ * 1'000'000 / std::max<std::size_t>(limits.body_rate, 1)));
  set_deadline(std::chrono::duration_cast<Duration>(body_began_ - SteadyClock::now()) + limits.body_grace + earned);
}

void Connection::arm() {
  armed_ = true;
  armed_for_ = deadline_;
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ == Phase::closed) return;
    self->armed_ = false;
    SteadyClock::now() < self->deadline_ ? self->arm() : self->on_deadline();
  });
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::head:
      keep_alive_ = false;
      return refuse(Refusal::head_timeout, Response::error(408, "timeout", "the head of the request took too long"));
    case Phase::body:
      keep_alive_ = false;
      return refuse(Refusal::body_timeout, Response::error(408, "timeout", "the body of the request took too long"));
    case Phase::handling:
      core_->counters.refuse(Refusal::handler_timeout);
      if (streaming_) return close();
      keep_alive_ = false;
      return write_response(overload("the answer took too long"));
    case Phase::writing:
      core_->counters.refuse(Refusal::write_timeout);
      return close();
    case Phase::idle:
    case Phase::closing:
    case Phase::closed: return close();
  }
}

// Says that we are done and reads on for a moment: closing with bytes unread would make the kernel send a reset,
// which can reach the client before our answer does.
void Connection::linger() {
  if (peer_ended_) return close();
  ErrorCode ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  phase_ = Phase::closing;
  set_deadline(linger_time);
  if (!reading_) linger_read();
}

void Connection::linger_read() {
  buffer_.consume(buffer_.size());
  reading_ = true;
  socket_.async_read_some(buffer_.prepare(body_read_bytes), [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->reading_ = false;
    if (self->phase_ != Phase::closing) return;
    error ? self->close() : self->linger_read();
  });
}

// Nothing is read while a handler works: whoever asks whether the client is still there has it looked for.
void Connection::watch_client() {
  if (phase_ == Phase::closed) return;
  socket_.async_wait(Tcp::socket::wait_read, [weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (!self || error || self->phase_ == Phase::closed) return;
    char next = 0;
    const std::size_t there = self->socket_.receive(asio::buffer(&next, 1), Tcp::socket::message_peek, error);
    if (there == 0 && error != asio::error::would_block) self->left_.store(true);  // else its next request waits
  });
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  gone_.store(true);
  ErrorCode ignored;
  socket_.close(ignored);
  timer_.cancel();
  if (std::exchange(counted_in_flight_, false)) core_->counters.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
  // What runs a source's destructor may be the source's own call: let that return first.
  if (source_) asio::post(socket_.get_executor(), [source = std::exchange(source_, nullptr)] {});
  ticket_ = Ticket();
}

void Connection::drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->keep_alive_ = false;
    if (self->phase_ == Phase::idle) self->close();
  });
}

void Connection::abort() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

}  // namespace aybiza::net
