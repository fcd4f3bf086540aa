// A PostgreSQL server of a test's own: made in a temporary directory, reached by a unix socket only, gone with its object.
//
// Shape    start() runs initdb and postgres from a folder of binaries (as user postgres or nobody where we are root, whom the
//          server refuses). stop(), again() and pause() are for tests of outages. fresh() makes an empty schema and answers a
//          connection string whose search path it is.
// Errors   as Result; what the server wrote is in log().
// Threads  None: owned by one test. The server ends with the thread that started it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

class PostgresServer {
 public:
  // `settings`: "name=value" of postgresql.conf, one a line.
  static Result<std::unique_ptr<PostgresServer>> start(const std::string& binaries, const std::string& settings = "");
  // The newest folder of Debian's packages from version 15 on, or what AYBIZA_POSTGRES_BIN names; empty: none.
  static std::string binaries();
  PostgresServer(const PostgresServer&) = delete;  // start another one
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  std::string url() const;
  Status stop(int signal);    // SIGTERM smart, SIGINT fast, SIGQUIT immediate, SIGKILL as a power cut; waits for its end
  Status again();             // REQUIRES: stopped
  void pause(bool paused);    // the whole server stands still
  std::string log() const;

 private:
  explicit PostgresServer(std::string binaries) : binaries_(std::move(binaries)) {}
  Status make(const std::string& settings);
  std::vector<pid_t> children() const;
  Result<pid_t> launch(std::initializer_list<std::string> command) const;

  std::string binaries_, directory_;
  pid_t process_ = -1;
};

// An empty schema in the database that `url` names, as a connection string.
Result<std::string> fresh_schema(const std::string& url);

}  // namespace aybiza
