// `aybiza source add|list|remove`: where webhooks may come from, also beside a running server.
//
// Errors   answer the process's exit code.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <string>

namespace aybiza {

struct NewSourceOptions {
  std::filesystem::path data;
  std::string vendor, customer = "*", secret, secret_file, scheme = "vendor", url, key, plan, name;
};
int run_source_add(const NewSourceOptions& options);
int run_source_list(const std::filesystem::path& data);
int run_source_remove(const std::filesystem::path& data, const std::string& id);

}  // namespace aybiza
