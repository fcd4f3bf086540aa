// The slow, independent way from events to rows: what `aybiza recompute` answers with.
//
// Shape    keeps every event of a call, sorts them by (rank, time, id) and lets the last word win, then writes down the
//          derived columns as docs/metrics.md spells them. It shares no merging, no arithmetic and no window code with
//          assemble/ and aggregate/; only the price table and the text scorer, which are data and a pure function.
// Units    as in model/rows.h.
// Cost     all events in memory: some hundred bytes each.
// Threads  none: owned by whoever recomputes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "assemble/price_book.h"
#include "model/event.h"
#include "query/rows_scan.h"

namespace aybiza {

class Oracle {
 public:
  explicit Oracle(PriceBook first = PriceBook::built_in());  // what is in force until the log says another
  ~Oracle();
  Oracle(const Oracle&) = delete;

  // `received` is the spool record's time: idleness is measured in it.
  void add(const Event& event, Instant received);
  // When the log began, before the first add(): running totals that started later count whole.
  void begin(Instant log_began);
  // The rows after everything added; `received_now` decides which calls have fallen idle.
  RowSet rows(Instant received_now) const;
  std::uint64_t events() const;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace aybiza
