// What a sender does about a server that does not answer.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/sender.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST(Sender, ends_when_it_is_told_to_though_nobody_takes_anything) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);  // bound, and nobody listens
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size), 0);
  const auto server = net::parse_http_url("http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)));
  ASSERT_TRUE(server);

  std::atomic<bool> stop = false;
  Sender sender({.server = *server, .key = {}, .connections = 1, .batch_events = 1, .queue_batches = 2, .stop = &stop});
  for (int i = 0; i < 3; ++i) sender.send("{}");  // one at hand, two that wait
  stop = true;
  for (int i = 0; i < 3; ++i) sender.send("{}");  // would wait for room, which never comes
  EXPECT_FALSE(sender.finish(50ms));
  sender.stop();
  const SenderStats stats = sender.stats();
  EXPECT_EQ(stats.sent, 0u);
  EXPECT_GE(stats.failed, 3u);
  EXPECT_FALSE(stats.last_error.empty());
  ::close(fd);
}

}  // namespace
}  // namespace aybiza
