// From which state conversations go to which: pairs of neighbouring turns whose state is known, counted.
//
// Shape    a pair counts where its second turn lies in [from, to). What stands before it is looked for among the call's turns of
//          the day before it; a turn whose predecessor is older than that has none. Most frequent pairs first, at most flow_pairs.
// Cost     the turns of the range and of the day before it; calls of flow_calls_before too where a customer is asked for.
// Threads  any.
// Source   docs/metrics.md "Flow".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace aybiza {

inline constexpr auto flow_turns_around = std::chrono::hours(24);
inline constexpr auto flow_calls_before = std::chrono::hours(24 * 8);  // so long ago a call may have begun whose turns count
inline constexpr std::size_t flow_pairs = 1'000;

struct FlowPair {
  std::string from, to;
  std::int64_t count = 0;
  friend bool operator==(const FlowPair&, const FlowPair&) = default;
};

// `customer` empty: anybody's calls.
Result<std::vector<FlowPair>> flow_of(Store& store, Instant from, Instant to, std::string_view customer, Duration deadline);

}  // namespace aybiza
