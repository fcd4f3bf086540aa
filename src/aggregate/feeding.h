// Random events into a shard and rows out of it, for tests of either.
//
// Threads  none: owned by one test.
#pragma once

#include <vector>

#include "aggregate/random_events.h"
#include "aggregate/shard.h"

namespace aybiza::testing {

// Arrivals [from, to), each at its own place of the log.
inline void feed(Shard& shard, const std::vector<Arrival>& arrivals, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
}

inline RowBatch collected(Shard& shard, std::uint64_t to, Shard::What what = Shard::What::all) {
  RowBatch rows;
  rows.to = to;
  shard.collect(rows, what);
  return rows;
}

}  // namespace aybiza::testing
