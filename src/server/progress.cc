#include "server/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

Duration elapsed() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string bar(std::uint64_t done, std::uint64_t total) {
  if (total == 0) return fmt::format("{}", done);
  constexpr std::uint64_t width = 24;
  const std::uint64_t filled = std::min(width, done * width / total);
  return fmt::format("[{:=<{}}{: <{}}] {}/{}", "", filled, "", width - filled, done, total);
}

}  // namespace

Progress::Progress(std::string what) : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() {
  if (!finished_ && terminal_) std::fputc('\n', stderr);
}

void Progress::show(std::uint64_t done, std::uint64_t total, std::string_view remark) {
  const Duration now = elapsed();
  if (now - last_ < (terminal_ ? Duration(100ms) : Duration(5s))) return;
  last_ = now;
  const std::string line = fmt::format("{} {} {}", what_, bar(done, total), remark);
  if (terminal_) fmt::print(stderr, "\r\033[K{}", line);
  else fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

void Progress::finish(std::string_view remark) {
  finished_ = true;
  if (terminal_) fmt::print(stderr, "\r\033[K{} {}\n", what_, remark);
  else fmt::print(stderr, "{} {}\n", what_, remark);
}

}  // namespace aybiza
