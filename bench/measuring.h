// What every benchmark prints and measures by: the machine, wall and CPU seconds, a gauge of a server, a server as a child process.
//
// Errors   a benchmark that cannot go on says why and ends with 1.
// Threads  a ChildServer has one owner; the rest are functions.
#pragma once

#include <fmt/format.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/http_client.h"

namespace aybiza::bench {

using Steady = std::chrono::steady_clock;

inline double seconds(Steady::duration d) { return std::chrono::duration<double>(d).count(); }
inline double seconds_since(Steady::time_point begin) { return seconds(Steady::now() - begin); }

[[noreturn]] inline void stop_with(std::string_view why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}
inline void must(bool good, std::string_view what) {
  if (!good) stop_with(what);
}

inline double cpu_seconds() {  // of this process
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

inline double thread_cpu_seconds() {  // of this thread: what others do on the machine does not count
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

inline std::string machine() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line))
    if (line.starts_with("model name")) return fmt::format("{} x {}", std::thread::hardware_concurrency(), line.substr(line.find(':') + 2));
  return "unknown";
}

// By what a figure can be measured again: the machine, the data, the command.
inline void print_heading(std::string_view data, int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  fmt::print("machine: {}\ndata: {}\ncommand:", machine(), data);
  for (int i = 0; i < argc; ++i) fmt::print(" {}", argv[i]);
  fmt::print("\n");
}

// A number of /metrics; -1 where there is none.
inline double gauge(net::HttpClient& client, const std::string& name) {
  const auto answer = client.get("/metrics");
  if (!answer) return -1;
  const auto at = answer->body.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atof(answer->body.c_str() + at + name.size() + 2);
}

inline std::filesystem::path fresh_directory(std::string_view name) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("aybiza-{}-{}", name, getpid());
  std::filesystem::create_directories(path);
  return path;
}

// A program that serves HTTP on this machine, whose CPU seconds are its own.
class ChildServer {
 public:
  ChildServer(std::vector<std::string> command, const std::filesystem::path& log) {
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    must(posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0, fmt::format("cannot start {}", command[0]));
    posix_spawn_file_actions_destroy(&actions);
  }
  ~ChildServer() { stop(); }
  ChildServer(const ChildServer&) = delete;  // one process, one owner

  double cpu_seconds() const {
    std::ifstream file(fmt::format("/proc/{}/stat", pid_));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t name_end = text.rfind(')');
    must(name_end != std::string::npos, "the server is gone");
    unsigned long user = 0, system = 0;
    std::sscanf(text.c_str() + name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return double(user + system) / double(sysconf(_SC_CLK_TCK));
  }

  // Waits until the port is named in the log (`text` stands before it).
  static std::uint16_t port_in(const std::filesystem::path& log, std::string_view text) {
    for (int i = 0; i < 600; ++i) {
      std::ifstream file(log);
      const std::string all((std::istreambuf_iterator<char>(file)), {});
      if (const auto at = all.find(text); at != std::string::npos) return std::uint16_t(std::atoi(all.c_str() + at + text.size()));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    stop_with("the server did not start");
  }

  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace aybiza::bench
