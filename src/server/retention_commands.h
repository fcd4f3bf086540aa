// `aybiza retention …`: the rules of a data directory, also beside a running server; what would go, and a pass now.
//
// Shape    add_to() makes the verbs, run() does the one that was given. set, list and remove work on the file; preview and apply ask
//          the server.
// Errors   answer the process's exit code: 0 done, 1 it went wrong, 2 the call was wrong.
// Threads  run on the calling thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace aybiza {

class RetentionCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int list() const;
  int set() const;
  int remove() const;
  int preview() const;
  int apply() const;
  void add_server(CLI::App* verb);

  CLI::App *set_ = nullptr, *list_ = nullptr, *remove_ = nullptr, *preview_ = nullptr, *apply_ = nullptr;
  std::filesystem::path data_ = "./aybiza-data";
  std::string what_, then_ = "delete", url_ = "http://127.0.0.1:8080", key_;
  std::int64_t days_ = 0;
  bool json_ = false;
};

}  // namespace aybiza
