// The body of a request: of known size into one string, chunked as it comes, or read over because nobody wants it.
#include <boost/asio/write.hpp>
#include <algorithm>
#include <utility>

#include "net/connection.h"

namespace aybiza::net {
namespace {

namespace http = boost::beast::http;
using SteadyClock = std::chrono::steady_clock;

}  // namespace

void Connection::begin_body(const Route& route) {
  route_ = &route;
  const std::uint64_t announced = parser_->content_length().value_or(0);
  const bool chunked = parser_->chunked();
  if (announced > route.body_limit || (chunked && route.body_limit == 0)) {
    return refuse(Refusal::body_too_large, Response::error(413, "body_too_large", "the body is larger than this path takes"));
  }
  if (announced == 0 && !chunked) return hand_over();
  if (core_->config.budget != nullptr) {
    // Whoever looks at an overloaded server may use the last tenth.
    const auto use = route.policy == Policy::ingest || route.policy == Policy::open ? Budget::Use::ingest : Budget::Use::page;
    auto held = core_->config.budget->reserve(chunked ? body_read_bytes : announced, use);
    if (!held) return refuse(Refusal::memory, overload("no memory for the body"));
    request_->held = std::move(*held);
  }
  phase_ = Phase::body;
  body_began_ = SteadyClock::now();
  body_bytes_ = announced;
  body_done_ = 0;
  set_body_deadline();
  auto read_body = [chunked](Connection& self) {
    if (chunked) {
      self.parser_->eager(true);
      self.parser_->body_limit(self.route_->body_limit);
      return self.parse_chunked_body();
    }
    self.body_done_ = std::min(self.buffer_.size(), self.body_bytes_);
    std::string& body = self.request_->body;
    // The wanted size, not the one handed in: libstdc++ 12 hands in the capacity it rounded up to.
    body.resize_and_overwrite(self.body_bytes_, [wanted = self.body_bytes_](char*, std::size_t) { return wanted; });
    std::copy_n(static_cast<const char*>(self.buffer_.data().data()), self.body_done_, body.data());
    self.buffer_.consume(self.body_done_);
    self.read_sized_body();
  };
  if (request_->header("Expect").empty() || http_1_0_ || buffer_.size() > 0) return read_body(*this);
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(go_on), [self = shared_from_this(), read_body](ErrorCode error, std::size_t) {
    if (self->phase_ != Phase::body) return;
    error ? self->close() : read_body(*self);
  });
}

// The size is known: the kernel writes where the handler will read.
void Connection::read_sized_body() {
  if (body_done_ == body_bytes_) return hand_over();
  std::string& body = request_->body;
  read_some(asio::buffer(body.data() + body_done_, body_bytes_ - body_done_), request_, [](Connection& self, std::size_t n) {
    self.body_done_ += n;
    self.set_body_deadline();
    self.read_sized_body();
  });
}

// Makes room for what is in the buffer, in steps that double, each reserved before it is allocated.
bool Connection::reserve_for_chunks() {
  std::string& body = parser_->get().body();
  const std::size_t wanted = body.size() + buffer_.size();
  if (wanted <= body.capacity() && body.capacity() >= body_read_bytes) return true;
  const std::size_t room = std::min(std::max({body_read_bytes, 2 * body.capacity(), wanted}),
                                    std::max(route_->body_limit + body_read_bytes, wanted));
  Reservation& held = request_->held;
  if (core_->config.budget != nullptr && room > held.bytes() && !held.grow(room - held.bytes())) return false;
  body.reserve(room);
  return true;
}

void Connection::parse_chunked_body() {
  for (;;) {
    if (!reserve_for_chunks()) return refuse(Refusal::memory, overload("no memory for the body"));
    ErrorCode error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == http::error::body_limit) {
      return refuse(Refusal::body_too_large, Response::error(413, "body_too_large", "the body is larger than this path takes"));
    }
    if (error && error != http::error::need_more) {
      keep_alive_ = false;
      return refuse(Refusal::bad_request, Response::error(400, "bad_request", "the chunked body is broken: " + error.message()));
    }
    if (parser_->is_done()) {
      request_->body = std::move(parser_->get().body());
      return hand_over();
    }
    if (error == http::error::need_more || buffer_.size() == 0) break;
  }
  if (buffer_.size() > body_read_bytes) {  // a chunk head or trailer without an end
    keep_alive_ = false;
    return refuse(Refusal::bad_request, Response::error(400, "bad_request", "a chunk's head is too long"));
  }
  read_more();
}

// Reads over the rest of a small body that nobody wants, so that the connection can live on.
void Connection::skip_body() {
  const std::size_t here = std::min(buffer_.size(), body_bytes_);
  buffer_.consume(here);
  body_bytes_ -= here;
  if (body_bytes_ > 0) return read_more();
  Response response = std::move(*refusal_);
  refusal_.reset();
  write_response(std::move(response));
}

}  // namespace aybiza::net
