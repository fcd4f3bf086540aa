// `aybiza reports …`: pages that are sent by mail, also beside a running server; and one of them now.
//
// Shape    add_to() makes the verbs, run() does the one that was given. add, list, on, off and remove work on the files; send-now asks the server.
// Errors   answer the process's exit code: 0 done, 1 it went wrong, 2 the call was wrong.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace aybiza {

class ReportCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int list() const;
  int add() const;
  int change() const;
  int send_now() const;

  CLI::App *list_ = nullptr, *add_ = nullptr, *remove_ = nullptr, *on_ = nullptr, *off_ = nullptr, *send_ = nullptr;
  std::filesystem::path data_ = "./aybiza-data";
  std::string name_, page_ = "/", to_, at_ = "07:00", days_ = "daily", zone_ = "UTC", format_ = "pdf", customer_ = "*", id_;
  std::string url_ = "http://127.0.0.1:8080", key_;
};

}  // namespace aybiza
