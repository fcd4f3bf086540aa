#include "net/http_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/clock.h"
#include "net/content_coding.h"

namespace aybiza::net {
namespace {

constexpr std::size_t head_bytes_max = 64 * limits::KiB;
constexpr std::size_t read_bytes = 64 * limits::KiB;

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& h : headers) {
    if (equals_ignoring_case(h.name, name)) return h.value;
  }
  return {};
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

std::string print_head(const ClientConfig& config, const ClientRequest& request, std::size_t body_bytes) {
  const std::string host = config.host.contains(':') ? "[" + config.host + "]" : config.host;
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", to_string(request.method), request.target, host, config.port);
  auto add = [&out](std::string_view name, std::string_view value) { out += fmt::format("{}: {}\r\n", name, value); };
  for (const Header& h : config.headers) add(h.name, h.value);
  for (const Header& h : request.headers) add(h.name, h.value);
  if (!request.content_type.empty()) add("Content-Type", request.content_type);
  if (request.gzip) add("Content-Encoding", "gzip");
  if (body_bytes > 0 || request.method == Method::post) add("Content-Length", std::to_string(body_bytes));
  return out + "\r\n";
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const { return find_header(headers, name); }

std::optional<Duration> ClientResponse::retry_after() const {
  const auto seconds = parse_number<std::uint32_t>(header("Retry-After"));
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

// The socket and what of the answer was read ahead.
struct HttpClient::Connection {
  explicit Connection(ClientConfig c) : config(std::move(c)) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void close();
  Status connect();
  Result<ClientResponse> exchange(const ClientRequest& request, std::string_view body);
  Status wait(short events);
  Status send_all(std::string_view bytes);
  Status fill();  // at least one byte more in `in`; `ended` when the server closed
  Result<std::string> take_line();
  Status take(std::size_t bytes, std::string& out);
  Result<ClientResponse> read_head();
  Status read_body(ClientResponse& response, bool head_only);
  Status read_chunks(std::string& out);

  ClientConfig config;
  SystemClock clock;
  Duration deadline{};
  int fd = -1;
  std::string in;
  std::size_t at = 0;  // what of `in` is used
  bool ended = false, answered = false, used_before = false;
};

void HttpClient::Connection::close() {
  if (fd >= 0) ::close(fd);
  fd = -1;
  in.clear();
  at = 0;
  ended = used_before = false;
}

Status HttpClient::Connection::wait(short events) {
  for (;;) {
    const Duration left = deadline - clock.elapsed();
    if (left <= Duration::zero()) return fail(Code::unavailable, "{}:{} did not answer in time", config.host, config.port);
    pollfd p{.fd = fd, .events = events, .revents = 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int ready = ::poll(&p, 1, static_cast<int>(std::min<std::int64_t>(ms, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail(Code::io, "poll: {}", std::strerror(errno));
  }
}

Status HttpClient::Connection::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  AddressList list;
  const int failed = ::getaddrinfo(config.host.c_str(), std::to_string(config.port).c_str(), &hints, &list.first);
  if (failed != 0) return fail(Code::io, "cannot resolve {}: {}", config.host, ::gai_strerror(failed));
  Status last = fail(Code::io, "{} has no address", config.host);
  for (const addrinfo* a = list.first; a != nullptr; a = a->ai_next) {
    close();
    fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(Code::io, "socket: {}", std::strerror(errno));
    deadline = clock.elapsed() + config.connect_timeout;
    int error = ::connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      last = wait(POLLOUT);
      if (!last) continue;
      socklen_t size = sizeof error;
      if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    if (error == 0) {
      const int on = 1;
      (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // works without, only slower
      return {};
    }
    last = fail(Code::io, "cannot connect to {}:{}: {}", config.host, config.port, std::strerror(error));
  }
  close();
  return last;
}

Status HttpClient::Connection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      AYBIZA_TRY(wait(POLLOUT));
    } else if (errno != EINTR) {
      return fail(Code::io, "sending to {}:{}: {}", config.host, config.port, std::strerror(errno));
    }
  }
  return {};
}

Status HttpClient::Connection::fill() {
  if (at == in.size()) {
    in.clear();
    at = 0;
  }
  const std::size_t before = in.size();
  in.resize(before + read_bytes);
  for (;;) {
    const ssize_t got = ::recv(fd, in.data() + before, read_bytes, 0);
    const int error = errno;
    if (got < 0 && error == EINTR) continue;
    if (got < 0 && error == EAGAIN) {
      if (auto waited = wait(POLLIN); !waited) {
        in.resize(before);
        return waited;
      }
      continue;
    }
    in.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return fail(Code::io, "reading from {}:{}: {}", config.host, config.port, std::strerror(error));
    ended = got == 0;
    answered = answered || got > 0;
    return {};
  }
}

Result<std::string> HttpClient::Connection::take_line() {
  std::size_t searched = at;
  for (;;) {
    const std::size_t end = in.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = in.substr(at, end - at);
      at = end + 1;
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (in.size() - at > head_bytes_max) return fail(Code::corrupt, "a line of the answer is too long");
    if (ended) return fail(Code::io, "{}:{} closed the connection", config.host, config.port);
    // fill() may drop what is used, which is only when all of it is: then nothing of this line is there yet.
    const std::size_t have = in.size() - at;
    AYBIZA_TRY(fill());
    searched = at + have;
  }
}

Status HttpClient::Connection::take(std::size_t bytes, std::string& out) {
  if (out.size() + bytes > config.body_limit) return fail(Code::too_large, "the answer is over {} bytes", config.body_limit);
  while (bytes > 0) {
    const std::size_t here = std::min(bytes, in.size() - at);
    out.append(in, at, here);
    at += here;
    bytes -= here;
    if (bytes == 0) break;
    if (ended) return fail(Code::io, "{}:{} closed the connection in the middle of an answer", config.host, config.port);
    AYBIZA_TRY(fill());
  }
  return {};
}

Result<ClientResponse> HttpClient::Connection::read_head() {
  ClientResponse out;
  auto line = take_line();
  if (!line) return std::unexpected(line.error());
  const auto status = line->size() >= 12 && line->starts_with("HTTP/1.") ? parse_number<int>(line->substr(9, 3)) : std::nullopt;
  if (!status || *status < 100) return fail(Code::corrupt, "this is not an HTTP answer");
  out.status = *status;
  for (;;) {
    line = take_line();
    if (!line) return std::unexpected(line.error());
    if (line->empty()) return out;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos || out.headers.size() >= 256) return fail(Code::corrupt, "the head of the answer is broken");
    std::string value = line->substr(colon + 1);
    value.erase(0, std::min(value.find_first_not_of(" \t"), value.size()));
    value.erase(value.find_last_not_of(" \t") + 1);
    out.headers.push_back({line->substr(0, colon), std::move(value)});
  }
}

Status HttpClient::Connection::read_chunks(std::string& out) {
  for (;;) {
    auto line = take_line();
    if (!line) return std::unexpected(line.error());
    const auto bytes = parse_number<std::size_t>(std::string_view(*line).substr(0, line->find(';')), 16);
    if (!bytes) return fail(Code::corrupt, "a chunk of the answer is broken");
    if (*bytes > 0) {
      AYBIZA_TRY(take(*bytes, out));
    }
    do {  // the end of the chunk, or the trailers up to the empty line
      line = take_line();
      if (!line) return std::unexpected(line.error());
    } while (*bytes == 0 && !line->empty());
    if (*bytes == 0) return {};
  }
}

Status HttpClient::Connection::read_body(ClientResponse& response, bool head_only) {
  if (head_only || response.status == 204 || response.status == 304) return {};
  if (equals_ignoring_case(response.header("Transfer-Encoding"), "chunked")) return read_chunks(response.body);
  if (const auto text = response.header("Content-Length"); !text.empty()) {
    const auto bytes = parse_number<std::size_t>(text);
    if (!bytes) return fail(Code::corrupt, "the length of the answer is not a number");
    return take(*bytes, response.body);
  }
  for (;;) {
    AYBIZA_TRY(take(in.size() - at, response.body));
    if (ended) return {};
    AYBIZA_TRY(fill());
  }
}

Result<ClientResponse> HttpClient::Connection::exchange(const ClientRequest& request, std::string_view body) {
  answered = false;
  if (fd < 0) {
    AYBIZA_TRY(connect());
  }
  deadline = clock.elapsed() + config.answer_timeout;
  std::string head = print_head(config, request, body.size());
  // A refusal may come while we still send: what counts is the answer, so a failed send is told only when there is none.
  Status sent = send_all(body.size() <= 16 * limits::KiB ? head += body : head);
  if (sent && body.size() > 16 * limits::KiB) sent = send_all(body);
  auto response = read_head();
  while (response && response->status < 200) response = read_head();
  if (!response) return std::unexpected(sent || answered ? response.error() : sent.error());
  if (auto read = read_body(*response, request.method == Method::head); !read) return std::unexpected(read.error());
  const bool close_delimited = ended;
  if (close_delimited || !sent || equals_ignoring_case(response->header("Connection"), "close")) {
    close();
  } else {
    used_before = true;
  }
  return response;
}

HttpClient::HttpClient(ClientConfig config) : connection_(std::make_unique<Connection>(std::move(config))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

void HttpClient::disconnect() { connection_->close(); }

Result<ClientResponse> HttpClient::request(const ClientRequest& request) {
  const std::string packed = request.gzip ? gzip_pack(request.body) : std::string();
  const std::string_view body = request.gzip ? std::string_view(packed) : request.body;
  Connection& c = *connection_;
  const bool kept = c.used_before;
  auto response = c.exchange(request, body);
  if (response) return response;
  c.close();
  const bool idempotent = request.method == Method::get || request.method == Method::head || request.repeatable;
  // A kept connection that the server had closed in the meantime: nothing was answered, so ask once more.
  if (kept && idempotent && !c.answered && response.error().code == Code::io) {
    response = c.exchange(request, body);
    if (!response) c.close();
  }
  return response;
}

std::optional<ClientConfig> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("/@?#") != std::string_view::npos) return std::nullopt;
  ClientConfig out;
  out.port = 80;
  const std::size_t bracket = url.starts_with('[') ? url.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const std::size_t colon = url.find(':', bracket);
  out.host = url.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = parse_number<std::uint16_t>(url.substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    out.port = *port;
  }
  if (bracket > 0) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) return std::nullopt;
  return out;
}

}  // namespace aybiza::net
