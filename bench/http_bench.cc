// Requests a second of a trivial POST over loopback, against the bare minimum: threads that read a request of known
// size and write a constant, with no parser, limit, route, deadline or counter.
//
// Shape    one client thread, 32 connections: one request on each, then one answer from each, again and again. The
//          client shares the machine with the server, so the figures compare; they are no ceiling.
// Units    requests per second; CPU is that of the whole process, client included.
// Threads  server 2 (ours), one per connection (the rival), client 1.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "net/http_server.h"

namespace {

using namespace aybiza;
using Clock = std::chrono::steady_clock;

constexpr int connections = 32;
constexpr auto run_time = std::chrono::seconds(3);
constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool receive_exactly(int fd, std::size_t bytes, std::string& buffer) {
  buffer.resize(std::max<std::size_t>(bytes, 65536));
  while (bytes > 0) {
    const ssize_t n = ::recv(fd, buffer.data(), bytes, 0);
    if (n <= 0) return false;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0), on = 1;
  const sockaddr_in to = loopback(port);
  CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::string request_of(std::size_t body_bytes) {
  return fmt::format("POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body_bytes,
                     std::string(body_bytes, 'x'));
}

double cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

void measure(std::string_view what, std::uint16_t port, std::size_t body_bytes) {
  const std::string request = request_of(body_bytes);
  std::vector<int> sockets;
  for (int i = 0; i < connections; ++i) sockets.push_back(connect_to(port));
  std::string buffer(65536, '\0');
  CHECK(send_all(sockets[0], request));
  const auto answer_bytes = static_cast<std::size_t>(::recv(sockets[0], buffer.data(), buffer.size(), 0));  // short: one piece
  const auto start = Clock::now();
  const double cpu_before = cpu_seconds();
  std::uint64_t done = 0;
  while (Clock::now() - start < run_time) {
    for (const int fd : sockets) CHECK(send_all(fd, request));
    for (const int fd : sockets) CHECK(receive_exactly(fd, answer_bytes, buffer));
    done += sockets.size();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  fmt::print("{:<28} {:>7} B body {:>9.0f} req/s {:>7.0f} MB/s {:>6.1f} us CPU/req\n", what, body_bytes, double(done) / seconds,
             double(done) * double(body_bytes) / seconds / 1e6, (cpu_seconds() - cpu_before) * 1e6 / double(done));
  for (const int fd : sockets) ::close(fd);
}

// Reads requests of one size and answers a constant, a thread for each connection.
void measure_rival(std::size_t body_bytes) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  CHECK(::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 && ::listen(listener, 64) == 0);
  CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const std::size_t request_bytes = request_of(body_bytes).size();
  std::vector<std::thread> threads;
  std::thread accepting([&] {
    for (int i = 0; i < connections; ++i) {
      const int fd = ::accept(listener, nullptr, nullptr), on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      threads.emplace_back([fd, request_bytes] {
        std::string buffer;
        while (receive_exactly(fd, request_bytes, buffer) && send_all(fd, answer)) {
        }
        ::close(fd);
      });
    }
  });
  measure("bare minimum (no HTTP)", ntohs(at.sin_port), body_bytes);
  accepting.join();
  for (std::thread& t : threads) t.join();
  ::close(listener);
}

void measure_ours(std::size_t body_bytes) {
  Budget budget(1024 * limits::MiB);
  net::Router router;
  CHECK(router.add({.method = net::Method::post, .pattern = "/v1/events", .policy = net::Policy::ingest, .body_limit = limits::body_packed_bytes,
                    .handler = [](net::RequestPtr, net::Responder respond) { respond(net::Response::text(200, "ok")); }}).has_value());
  auto server = net::HttpServer::start({.listen = {"127.0.0.1:0"}, .guard = [](net::Request&, const net::Route&) { return std::nullopt; }, .budget = &budget},
                                       std::move(router));
  CHECK(server.has_value());
  measure("aybiza net (2 threads)", (*server)->port(), body_bytes);
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

}  // namespace

int main(int, char** argv) {
  utsname machine{};
  ::uname(&machine);
  fmt::print("machine: {}, {} cores, {} {}\ncommand: {}\n", cpu_name(), std::thread::hardware_concurrency(), machine.sysname, machine.release, argv[0]);
  for (const std::size_t body_bytes : {352u, 35'200u, 352'000u}) {
    measure_rival(body_bytes);
    measure_ours(body_bytes);
  }
}
