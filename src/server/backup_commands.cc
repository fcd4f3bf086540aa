#include "server/backup_commands.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "base/clock.h"
#include "codec/json_writer.h"
#include "net/http_client.h"
#include "server/backup.h"
#include "server/progress.h"
#include "store/postgres_store.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

int complain(std::string_view verb, const Error& error) {
  fmt::print(stderr, "aybiza {}: {}\n", verb, error.message);
  return error.code == Code::invalid ? 2 : 1;
}

std::string amount(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", double(bytes) / (1 << 20)); }

// Works on another thread and shows how far it is.
template <typename Work>
auto shown(std::string what, BackupProgress& progress, const std::atomic<bool>& stop, Work&& work) {
  std::optional<decltype(work())> done;
  std::atomic<bool> over{false};
  std::thread worker([&] {
    done = work();
    over = true;
    over.notify_all();
  });
  Progress line(std::move(what));
  while (!over) {
    if (stop) progress.cancelled = true;
    line.show(progress.done_bytes, progress.total_bytes, "bytes");
    std::this_thread::sleep_for(20ms);
  }
  worker.join();
  line.finish(*done ? amount(progress.done_bytes) : "failed");
  return std::move(*done);
}

void tell(const BackupManifest& made, const std::string& folder) {
  const bool with_store = made.schema > 0;
  fmt::print("{}: the log from {} to {}{}\n", folder, made.log_first, made.log_last,
             with_store ? fmt::format(", the store as of {}", made.applied) : "; the rows of PostgreSQL are not in it: they are dumped by its own tools (docs/backup.md)");
}

struct ServerAnswer {
  std::string state, error, engine;
  BackupManifest made;
  std::uint64_t done = 0, total = 0, held_from = 0;
};

class Asking {
 public:
  explicit Asking(net::ClientConfig config) : client_(std::move(config)) {}

  Result<ServerAnswer> ask(net::Method method, const std::string& target, std::string body = {}) {
    const auto got = client_.request({.method = method, .target = target, .body = body, .content_type = body.empty() ? "" : "application/json", .headers = {}});
    if (!got) return fail(got.error().code, "{}; --url names the running server, --data a stopped one's directory", got.error().message);
    simdjson::dom::object answer;
    if (parser_.parse(got->body.data(), got->body.size()).get(answer) != simdjson::SUCCESS) return fail(Code::corrupt, "the server answered {}: {}", got->status, got->body);
    std::string_view text;
    if (got->status >= 300) return fail(Code::unavailable, "{}", answer["error"]["message"].get(text) == simdjson::SUCCESS ? text : std::string_view(got->body));
    ServerAnswer out;
    const auto take = [&](const char* name, std::string& into) {
      if (answer[name].get(text) == simdjson::SUCCESS) into = text;
    };
    const auto count = [&](const char* name, std::uint64_t& into) { if (answer[name].get(into) != simdjson::SUCCESS) into = 0; };
    take("state", out.state), take("error", out.error), take("engine", out.engine);
    count("done_bytes", out.done), count("total_bytes", out.total), count("held_from", out.held_from);
    count("applied", out.made.applied), count("log_first", out.made.log_first), count("log_last", out.made.log_last);
    out.made.schema = out.engine == "duckdb" ? 1 : 0;
    return out;
  }

 private:
  net::HttpClient client_;
  simdjson::dom::parser parser_;
};

std::optional<Asking> server_at(const std::string& url, const std::string& key) {
  auto config = net::parse_http_url(url);
  if (!config) {
    fmt::print(stderr, "aybiza backup: '{}' is not a server: give --url http://HOST:PORT\n", url);
    return std::nullopt;
  }
  if (!key.empty()) config->headers.push_back({"Authorization", "Bearer " + key});
  return Asking(std::move(*config));
}

}  // namespace

void BackupCommands::add_to(CLI::App& app) {
  backup_ = app.add_subcommand("backup", "a consistent, checksummed copy of everything the server keeps, made while it runs (docs/backup.md)");
  backup_->add_option("--to", to_, "a folder that does not exist yet, on the server's machine; holds all its secrets, mode 0700");
  backup_->add_option("--url", url_, "the running server")->envname("AYBIZA_URL")->capture_default_str();
  backup_->add_option("--key", key_, "key of scope admin, of the platform")->envname("AYBIZA_KEY");
  auto* data = backup_->add_option("--data", data_, "the directory of a server that is stopped, instead of --url");
  backup_->add_option("--store", store_, "with --data: as given to serve")->envname("AYBIZA_STORE")->needs(data)->capture_default_str();
  backup_->add_flag("--hold", hold_, "only keep the log until the next backup is made, at most a day: first this, then pg_dump, then the backup")->excludes(data);
  restore_ = app.add_subcommand("restore", "put a backup into an empty directory; every checksum is verified before anything is written");
  restore_->add_option("--from", from_, "folder of the backup")->required();
  restore_->add_option("--data", target_, "directory to make; what is there is never overwritten")->envname("AYBIZA_DATA")->capture_default_str();
  restore_->add_option("--forgotten", forgotten_, "privacy_audit of the directory it stands in for: callers forgotten since the backup are forgotten here too");
  restore_->add_flag("--check", check_, "verify the backup only, write nothing");
}

std::optional<int> BackupCommands::run(const std::atomic<bool>& stop) const {
  if (!backup_) return std::nullopt;
  if (*restore_) return restore(stop);
  if (!*backup_) return std::nullopt;
  if (hold_) return hold();
  if (to_.empty()) return complain("backup", {Code::invalid, "--to FOLDER is needed: where the backup goes"});
  return data_.empty() ? back_up_running(stop) : back_up_stopped(stop);
}

int BackupCommands::hold() const {
  auto server = server_at(url_, key_);
  if (!server) return 2;
  const auto held = server->ask(net::Method::post, "/api/v1/backup/hold");
  if (!held) return complain("backup", held.error());
  fmt::print("the log is kept from {} on, until a backup is made or a day is over\n", held->held_from);
  return 0;
}

int BackupCommands::back_up_running(const std::atomic<bool>& stop) const {
  auto server = server_at(url_, key_);
  if (!server) return 2;
  const std::string folder = std::filesystem::absolute(to_).lexically_normal().string(), target = "/api/v1/backup";
  std::string body;
  JsonWriter(body).begin_object().member("to", folder).end_object();
  auto now = server->ask(net::Method::post, target, body);
  Progress line("backup");
  for (bool called_off = false; now && now->state == "running";) {
    line.show(now->done, now->total, "bytes");
    std::this_thread::sleep_for(50ms);
    const bool call_off = stop && !std::exchange(called_off, stop.load());
    now = server->ask(call_off ? net::Method::del : net::Method::get, target);
  }
  if (now && now->state != "done") now = fail(Code::unavailable, "{}", now->error);
  line.finish(now ? amount(now->done) : "failed");
  if (!now) return complain("backup", now.error());
  tell(now->made, folder);
  return 0;
}

int BackupCommands::back_up_stopped(const std::atomic<bool>& stop) const {
  std::error_code error;
  if (!std::filesystem::exists(data_ / "spool" / "format", error))
    return complain("backup", {Code::invalid, fmt::format("{} is not a data directory", data_.string())});
  const SystemClock clock;
  auto pipeline = Pipeline::open({.data = data_, .clock = &clock, .store_url = is_postgres_url(store_) ? store_ : std::string()});
  if (!pipeline) {
    const bool running = pipeline.error().code == Code::conflict;
    return complain("backup", {pipeline.error().code, pipeline.error().message + (running ? "; leave --data out and a running server makes the backup itself" : "")});
  }
  BackupProgress progress;
  const auto made = shown("backup", progress, stop, [&] { return back_up(**pipeline, data_, to_.lexically_normal(), progress); });
  (*pipeline)->stop();
  if (!made) return complain("backup", made.error());
  tell(*made, to_.string());
  return 0;
}

int BackupCommands::restore(const std::atomic<bool>& stop) const {
  BackupProgress progress;
  const auto done = shown(check_ ? "check" : "restore", progress, stop, [&] {
    return check_ ? check_backup(from_, progress) : aybiza::restore({.from = from_, .data = target_.lexically_normal(), .forgotten = forgotten_}, progress);
  });
  if (!done) return complain("restore", done.error());
  if (check_) fmt::print("every checksum of {} is right\n", from_.string());
  tell(*done, check_ ? from_.string() : target_.string());
  return 0;
}

}  // namespace aybiza
