#include "aggregate/live_question.h"

#include <algorithm>
#include <iterator>

namespace aybiza {

bool LiveFilter::keeps(const std::optional<std::string_view>& value) const {
  const bool named = value ? std::find(values.begin(), values.end(), *value) != values.end() : with_null;
  return named != negated;
}

void LivePartial::merge(LivePartial&& other) {
  for (auto& [key, tally] : other.cells) {
    const auto [at, fresh] = cells.try_emplace(key);
    if (fresh) at->second = std::move(tally);
    else at->second.merge(tally);
  }
  for (auto& [group, calls] : other.through) {
    CallsThrough& own = through[group];
    own.calls += calls.calls;
    own.estimate |= calls.estimate;
    own.agents.insert(own.agents.end(), calls.agents.begin(), calls.agents.end());
  }
  std::move(other.intervals.begin(), other.intervals.end(), std::back_inserter(intervals));
  calls_in_flight += other.calls_in_flight;
}

}  // namespace aybiza
