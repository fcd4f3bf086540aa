// `aybiza topics …`: asks the server to train its topic model, to index vectors, and how far it is.
//
// Shape    add_to() makes the verbs, run() does the one that was given. train and index wait until it is done, unless told not to.
// Errors   answer the process's exit code: 0 done, 1 it went wrong, 2 the call was wrong.
// Threads  run on the calling thread.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace aybiza {

class TopicCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int status() const;
  int work(const std::string& target) const;

  CLI::App *status_ = nullptr, *train_ = nullptr, *index_ = nullptr;
  std::string url_ = "http://127.0.0.1:8080", key_;
  bool json_ = false, no_wait_ = false, drop_ = false;
};

}  // namespace aybiza
