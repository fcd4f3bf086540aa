// `aybiza recompute` and `aybiza verify`: the log read by itself, beside a running server or without one.
//
// Errors   answer the process's exit code: 0, 1 when something is damaged or the question is refused, 2 for a wrong call.
// Threads  run on the calling thread.
// Source   decisions.md 28; reliability.md 3.3 rule 20.
#pragma once

#include <filesystem>
#include <string>

namespace aybiza {

int run_recompute(const std::filesystem::path& data, const std::string& query);
// Makes the rollups of [from, to) anew from the stored rows; "" is without a limit. What a run that was cut off has left is
// gone on with: DIR/recompute says which range that was.
// `store` is as in serve.
int run_recompute_apply(const std::filesystem::path& data, const std::string& store, const std::string& from, const std::string& to);
int run_verify(const std::filesystem::path& data);

}  // namespace aybiza
