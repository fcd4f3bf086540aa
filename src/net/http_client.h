// A small blocking HTTP/1.1 client for our own tools: one keep-alive connection to one server.
//
// Shape    connects at the first request and again after the server closed. A GET is retried once when a kept
//          connection turns out dead; a POST too, but only if the server closed before a byte of the answer came and
//          the caller says that the request may be repeated.
// Errors   io: connect, write or read failed; unavailable: no answer in time; corrupt: not HTTP; too_large: the body
//          is over `body_limit`. A status of 400 or more is an answer, not an error.
// Threads  none: one per thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/units.h"
#include "net/http.h"

namespace aybiza::net {

struct ClientConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration answer_timeout = std::chrono::seconds(30);
  std::size_t body_limit = 64 * limits::MiB;
  std::vector<Header> headers;  // sent with each request, e.g. Authorization
};

struct ClientRequest {
  Method method = Method::get;
  std::string target = "/";
  std::string_view body;
  std::string content_type;
  std::vector<Header> headers;
  bool gzip = false;        // packs the body and says so
  bool repeatable = false;  // may be sent again on a fresh connection
};

struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  std::string_view header(std::string_view name) const;
  std::optional<Duration> retry_after() const;  // seconds form only
};

class HttpClient {
 public:
  explicit HttpClient(ClientConfig config);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<ClientResponse> request(const ClientRequest& request);
  Result<ClientResponse> get(std::string target) { return request({.method = Method::get, .target = std::move(target)}); }
  Result<ClientResponse> post(std::string target, std::string_view body, std::string content_type) {
    return request(
        {.method = Method::post, .target = std::move(target), .body = body, .content_type = std::move(content_type)});
  }
  void disconnect();

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

// "http://127.0.0.1:8080" -> host and port; nullopt for anything but plain http with a host.
std::optional<ClientConfig> parse_http_url(std::string_view url);

}  // namespace aybiza::net
