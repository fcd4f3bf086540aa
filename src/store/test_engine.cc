#include "store/test_engine.h"

#include "store/duckdb_store.h"
#include "store/memory_store.h"
#include "store/postgres.h"
#include "store/postgres_server.h"
#include "store/postgres_store.h"

namespace aybiza {
namespace {

const char* given() { return std::getenv("AYBIZA_TEST_POSTGRES"); }

std::string newer_binaries() {
  const char* folder = std::getenv("AYBIZA_POSTGRES_NEWER");
  return folder && std::filesystem::exists(std::string(folder) + "/initdb") ? folder : "";
}

// One server for all tests of a process.
struct Running {
  std::unique_ptr<PostgresServer> server;
  std::string problem;
  Running(const std::string& binaries, const std::string& settings, const char* extensions) {
    if (binaries.empty()) {
      problem = "no PostgreSQL server is installed here: script/bootstrap brings one";
      return;
    }
    auto started = PostgresServer::start(binaries, settings);
    if (!started) problem = started.error().message;
    else server = std::move(*started);
    if (server && *extensions != '\0') problem = run_script(server->url(), extensions);
  }
  static std::string run_script(const std::string& url, const char* text) {
    const SystemClock clock;
    auto connection = PostgresConnection::open(url, clock, false);
    if (!connection) return connection.error().message;
    const Status done = (*connection)->script(text);
    return done ? "" : done.error().message;
  }
};

const Running& plain() {
  static const Running running(PostgresServer::binaries(), "", "");
  return running;
}

const Running& newer() {
  static const Running running(newer_binaries(), "shared_preload_libraries='timescaledb'\ntimescaledb.telemetry_level=off",
                               "CREATE EXTENSION timescaledb; CREATE EXTENSION vector");
  return running;
}

}  // namespace

std::vector<std::string> TestEngine::names() {
  std::vector<std::string> out = {"memory", "duckdb", "postgres"};
  if (!newer_binaries().empty()) out.push_back("postgres_newer");
  if (given()) out.push_back("postgres_given");
  return out;
}

std::vector<std::string> TestEngine::speaking_sql() {
  auto out = names();
  std::erase(out, "memory");
  return out;
}

TestEngine::TestEngine(std::string name) : name_(std::move(name)) {
  if (name_ == "postgres" || name_ == "postgres_newer") missing_ = (name_ == "postgres" ? plain() : newer()).problem;
  if (missing_.empty()) renew();
}

void TestEngine::renew() {
  if (name_ != "memory") scratch_ = std::make_unique<Scratch>();
  if (!name_.starts_with("postgres")) return;
  auto url = fresh_schema(name_ == "postgres_given" ? given() : (name_ == "postgres" ? plain() : newer()).server->url());
  if (url) url_ = std::move(*url);
  else missing_ = url.error().message;
}

Result<std::unique_ptr<Store>> TestEngine::open(const Clock& clock) {
  if (name_ == "memory") return make_memory_store();
  if (name_ == "duckdb") return open_duckdb_store({.directory = scratch_->path(), .node = "local", .clock = &clock});
  return open_postgres_store({.url = url_, .node = "local", .clock = &clock, .scratch = folder() + "/store.tmp", .archive = folder() + "/archive"});
}

}  // namespace aybiza
