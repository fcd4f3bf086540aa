// The head of a request: read, checked, routed; then its body is read or the connection becomes a WebSocket.
#include <boost/beast/websocket/rfc6455.hpp>
#include <exception>
#include <utility>

#include "net/connection.h"
#include "net/ws_session.h"

namespace aybiza::net {
namespace {

namespace http = boost::beast::http;

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

// "http://host:port/path" (RFC 9112, 3.2.2) -> "/path"; origin-form stays.
std::string_view origin_form(std::string_view target) {
  const std::size_t scheme = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

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
    auto said = core_->config.nothing_here ? core_->config.nothing_here(*request_) : std::nullopt;
    return refuse(Refusal::not_found, said ? std::move(*said) : Response::error(404, "not_found", "there is nothing here"));
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

}  // namespace aybiza::net
