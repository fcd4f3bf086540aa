// What models read and wrote: tokens by kind over time, and by model.
//
// Shape    four kinds: input, from the cache, output, and the rest (what was written to the cache, reasoning, audio), which is what is left of all.
// Errors   a question that fails leaves its part with the reason. Nothing used is unknown, not zero.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "Costs"; docs/metrics.md "tokens".
#pragma once

#include "live/asking.h"

namespace aybiza {

inline constexpr std::size_t token_columns = 4;
inline constexpr std::array<std::string_view, token_columns> token_column_names{"Input", "From cache", "Output", "Cache writes, reasoning, audio"};

struct ModelTokens {
  std::string model;                       // "" = not known
  std::array<double, token_columns> kinds{};
  double all() const { return kinds[0] + kinds[1] + kinds[2] + kinds[3]; }
};
struct TokensState {
  Instant as_of{};
  ChartSeries over_time;                   // one series a kind
  std::vector<ModelTokens> models;         // most first
  std::string models_error;
  bool models_estimate = false;            // rest on sampled calls
};
TokensState compute_tokens(const Ask& ask, const ViewScope& scope, Instant now);

}  // namespace aybiza
