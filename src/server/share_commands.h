// aybiza share create | list | revoke: links that show one page without signing in, also beside a running server.
// Threads  None: commands of the program.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace aybiza {

struct ShareOptions {
  std::filesystem::path data = "./aybiza-data";
  std::string page = "/", board, customer = "*", range = "24h", embed, name, id;
  double days = 7;
};

class ShareCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: it was none of these

 private:
  ShareOptions options_;
  CLI::App *create_ = nullptr, *list_ = nullptr, *revoke_ = nullptr;
};

}  // namespace aybiza
