// What one usage costs: the rates of a price list, found by kind, customer, provider, model and time.
//
// Shape    made of two lists: the shipped one (data/prices.tsv, embedded) and that of the data directory (may be empty).
//          For each kind the best rate rules: a customer's own before the directory's before the shipped one; then who
//          names provider and model before who says "*" (a model "-" is for usage that names none); of the same line in time the newest that is not later than the usage.
//          A model is looked up as it is written, then by its alias, without a prefix, without a suffix: as the rules of
//          the list say, and no further.
// Units    nano-USD; the kinds of tokens do not contain each other (events.md "usage").
// Errors   no rate: nullopt, never zero. Speech and telephony cost something only when the usage names who did it and that
//          is listed; otherwise they are not part of the cost, and missing() tells of them.
// Cost     one hash look-up per usage whose model is listed as it is written.
// Threads  immutable once made; any. Copies share.
// Source   docs/money.md; docs/metrics.md "cost of one usage".
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "assemble/price_rates.h"
#include "base/status.h"
#include "model/rows.h"

namespace aybiza {

struct PriceContext {  // the dimensions of the call that name what was used
  std::string_view customer, model, provider_llm, provider_stt, provider_tts, carrier;
};
PriceContext price_context(const Dimensions& dims);

class PriceBook {
 public:
  static const PriceBook& built_in();
  static Result<PriceBook> of(std::string_view shipped, std::string_view file);

  // The cost of `usage` at its own time, without regard to a cost it reports itself. `usage.model`, else context.model.
  Number cost_of(const UsageRow& usage, const PriceContext& context) const;
  Number cost_of(const UsageRow& usage, const Dimensions& dims) const { return cost_of(usage, price_context(dims)); }

  struct Missing {
    PriceKind kind{};
    std::string_view provider, model;  // views into usage and context
    std::int64_t amount = 0;           // tokens, characters, microseconds
  };
  // What of `usage` has no rate.
  std::vector<Missing> missing(const UsageRow& usage, const PriceContext& context) const;

  std::span<const PriceRate> rates() const;   // of both lists, in their order
  std::span<const NameRule> rules() const;
  std::string_view shipped() const;           // the texts it was made of
  std::string_view file() const;
  friend bool operator==(const PriceBook& a, const PriceBook& b) { return a.shipped() == b.shipped() && a.file() == b.file(); }

 private:
  struct Table;
  std::shared_ptr<const Table> table_;
};

}  // namespace aybiza
