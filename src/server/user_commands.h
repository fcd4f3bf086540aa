// aybiza user add | list | password | role | disable | enable: who may sign in, also beside a running server.
// Threads  None: commands of the program.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace aybiza {

struct UserOptions {
  std::filesystem::path data = "data";
  std::string name, role, customer;
  bool password_stdin = false;  // else a password is made and printed once
};

class UserCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: it was none of these

 private:
  UserOptions options_;
  CLI::App *add_ = nullptr, *list_ = nullptr, *password_ = nullptr, *role_ = nullptr, *disable_ = nullptr, *enable_ = nullptr;
};

}  // namespace aybiza
