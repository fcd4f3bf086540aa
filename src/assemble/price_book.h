// Prices of tokens, speech and telephony by name and date, and what one usage costs by them.
//
// Shape    data/prices.tsv, embedded when the program is built: one row per price period. A model is found by its name,
//          without a date suffix ("-20250929", "@20250929") and without a provider prefix ("anthropic/", "us.anthropic.").
// Units    prices in nano-USD per million tokens, per minute, per million characters.
// Errors   a model without a price: nullopt, never zero. Speech and telephony cost something only when the call names a
//          provider that is listed; otherwise they are not part of the cost.
// Cost     one hash look-up per usage.
// Threads  immutable after built_in(); any.
// Source   docs/metrics.md "cost of one usage"; price sources are named per row in data/prices.tsv.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "model/rows.h"

namespace aybiza {

struct PriceContext {  // the dimensions of the call that name what was used
  std::string_view model, provider_stt, provider_tts, carrier;
};

class PriceBook {
 public:
  static const PriceBook& built_in();
  static Result<PriceBook> parse(std::string_view tsv);

  // The cost of `usage` at its own time, without regard to a cost it reports itself. `usage.model`, else context.model.
  Number cost_of(const UsageRow& usage, const PriceContext& context) const;
  Number cost_of(const UsageRow& usage, const Dimensions& dims) const;

 private:
  struct Table;
  std::shared_ptr<const Table> table_;
};

}  // namespace aybiza
