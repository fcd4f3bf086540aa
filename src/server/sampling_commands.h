// `aybiza sampling set|list|remove`: which generic metrics and whose calls are sampled, also beside a running server.
//
// Errors   answer the process's exit code.
// Threads  run on the calling thread.
#pragma once

#include <filesystem>
#include <string>

namespace aybiza {

struct NewSamplingOptions {
  std::filesystem::path data;
  std::string customer = "*", metric, tag;
  double keep = 0;
  bool calls = false, money = false;
};
int run_sampling_set(const NewSamplingOptions& options);
int run_sampling_list(const std::filesystem::path& data);
int run_sampling_remove(const std::filesystem::path& data, const std::string& id);

}  // namespace aybiza
