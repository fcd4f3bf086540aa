// `aybiza price …`: the price list of a data directory, also beside a running server; what has no price, and pricing anew.
//
// Shape    add_to() makes the verbs, run() does the one that was given. list, set, remove, check and import work on the file;
//          unpriced, rerate and what-if ask the server.
// Errors   answer the process's exit code: 0 done, 1 it went wrong, 2 the call was wrong.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "assemble/price_rates.h"

namespace CLI {
class App;
}

namespace aybiza {

class PriceCommands {
 public:
  void add_to(CLI::App& app);
  std::optional<int> run() const;  // nullopt: none of ours was given

 private:
  int list() const;
  int set() const;
  int remove() const;
  int check() const;
  int import() const;
  int unpriced() const;
  int rerate() const;
  int other_prices() const;
  Result<PriceRate> rate(bool with_price) const;
  void add_file(CLI::App* verb);
  void add_line(CLI::App* verb);
  void add_server(CLI::App* verb);

  CLI::App *list_ = nullptr, *set_ = nullptr, *remove_ = nullptr, *check_ = nullptr, *import_ = nullptr, *unpriced_ = nullptr, *rerate_ = nullptr, *what_if_ = nullptr;
  std::filesystem::path data_ = "./aybiza-data", input_;
  std::string kind_, provider_ = "*", model_ = "*", usd_, per_, since_, customer_ = "-", source_ = "-", format_ = "tsv", only_;
  std::string url_ = "http://127.0.0.1:8080", key_, from_, to_;
  bool file_only_ = false, dry_run_ = false;
};

}  // namespace aybiza
