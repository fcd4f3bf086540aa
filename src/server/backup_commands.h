// `aybiza backup` and `aybiza restore`.
//
// Shape    add_to() makes the verbs, run() does the one that was given. backup asks the running server, or with --data opens the
//          directory of one that is stopped; restore works on files.
// Errors   answer the process's exit code: 0 done, 1 it went wrong, 2 the call was wrong.
// Threads  run on the calling thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace aybiza {

class BackupCommands {
 public:
  void add_to(CLI::App& app);
  // nullopt: none of ours was given. `stop` calls a backup off.
  std::optional<int> run(const std::atomic<bool>& stop) const;

 private:
  int back_up_running(const std::atomic<bool>& stop) const;
  int back_up_stopped(const std::atomic<bool>& stop) const;
  int hold() const;
  int restore(const std::atomic<bool>& stop) const;

  CLI::App *backup_ = nullptr, *restore_ = nullptr;
  std::filesystem::path to_, data_, from_, target_ = "./aybiza-data", forgotten_;
  std::string url_ = "http://127.0.0.1:8080", key_, store_ = "duckdb";
  bool hold_ = false, check_ = false;
};

}  // namespace aybiza
