#include "picture/browser_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "picture/devtools.h"
#include "picture/picture_limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr auto slice = 100ms;               // how soon a call-off is noticed
constexpr int look_again_ms = 5;            // for the end of the killed
constexpr std::size_t read_bytes = 256 * 1024;
constexpr int first_fd = 16;                // ours, so that none of them is 3 or 4 already
constexpr std::string_view usual_paths[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome-stable", "/usr/bin/google-chrome", "/usr/local/bin/chromium"};

// Its own profile, this machine's address and nothing else of the network; nothing in the background.
constexpr const char* flags[] = {"--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
                                 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--disable-default-apps", "--disable-breakpad",
                                 "--disable-crash-reporter", "--disable-client-side-phishing-detection", "--disable-domain-reliability", "--metrics-recording-only", "--no-pings",
                                 "--password-store=basic", "--use-mock-keychain", "--mute-audio", "--hide-scrollbars", "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
                                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE [::1]", "--no-proxy-server"};

// One direction: [0] is the browser's end, [1] ours.
struct Pipe {
  std::array<int, 2> fd{-1, -1};
  ~Pipe() {
    for (const int one : fd)
      if (one >= 0) ::close(one);
  }
  bool open() {
    std::array<int, 2> made{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made.data()) != 0) return false;
    for (std::size_t i = 0; i < 2; ++i) fd[i] = ::fcntl(made[i], F_DUPFD_CLOEXEC, first_fd), ::close(made[i]);
    return fd[0] >= 0 && fd[1] >= 0 && ::fcntl(fd[1], F_SETFL, O_NONBLOCK) == 0;
  }
  int keep() { return std::exchange(fd[1], -1); }
};

struct Spawning {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Spawning() { ::posix_spawn_file_actions_init(&files), ::posix_spawnattr_init(&attributes); }
  Spawning(const Spawning&) = delete;
  ~Spawning() { ::posix_spawn_file_actions_destroy(&files), ::posix_spawnattr_destroy(&attributes); }
};

std::string reason(int error) { return std::generic_category().message(error); }

void close_if_open(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

}  // namespace

// The second field of /proc/N/stat is in brackets and may hold anything; behind the last one come state, parent and group.
bool group_lives(pid_t group) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    char state = 'Z';
    int parent = 0, its = 0;
    std::istringstream rest(line.substr(line.rfind(')') + 1));
    if (rest >> state >> parent >> its && its == group && state != 'Z' && state != 'X') return true;
  }
  return false;
}

std::filesystem::path find_browser(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const auto found = std::ranges::find_if(usual_paths, [](std::string_view path) { return ::access(std::string(path).c_str(), X_OK) == 0; });
  return found == std::end(usual_paths) ? std::filesystem::path() : std::filesystem::path(*found);
}

Result<std::unique_ptr<BrowserProcess>> BrowserProcess::start(const std::filesystem::path& program, const Clock& clock) {
  if (::access(program.c_str(), X_OK) != 0) return fail(Code::not_found, "{} cannot be run: {}", program.string(), reason(errno));
  std::unique_ptr<BrowserProcess> made(new BrowserProcess(clock));
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "aybiza-picture-XXXXXX").string();
  if (error || !::mkdtemp(name.data())) return fail(Code::io, "no directory for the browser's files could be made in {}: {}", name, reason(errno));
  made->directory_ = name;
  AYBIZA_TRY(made->spawn(program));
  return made;
}

Status BrowserProcess::spawn(const std::filesystem::path& program) {
  Pipe commands, answers;
  if (!commands.open() || !answers.open()) return fail(Code::io, "no pipe to the browser: {}", reason(errno));
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), std::begin(flags), std::end(flags));
  words.push_back("--user-data-dir=" + (directory_ / "profile").string());
  if (::geteuid() == 0) words.emplace_back("--no-sandbox");  // which the browser demands of root
  words.emplace_back("about:blank");
  std::vector<std::string> names{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + directory_.string(), "TMPDIR=" + directory_.string(), "LANG=C.UTF-8"};  // and no secret of ours
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
  };
  Spawning how;
  const std::string said = (directory_ / "said").string();
  ::posix_spawn_file_actions_addopen(&how.files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&how.files, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&how.files, 2, said.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&how.files, commands.fd[0], 3);
  ::posix_spawn_file_actions_adddup2(&how.files, answers.fd[0], 4);
  ::posix_spawn_file_actions_addclosefrom_np(&how.files, 5);  // what the server listens on is not the browser's
  sigset_t none, usual;
  ::sigemptyset(&none), ::sigemptyset(&usual), ::sigaddset(&usual, SIGPIPE), ::sigaddset(&usual, SIGINT), ::sigaddset(&usual, SIGTERM);
  ::posix_spawnattr_setflags(&how.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setpgroup(&how.attributes, 0);
  ::posix_spawnattr_setsigmask(&how.attributes, &none);
  ::posix_spawnattr_setsigdefault(&how.attributes, &usual);
  const int done = ::posix_spawn(&pid_, program.c_str(), &how.files, &how.attributes, pointers(words).data(), pointers(names).data());
  if (done != 0) return pid_ = -1, fail(Code::io, "{} could not be started: {}", program.string(), reason(done));
  static_cast<void>(::setpriority(PRIO_PGRP, id_t(pid_), 10));  // a picture can wait; where this is refused it is only dearer
  to_ = commands.keep(), from_ = answers.keep();
  return {};
}

// Asked to close, it clears up what it has outside its directory. The group is killed before the leader is reaped: until then its number is nobody else's.
BrowserProcess::~BrowserProcess() {
  if (pid_ > 0) {
    const Patience patience{clock_, clock_.elapsed() + limits::browser_end_time, nullptr};
    static_cast<void>(send(to_json({.id = INT32_MAX, .method = "Browser.close"}), patience));
    close_if_open(to_);
    if (const int watch = int(::syscall(SYS_pidfd_open, pid_, 0)); watch >= 0) {  // the C library declares it without its linkage for C++
      pollfd ended{watch, POLLIN, 0};
      while (patience.left() > Duration(0) && ::poll(&ended, 1, int(std::chrono::ceil<std::chrono::milliseconds>(patience.left()).count())) < 0 && errno == EINTR) {}
      ::close(watch);
    }
    ::kill(-pid_, SIGKILL);
    const Duration until = clock_.elapsed() + limits::browser_end_time;
    while (group_lives(pid_) && clock_.elapsed() < until) ::poll(nullptr, 0, look_again_ms);  // what still runs could write into the directory
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
  }
  close_if_open(to_), close_if_open(from_);
  std::error_code ignored;  // a file that cannot be removed stays in the temporary directory, which is cleared by the system
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string BrowserProcess::last_words() const {
  std::ifstream file(directory_ / "said");
  std::string line, last;
  while (std::getline(file, line))
    if (!line.empty()) last = line.substr(0, 300);
  return last.empty() ? std::string() : "; it said last: " + last;
}

Status BrowserProcess::wait_for(int fd, short events, const Patience& patience) {
  for (;;) {
    if (patience.called_off && patience.called_off()) return fail(Code::unavailable, "it was called off");
    const Duration left = patience.left();
    if (left <= Duration(0)) return fail(Code::unavailable, "the browser did not answer in time{}", last_words());
    pollfd ready{fd, events, 0};
    const int found = ::poll(&ready, 1, int(std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(left, slice)).count()));
    if (found > 0) return {};
    if (found < 0 && errno != EINTR) return fail(Code::io, "waiting for the browser: {}", reason(errno));
  }
}

Status BrowserProcess::send(std::string_view message, const Patience& patience) {
  const std::string framed = std::string(message) + '\0';
  for (std::string_view rest = framed; !rest.empty();) {
    const ssize_t sent = ::send(to_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent >= 0) rest.remove_prefix(std::size_t(sent));
    else if (errno == EAGAIN || errno == EWOULDBLOCK) AYBIZA_TRY(wait_for(to_, POLLOUT, patience));
    else if (errno != EINTR) return fail(Code::unavailable, "the browser has ended{}", last_words());
  }
  return {};
}

Result<std::string> BrowserProcess::receive(const Patience& patience) {
  for (;;) {
    if (const std::size_t end = buffer_.find('\0', looked_); end != std::string::npos) {
      std::string message = buffer_.substr(0, end);
      buffer_.erase(0, end + 1), looked_ = 0;
      return message;
    }
    looked_ = buffer_.size();
    if (looked_ > limits::devtools_message_bytes) return fail(Code::too_large, "the browser sent more than {} bytes at once", limits::devtools_message_bytes);
    AYBIZA_TRY(wait_for(from_, POLLIN, patience));
    buffer_.resize(looked_ + read_bytes);
    const ssize_t got = ::recv(from_, buffer_.data() + looked_, read_bytes, 0);
    buffer_.resize(looked_ + std::size_t(std::max<ssize_t>(got, 0)));
    if (got == 0) return fail(Code::unavailable, "the browser has ended{}", last_words());
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return fail(Code::io, "reading from the browser: {}", reason(errno));
  }
}

}  // namespace aybiza
