// `aybiza masking …`, `forget` and `unmask`: whose words are kept how, also beside a running server.
//
// Shape    add_to() makes the verbs, run() does the one that was given. masking and forget work on the files of the data
//          directory; unmask asks the server, which has the texts.
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

class PrivacyCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int list() const;
  int set() const;
  int remove() const;
  int forget() const;
  int unmask() const;
  CLI::App* add_verb(CLI::App& to, const char* name, const char* help);

  CLI::App *list_ = nullptr, *set_ = nullptr, *remove_ = nullptr, *forget_ = nullptr, *unmask_ = nullptr;
  std::filesystem::path data_ = "./aybiza-data";
  std::string customer_, policy_, classes_ = "all", caller_, call_, url_ = "http://127.0.0.1:8080", key_;
};

}  // namespace aybiza
