// `aybiza key create|list|revoke`: API keys of a data directory, also beside a running server.
//
// Errors   answer the process's exit code.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <string>

namespace aybiza {

struct NewKeyOptions {
  std::filesystem::path data;
  std::string customer = "*", scope = "ingest", name;
  double expires_days = 0;  // 0: never
};
int run_key_create(const NewKeyOptions& options);
int run_key_list(const std::filesystem::path& data);
int run_key_revoke(const std::filesystem::path& data, const std::string& id);

}  // namespace aybiza
