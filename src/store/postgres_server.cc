#include "store/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "store/postgres.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int newest_looked_for = 30;
constexpr int starts_waited_for = 1'200;  // times 50 ms

// Whom the server runs as: ourselves, but for root.
const passwd* server_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user ? user : ::getpwnam("nobody");
}

std::string failure(std::string_view doing) { return fmt::format("{}: {}", doing, std::generic_category().message(errno)); }

}  // namespace

std::string PostgresServer::binaries() {
  if (const char* chosen = std::getenv("AYBIZA_POSTGRES_BIN")) return chosen;
  for (int version = newest_looked_for; version >= 15; --version)
    if (const auto folder = fmt::format("/usr/lib/postgresql/{}/bin", version); fs::exists(folder + "/initdb")) return folder;
  return "";
}

Result<std::unique_ptr<PostgresServer>> PostgresServer::start(const std::string& binaries, const std::string& settings) {
  std::unique_ptr<PostgresServer> server(new PostgresServer(binaries));
  AYBIZA_TRY(server->make(settings));
  AYBIZA_TRY(server->again());
  return server;
}

Status PostgresServer::make(const std::string& settings) {
  std::string pattern = (fs::temp_directory_path() / "aybiza-pg-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return fail(Code::io, "{}", failure(pattern));
  directory_ = pattern;
  if (const passwd* user = server_user(); user && ::chown(pattern.c_str(), user->pw_uid, user->pw_gid) != 0)
    return fail(Code::io, "{}", failure("chown " + pattern));
  const auto made = launch({"initdb", "-D", directory_ + "/data", "-U", "aybiza", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"});
  if (!made) return std::unexpected(made.error());
  int status = 0;
  if (::waitpid(*made, &status, 0) != *made || status != 0) return fail(Code::io, "initdb failed: {}", log());
  std::ofstream file(directory_ + "/data/postgresql.auto.conf", std::ios::app);
  // Not of a test's concern is a loss of power: killed processes leave what they wrote to the kernel.
  file << "listen_addresses=''\nunix_socket_directories='" << directory_ << "'\nfsync=off\nmax_connections=60\nshared_buffers=32MB\n" << settings << '\n';
  return file.flush() ? Status() : fail(Code::io, "{}", failure("postgresql.auto.conf"));
}

// The process of a program of the folder, its words going to the log.
Result<pid_t> PostgresServer::launch(std::initializer_list<std::string> command) const {
  std::vector<std::string> words(command);
  words[0] = binaries_ + "/" + words[0];
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const passwd* user = server_user();
  const std::string log = directory_ + "/log";
  const pid_t child = ::fork();
  if (child < 0) return fail(Code::io, "{}", failure("fork"));
  if (child > 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644), null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0), ::dup2(out, 1), ::dup2(out, 2);
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::chdir(directory_.c_str()) != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

std::string PostgresServer::url() const { return "postgresql://aybiza@/postgres?host=" + directory_; }

Status PostgresServer::again() {
  for (int i = 0; i < starts_waited_for; ++i) {
    if (process_ < 0) {  // again, where something of a server that was killed is still in its way
      const auto started = launch({"postgres", "-D", directory_ + "/data"});
      if (!started) return std::unexpected(started.error());
      process_ = *started;
    }
    if (PQping(url().c_str()) == PQPING_OK) return {};
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    std::this_thread::sleep_for(50ms);
  }
  return fail(Code::io, "the server did not start: {}", log());
}

Status PostgresServer::stop(int signal) {
  if (process_ < 0) return {};
  const std::vector<pid_t> all = signal == SIGKILL ? children() : std::vector<pid_t>();
  ::kill(process_, signal);
  for (const pid_t child : all) ::kill(child, signal);
  const bool ended = ::waitpid(process_, nullptr, 0) == process_;
  process_ = -1;
  return ended ? Status() : fail(Code::io, "{}", failure("waitpid"));
}

// They are in sessions of their own, so no signal reaches them with the postmaster's.
std::vector<pid_t> PostgresServer::children() const {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process_));
  std::vector<pid_t> out;
  for (pid_t child; file >> child;) out.push_back(child);
  return out;
}

void PostgresServer::pause(bool paused) {
  const int signal = paused ? SIGSTOP : SIGCONT;
  ::kill(process_, signal);
  for (const pid_t child : children()) ::kill(child, signal);
}

std::string PostgresServer::log() const {
  std::ifstream file(directory_ + "/log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

PostgresServer::~PostgresServer() {
  if (process_ >= 0) pause(false);
  static_cast<void>(stop(SIGQUIT));  // what is left of it goes with the directory
  std::error_code ignored;
  if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

Result<std::string> fresh_schema(const std::string& url) {
  const SystemClock clock;
  auto connection = PostgresConnection::open(url, clock, false);
  if (!connection) return std::unexpected(connection.error());
  const std::string schema = fmt::format("aybiza_{:x}", random_id().low);
  AYBIZA_TRY((*connection)->script("CREATE SCHEMA " + schema));
  return fmt::format("{}{}options=-csearch_path%3D{}", url, url.find('?') == std::string::npos ? '?' : '&', schema);
}

}  // namespace aybiza
