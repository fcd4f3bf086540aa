#include "server/backup_api.h"

#include <simdjson.h>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "runtime/periodic.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"
#include "server/backup.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;
using namespace std::chrono_literals;

constexpr std::size_t body_bytes = 16 * limits::KiB;

Response bad(std::string_view message) { return Response::error(400, "invalid", message); }

// A JSON body that says so: pages of other origins cannot send one.
std::expected<std::filesystem::path, Response> wanted_folder(const Request& request) {
  if (!request.header("content-type").starts_with("application/json")) return std::unexpected(bad(R"(send Content-Type: application/json and {"to":"/absolute/folder"})"));
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view to;
  if (parser.parse(request.body.data(), request.body.size()).get(object) != simdjson::SUCCESS || object["to"].get(to) != simdjson::SUCCESS)
    return std::unexpected(bad(R"(the body is {"to":"/absolute/folder"})"));
  std::filesystem::path folder{std::string(to)};
  if (!folder.is_absolute()) return std::unexpected(bad("`to` is an absolute path, of a folder on the server's machine that does not exist yet"));
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder;
}

}  // namespace

struct BackupApi::Inner : std::enable_shared_from_this<BackupApi::Inner> {
  Inner(Pipeline& p, std::filesystem::path d) : pipeline(p), data(std::move(d)) {}

  Pipeline& pipeline;
  const std::filesystem::path data;
  WorkerPool answers{"backup-api", 1, 16}, work{"backup", 1, 1};
  BackupProgress progress;
  std::mutex mutex;  // guards what follows
  std::string state = "none", folder, error;
  BackupManifest made;
  spool::Spool::Hold hold;
  std::uint64_t held_from = 0;
  Duration hold_ends{0};
  std::unique_ptr<Periodic> hold_watch;

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(answers, [self = shared_from_this(), answer](const Request& request) {
      if (!authz_of(request).platform()) return Response::error(403, "forbidden", "a backup holds everybody's data: it needs an admin key of the platform");
      return (self.get()->*answer)(request);
    });
  }

  Response told(int code) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("state", state).key("to").string_or_null(folder).member("done_bytes", progress.done_bytes.load());
    json.member("total_bytes", std::max(progress.total_bytes.load(), progress.done_bytes.load()));
    if (state == "done") json.member("engine", made.engine).member("applied", made.applied).member("log_first", made.log_first).member("log_last", made.log_last);
    if (!error.empty()) json.member("error", error);
    json.key("held_from");
    if (hold && *hold) json.integer(held_from);
    else json.null();
    json.end_object();
    return Response::json(code, std::move(out));
  }

  Response start(const Request& request) {
    auto to = wanted_folder(request);
    if (!to) return std::move(to.error());
    const std::lock_guard lock(mutex);
    if (state == "running") return Response::error(409, "conflict", "a backup to " + folder + " is being made: wait for it, or call it off");
    state = "running", folder = to->string(), error.clear();
    progress.done_bytes = progress.total_bytes = 0;
    progress.cancelled = false;
    if (!work.post([self = shared_from_this(), where = *to] { self->run(where); })) {
      state = "failed", error = "the server is stopping";
      return Response::error(503, "unavailable", error);
    }
    return told(202);
  }

  void run(const std::filesystem::path& where) {
    auto done = back_up(pipeline, data, where, progress);
    const std::lock_guard lock(mutex);
    state = done ? "done" : "failed";
    if (!done) error = done.error().message;
    else made = std::move(*done), hold.reset();
  }

  Response status(const Request&) {
    const std::lock_guard lock(mutex);
    return told(200);
  }

  Response cancel(const Request&) {
    const std::lock_guard lock(mutex);
    if (state == "running") progress.cancelled = true;
    return told(200);
  }

  Response keep(const Request&) {
    const std::lock_guard lock(mutex);
    hold = pipeline.spool().hold();
    const auto parts = pipeline.spool().parts();
    if (!parts) return Response::error(503, "unavailable", parts.error().message);
    held_from = parts->first.value;
    hold_ends = pipeline.clock().elapsed() + Duration(limits::backup_hold);
    if (!hold_watch) hold_watch = std::make_unique<Periodic>("backup-hold", 60s, [this] {
      const std::lock_guard locked(mutex);
      if (pipeline.clock().elapsed() >= hold_ends) hold.reset();
    });
    return told(200);
  }
};

BackupApi::BackupApi(Pipeline& pipeline, std::filesystem::path data) : inner_(std::make_shared<Inner>(pipeline, std::move(data))) {}
BackupApi::~BackupApi() { stop(); }

void BackupApi::stop() {
  inner_->progress.cancelled = true;
  inner_->answers.stop();
  inner_->work.stop();
  inner_->hold_watch.reset();
}

Status BackupApi::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string pattern, std::size_t body, Inner::Answering answer) {
    return router.add({.method = method, .pattern = std::move(pattern), .policy = net::Policy::admin, .body_limit = body, .handler = inner_->on_pool(answer), .websocket = {}});
  };
  AYBIZA_TRY(add(net::Method::post, "/api/v1/backup", body_bytes, &Inner::start));
  AYBIZA_TRY(add(net::Method::get, "/api/v1/backup", 0, &Inner::status));
  AYBIZA_TRY(add(net::Method::del, "/api/v1/backup", 0, &Inner::cancel));
  return add(net::Method::post, "/api/v1/backup/hold", 0, &Inner::keep);
}

}  // namespace aybiza
