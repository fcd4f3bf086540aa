// `aybiza budget …`: what customers, campaigns and agents may cost a month, also beside a running server; and how far each is.
//
// Shape    add_to() makes the verbs, run() does the one that was given. set, list and remove work on the file; status asks the server.
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

class BudgetCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int list() const;
  int set() const;
  int remove() const;
  int status() const;

  CLI::App *set_ = nullptr, *list_ = nullptr, *remove_ = nullptr, *status_ = nullptr;
  std::filesystem::path data_ = "./aybiza-data";
  std::string of_ = "customer", name_, customer_, usd_, url_ = "http://127.0.0.1:8080", key_, zone_ = "UTC";
  bool json_ = false;
};

}  // namespace aybiza
