// What has no price: usage of the store that the book in force cannot price, by customer, kind, provider and model.
//
// Shape    groups of the store's usage, each held against the book at the times it was first and last seen. Tokens without a
//          rate leave the cost unknown; speech and telephony without one are left out of a cost.
// Errors   of the store.
// Cost     one walk over the usage of the range.
// Threads  any.
#pragma once

#include <string>
#include <vector>

#include "assemble/price_book.h"
#include "store/store.h"

namespace aybiza {

struct Unpriced {
  std::string customer, provider, model;
  PriceKind kind{};
  bool leaves_unknown = false;          // or is left out
  bool priced_now = false;              // the book knows it by now: a rerate would price it
  std::int64_t usage = 0, calls = 0, amount = 0;  // tokens, characters, microseconds
  Instant first = Instant::max(), last = Instant::min();
};

// Those with most usage first, at most limits::unpriced_rows of them. `customer` empty: all.
Result<std::vector<Unpriced>> find_unpriced(Store& store, const PriceBook& book, Instant from, Instant to, std::string_view customer,
                                            Duration deadline);

}  // namespace aybiza
