// Rates out of LiteLLM's model_prices_and_context_window.json: USD for single tokens, seconds and characters, by model.
//
// Shape    exact: decimals are moved, never multiplied as floating point; what has more than nine places of the unit we write
//          is rounded half to even. Tiers, batches, priorities and prices of other kinds are left out and counted.
// Errors   invalid: not that file.
// Threads  pure.
// Source   ingest-formats.md 13.1.
#pragma once

#include <string_view>
#include <vector>

#include "assemble/price_rates.h"

namespace aybiza {

struct ImportedPrices {
  std::vector<PriceRate> rates;
  std::size_t left_out = 0;
};
// `from`: as in a list; empty is since ever.
Result<ImportedPrices> read_litellm(std::string_view json, std::string_view from);

// "7.167e-05" x `times` in nano-USD; nullopt: not a decimal, or out of range.
Number scaled_usd(std::string_view decimal, std::int64_t times);

}  // namespace aybiza
