// A raw blocking loopback socket for tests that say what no client would.
//
// Errors   a failed call fails the test; a receive that takes 20 s ends and shows what came so far.
// Threads  none.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace aybiza::net {

class TestSocket {
 public:
  explicit TestSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  TestSocket(TestSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  ~TestSocket() { close(); }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }

  // True when the kernel took all of it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // Exactly `bytes` bytes, or fewer when the peer closed first.
  std::string receive(std::size_t bytes) {
    while (in_.size() < bytes && fill()) {
    }
    return take(std::min(bytes, in_.size()));
  }
  // Up to and including `mark`, or what came before the end.
  std::string receive_until(std::string_view mark) {
    std::size_t at;
    while ((at = in_.find(mark)) == std::string::npos && fill()) {
    }
    return take(at == std::string::npos ? in_.size() : at + mark.size());
  }
  std::string receive_all() {
    while (fill()) {
    }
    return take(in_.size());
  }
  // One response with Content-Length: its head and its body.
  std::string receive_response() {
    std::string out = receive_until("\r\n\r\n");
    const std::size_t at = out.find("Content-Length: ");
    if (at != std::string::npos) out += receive(std::stoul(out.substr(at + 16)));
    return out;
  }

 private:
  bool fill() {
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n > 0) in_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  std::string take(std::size_t bytes) {
    std::string out = in_.substr(0, bytes);
    in_.erase(0, bytes);
    return out;
  }

  int fd_;
  std::string in_;
};

}  // namespace aybiza::net
