// The answer: from the handler or of our own, whole or chunk by chunk, as fast as the client takes it.
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "net/connection.h"

namespace aybiza::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t write_piece_bytes = 1 * limits::MiB;
constexpr std::size_t skip_bytes_max = 64 * limits::KiB;  // an unwanted body up to this is read, a larger one cut off

// The Date header, printed once a second and thread.
std::string_view date_now() {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  const Instant now = SystemClock().now();
  if (const std::int64_t current = to_micros(now) / 1'000'000; current != second) {
    second = current;
    text = http_date(now);
  }
  return text;
}

std::string_view body_of(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) {
    return *shared ? std::string_view(**shared) : std::string_view();
  }
  return {};
}

}  // namespace

// The handler's way back. Holds the connection, so that an answer finds it; the connection does not hold this.
class Connection::Exchange final : public Responder::Sink {
 public:
  Exchange(std::shared_ptr<Connection> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}

  void deliver(Response response) override {
    if (connection_->core_->stopped.load() || connection_->gone_.load()) return;
    asio::dispatch(connection_->socket_.get_executor(),
                   [c = connection_, number = number_, response = std::move(response)]() mutable {
                     c->answer(number, std::move(response));
                   });
  }
  bool client_gone() const override {
    if (!connection_->core_->stopped.load() && !watched_.exchange(true, std::memory_order_relaxed))
      asio::post(connection_->socket_.get_executor(), [c = connection_] { c->watch_client(); });
    return connection_->gone_.load(std::memory_order_relaxed) || connection_->left_.load(std::memory_order_relaxed);
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const std::uint64_t number_;
  mutable std::atomic<bool> watched_{false};
};

void Connection::hand_over() {
  phase_ = Phase::handling;
  set_deadline(core_->config.limits.handler_timeout);
  core_->counters.requests_in_flight.fetch_add(1, std::memory_order_relaxed);
  counted_in_flight_ = true;
  Responder respond(std::make_shared<Exchange>(shared_from_this(), exchange_));
  try {
    // The handler's request is the only one from here on: the body's memory goes when the handler lets go.
    route_->handler(std::exchange(request_, nullptr), std::move(respond));
  } catch (const std::exception&) {  // a moved-from or destroyed responder has answered 500 already
    core_->counters.refuse(Refusal::handler_failed);
  }
}

void Connection::refuse(Refusal reason, Response response) {
  if (reason != Refusal::count) core_->counters.refuse(reason);
  const bool head_read = parser_ && parser_->is_header_done() && request_;
  const bool sized = head_read && !parser_->chunked() && phase_ == Phase::head;
  const std::uint64_t rest = sized ? parser_->content_length().value_or(0) : 0;
  if (sized && rest == 0) return write_response(std::move(response));
  // "Expect: 100-continue" means that the body comes only if we say so; a final answer says no.
  if (sized && rest <= skip_bytes_max && keep_alive_ && request_->header("Expect").empty()) {
    refusal_ = std::move(response);
    body_bytes_ = rest;
    body_done_ = 0;
    body_began_ = SteadyClock::now();
    phase_ = Phase::body;
    set_body_deadline();
    return skip_body();
  }
  keep_alive_ = false;
  write_response(std::move(response));
}

void Connection::answer(std::uint64_t exchange, Response response) {
  if (exchange != exchange_ || phase_ != Phase::handling || streaming_) return;
  write_response(std::move(response));
}

void Connection::write_response(Response response) {
  phase_ = Phase::writing;
  if (response.status < 200 || response.status > 599) response = Response::error(500, "internal", "no such status");
  core_->counters.responses[std::size_t(response.status)].fetch_add(1, std::memory_order_relaxed);
  if (core_->draining.load()) keep_alive_ = false;
  out_ = std::move(response);
  HeadFacts facts{.status = out_.status, .content_type = out_.content_type, .http_1_0 = http_1_0_};
  if (auto* source = std::get_if<ChunkSource>(&out_.body)) {
    source_ = std::move(*source);
    streaming_ = static_cast<bool>(source_) && !head_only_ && may_have_body(out_.status);
    last_chunk_ = !streaming_;
    facts.chunked = !http_1_0_ && may_have_body(out_.status);
    if (http_1_0_) keep_alive_ = false;  // its only end is the end of the connection
    facts.close = !keep_alive_;
    out_head_ = response_head(facts, out_.headers, core_->config.extra_headers, date_now());
    return write({});
  }
  const std::string_view body = body_of(out_);
  if (may_have_body(out_.status)) facts.content_length = body.size();
  facts.close = !keep_alive_;
  out_head_ = response_head(facts, out_.headers, core_->config.extra_headers, date_now());
  write(head_only_ || !may_have_body(out_.status) ? std::string_view() : body);
}

// Writes out_head_ and `body`, which lives in out_ or out_chunk_.
void Connection::write(std::string_view body) {
  phase_ = Phase::writing;
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_head_), asio::buffer(body.data(), body.size())};
  // Asked before each piece: the deadline is for the kernel to take anything at all, not for the whole.
  auto next_piece = [this](ErrorCode error, std::size_t) -> std::size_t {
    if (error || phase_ != Phase::writing) return 0;
    set_deadline(core_->config.limits.write_timeout);
    return write_piece_bytes;
  };
  asio::async_write(socket_, buffers, next_piece, [self = shared_from_this()](ErrorCode error, std::size_t n) {
    self->core_->counters.bytes_out.fetch_add(n, std::memory_order_relaxed);
    if (self->phase_ != Phase::writing) return;
    error ? self->close() : self->on_written();
  });
}

void Connection::on_written() { streaming_ && !last_chunk_ ? next_chunk() : finish_response(); }

void Connection::next_chunk() {
  phase_ = Phase::handling;
  set_deadline(core_->config.limits.handler_timeout);
  auto self = shared_from_this();
  // Posted, not dispatched: the source may answer from inside its own call, and must not be destroyed there.
  auto deliver = [self, exchange = exchange_](Result<std::string> chunk) {
    if (self->core_->stopped.load()) return;
    asio::post(self->socket_.get_executor(), [self, exchange, chunk = std::move(chunk)]() mutable {
      self->on_chunk(exchange, std::move(chunk));
    });
  };
  try {
    source_(ChunkReady(std::move(deliver), [self] { return self->gone_.load(std::memory_order_relaxed); }));
  } catch (const std::exception&) {
    core_->counters.refuse(Refusal::handler_failed);  // the ChunkReady has reported the failure
  }
}

void Connection::on_chunk(std::uint64_t exchange, Result<std::string> chunk) {
  if (exchange != exchange_ || phase_ != Phase::handling || !streaming_) return;
  if (!chunk) {
    core_->counters.refuse(Refusal::handler_failed);
    return close();
  }
  last_chunk_ = chunk->empty();
  out_chunk_ = std::move(*chunk);
  if (http_1_0_) {
    out_head_.clear();
  } else if (last_chunk_) {
    out_head_ = "0\r\n\r\n";
  } else {
    out_head_ = fmt::format("{:x}\r\n", out_chunk_.size());
    out_chunk_ += "\r\n";
  }
  write(out_chunk_);
}

void Connection::finish_response() {
  ++exchange_;
  if (std::exchange(counted_in_flight_, false)) core_->counters.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
  source_ = nullptr;
  streaming_ = last_chunk_ = false;
  out_ = Response();
  out_chunk_ = std::string();
  keep_alive_ ? next_request() : linger();
}

}  // namespace aybiza::net
