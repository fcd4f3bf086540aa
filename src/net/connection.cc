#include "net/connection.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <algorithm>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "net/ws_session.h"

namespace aybiza::net {
namespace {

namespace http = boost::beast::http;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t first_read_bytes = 4 * limits::KiB;  // what an idle connection holds
constexpr std::size_t body_read_bytes = 64 * limits::KiB;
constexpr std::size_t write_piece_bytes = 1 * limits::MiB;
constexpr std::size_t skip_bytes_max = 64 * limits::KiB;  // an unwanted body up to this is read, a larger one cut off
constexpr Duration linger_time = std::chrono::seconds(2);

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::patch: return Method::patch;
    case http::verb::delete_: return Method::del;
    case http::verb::options: return Method::options;
    default: return Method::other;
  }
}

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

// "http://host:port/path" (RFC 9112, 3.2.2) -> "/path"; origin-form stays.
std::string_view origin_form(std::string_view target) {
  const std::size_t scheme = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

std::string_view body_of(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) {
    return *shared ? std::string_view(**shared) : std::string_view();
  }
  return {};
}

Response overload(std::string_view what) {
  return Response::error(503, "overloaded", what).with("Retry-After", "1");
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
  bool client_gone() const override { return connection_->gone_.load(std::memory_order_relaxed); }

 private:
  const std::shared_ptr<Connection> connection_;
  const std::uint64_t number_;
};

Connection::Connection(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, Peer peer,
                       std::uint16_t local_port)
    : core_(std::move(core)), socket_(std::move(socket)), timer_(socket_.get_executor()), ticket_(std::move(ticket)),
      peer_(std::move(peer)), local_port_(local_port) {}

// ---- Head ----

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

void Connection::next_request() {
  if (core_->draining.load()) return close();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->config.limits.head_bytes));
  parser_->body_limit(boost::none);  // known once the route is
  request_.reset();
  route_ = nullptr;
  refusal_.reset();
  head_done_ = 0;
  keep_alive_ = true;
  head_only_ = http_1_0_ = false;
  phase_ = Phase::idle;
  if (buffer_.size() > 0) return parse_head();
  if (buffer_.capacity() > 2 * first_read_bytes) buffer_.shrink_to_fit();
  set_deadline(core_->config.limits.idle_timeout);
  read_more();
}

template <typename Done>
void Connection::read_some(asio::mutable_buffer into, std::shared_ptr<Request> keep, Done done) {
  reading_ = true;
  socket_.async_read_some(into, [self = shared_from_this(), keep = std::move(keep), done](ErrorCode error, std::size_t n) {
    self->reading_ = false;
    self->core_->counters.bytes_in.fetch_add(n, std::memory_order_relaxed);
    if (self->phase_ == Phase::closed) return;
    if (self->phase_ == Phase::closing) return error ? self->close() : self->linger_read();  // a refusal overtook this
    if (self->phase_ == Phase::writing) {
      self->peer_ended_ = self->peer_ended_ || error;
      return;
    }
    if (error) return self->close();
    done(*self, n);
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

void Connection::parse_head() {
  ErrorCode error;
  const std::size_t used = parser_->put(buffer_.data(), error);
  buffer_.consume(used);
  head_done_ += used;
  // The parser's own limit is a few bytes generous, because it counts by line.
  const std::size_t unparsed = error == http::error::need_more ? buffer_.size() : 0;
  if (head_done_ + unparsed > core_->config.limits.head_bytes) error = http::error::header_limit;
  if (error == http::error::need_more) {
    if (phase_ == Phase::idle) {
      phase_ = Phase::head;
      set_deadline(core_->config.limits.head_timeout);
    }
    return read_more();
  }
  if (error) {
    keep_alive_ = false;
    if (error == http::error::header_limit) {
      return refuse(Refusal::head_too_large, Response::error(431, "head_too_large", "the head of a request is at most 16 KiB"));
    }
    if (error == http::error::bad_version) {
      return refuse(Refusal::bad_request, Response::error(505, "bad_version", "this server speaks HTTP/1.1"));
    }
    return refuse(Refusal::bad_request, Response::error(400, "bad_request", "this is not HTTP: " + error.message()));
  }
  if (!parser_->is_header_done()) return parse_head();
  on_head();
}

void Connection::on_head() {
  core_->counters.requests_total.fetch_add(1, std::memory_order_relaxed);
  phase_ = Phase::head;
  keep_alive_ = parser_->keep_alive();
  http_1_0_ = parser_->get().version() == 10;
  request_ = std::make_shared<Request>();
  if (!fill_request() || !check_framing()) return;
  auto match = core_->router.match(request_->method, request_->path);
  if (request_->method == Method::options && (request_->target == "*" || !match.allowed.empty())) {
    Response r = Response::text(204, "", "");
    return refuse(Refusal::count, std::move(r).with("Allow", match.allowed.empty() ? "GET, HEAD, POST, OPTIONS" : match.allowed));
  }
  on_route(std::move(match));
}

bool Connection::fill_request() {
  const auto& head = parser_->get();
  Request& r = *request_;
  r.method = method_of(head.method());
  head_only_ = r.method == Method::head;
  r.target = origin_form(view(head.target()));
  const std::size_t question = std::min(r.target.find('?'), r.target.size());
  r.path = r.target.substr(0, question);
  r.query = r.target.substr(std::min(question + 1, r.target.size()));
  r.peer = peer_;
  r.local_port = local_port_;
  std::size_t hosts = 0, count = 0;
  for (const auto& field : head) {
    if (++count > core_->config.limits.headers) {
      keep_alive_ = false;
      refuse(Refusal::head_too_large, Response::error(431, "too_many_headers", "a request has at most 100 headers"));
      return false;
    }
    if (field.name() == http::field::host) ++hosts;
    r.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  const bool rooted = r.path.starts_with('/') || (r.method == Method::options && r.target == "*");
  if (rooted && (hosts == 1 || (http_1_0_ && hosts == 0))) return true;
  keep_alive_ = false;
  refuse(Refusal::bad_request, Response::error(400, "bad_request", rooted ? "one Host header is needed" : "the target is not a path"));
  return false;
}

// What of RFC 9112 section 6 decides where this request ends, and is more than the parser refuses by itself.
bool Connection::check_framing() {
  const std::string_view coding = request_->header("Transfer-Encoding");
  if (!coding.empty() && (!equals_ignoring_case(coding, "chunked") || !parser_->chunked())) {
    keep_alive_ = false;
    refuse(Refusal::bad_request, Response::error(501, "transfer_encoding", "only chunked is understood"));
    return false;
  }
  const std::string_view expect = request_->header("Expect");
  if (!expect.empty() && !equals_ignoring_case(expect, "100-continue")) {
    refuse(Refusal::bad_request, Response::error(417, "expectation", "only 100-continue is understood"));
    return false;
  }
  return true;
}

void Connection::on_route(Router::Match match) {
  if (match.route == nullptr && match.allowed.empty()) {
    return refuse(Refusal::not_found, Response::error(404, "not_found", "there is nothing here"));
  }
  if (match.route == nullptr) {
    return refuse(Refusal::method, Response::error(405, "method_not_allowed", "not with this method").with("Allow", match.allowed));
  }
  const Route& route = *match.route;
  request_->path_params = std::move(match.params);
  try {
    if (core_->config.guard) {
      if (auto refused = core_->config.guard(*request_, route)) return refuse(Refusal::policy, std::move(*refused));
    } else if (route.policy != Policy::open) {
      return refuse(Refusal::policy, Response::error(401, "unauthorized", "this needs a key"));
    }
  } catch (const std::exception&) {
    return refuse(Refusal::handler_failed, Response::error(500, "internal", "the request failed"));
  }
  route.websocket ? upgrade(route) : begin_body(route);
}

void Connection::upgrade(const Route& route) {
  if (!boost::beast::websocket::is_upgrade(parser_->get())) {
    return refuse(Refusal::bad_request, Response::error(426, "upgrade_required", "this is a WebSocket").with("Upgrade", "websocket"));
  }
  if (buffer_.size() > 0 || parser_->chunked() || parser_->content_length_remaining().value_or(0) > 0) {
    keep_alive_ = false;
    return refuse(Refusal::bad_request, Response::error(400, "bad_request", "nothing may follow before the upgrade is accepted"));
  }
  if (core_->draining.load()) return refuse(Refusal::stopping, overload("the server is stopping"));
  try {
    auto accepted = route.websocket(request_);
    if (!accepted) return refuse(Refusal::policy, std::move(accepted).error());
    phase_ = Phase::closed;
    timer_.cancel();
    start_websocket(core_, std::move(socket_), std::move(ticket_), parser_->release(), std::move(request_), std::move(*accepted));
  } catch (const std::exception&) {
    if (phase_ != Phase::closed) refuse(Refusal::handler_failed, Response::error(500, "internal", "the request failed"));
  }
}

// ---- Body ----

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
    body.resize_and_overwrite(self.body_bytes_, [](char*, std::size_t n) { return n; });
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

// ---- Answer ----

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

// ---- Time and the end ----

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
