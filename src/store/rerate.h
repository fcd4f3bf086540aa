// Usage of the store priced anew: what `aybiza price rerate` does to rows.
//
// Shape    day by day (shorter where a day holds too much): the calls with usage there, all of their usage, what changes, and
//          one transaction for it. A call's cost is always the sum of its usage, so that a rerate that was cut off leaves whole
//          days done and the rest as it was; it is told by the log and begins again at a start until the log has it behind.
//          Cost a sender told stays. Rollup rows of panes that live state holds follow from there.
// Units    nano-USD, exactly.
// Errors   of the store. A sum beyond what 64 bits hold does not happen: a usage costs less than a million USD.
// Threads  rerate_store: the store's writer. rerate_preview: any.
#pragma once

#include <functional>

#include "assemble/price_order.h"
#include "store/store.h"

namespace aybiza {

struct RerateReport {
  std::uint64_t usage = 0;           // looked at: all in the range but what was told
  std::uint64_t usage_changed = 0, calls_changed = 0;
  std::uint64_t found = 0, lost = 0; // unknown before, known now; and the reverse
  std::int64_t before_nano = 0, after_nano = 0;  // what is known of their cost
};

// Of whole calls, as they are stored: those rows that differ, ready to be written.
RowBatch rerated(const RowBatch& stored, const Rerate& order, const PriceBook& prices, RerateReport& report);

// `stop` is asked between transactions.
Result<RerateReport> rerate_store(Store& store, const Rerate& order, const PriceBook& prices, const std::function<bool()>& stop);
// The same without writing.
Result<RerateReport> rerate_preview(Store& store, const Rerate& order, const PriceBook& prices, const std::function<bool()>& stop);

}  // namespace aybiza
