#include "query/grid.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr Duration day = std::chrono::hours(24);

// Steps of a day and more start at civil midnights; shorter ones at multiples of the step in local time.
Instant first_start(Instant from, Duration step, const Zone& zone) {
  if (step >= day) {
    const Duration offset = zone.offset(from);
    const std::int64_t days = step / day;
    const Instant local_floor = floor_to(from + offset, day * days);  // whole multiples of n days since the epoch
    return zone.midnight_of(local_floor - offset + std::chrono::hours(12));
  }
  const Duration offset = zone.offset(from);
  return floor_to(from + offset, step) - offset;
}

}  // namespace

Answered<Grid> Grid::of(const Question& question, const Zone& zone) {
  Grid grid;
  grid.from_ = question.from;
  grid.to_ = question.to;
  if (question.step.count() == 0) {
    grid.starts_ = {question.from};
    grid.end_ = question.to;
    grid.width_ = question.to - question.from;
    return grid;
  }
  const auto too_many = [&] {
    return std::unexpected(Refusal{"too_many_rows", "step",
                                   fmt::format("the range holds more than {} buckets: take a larger step or a shorter range",
                                               limits::query_rows_max)});
  };
  if ((question.to - question.from) / question.step > std::int64_t(limits::query_rows_max)) return too_many();
  grid.width_ = question.step;
  const std::int64_t days = question.step / day;
  for (Instant at = first_start(question.from, question.step, zone); at < question.to;) {
    grid.starts_.push_back(at);
    Instant next = at + question.step;
    if (days > 0) {
      next = at;
      for (std::int64_t i = 0; i < days; ++i) next = zone.next_midnight(next);
      grid.uniform_ = grid.uniform_ && next - at == question.step;
    }
    at = next;
    grid.end_ = next;
    if (grid.starts_.size() > limits::query_rows_max) return too_many();
  }
  return grid;
}

std::optional<std::size_t> Grid::find(Instant t) const {
  if (t < from_ || t >= to_ || starts_.empty()) return std::nullopt;
  if (uniform_ && width_.count() > 0) return std::size_t((t - starts_[0]) / width_);
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), t);
  return std::size_t(after - starts_.begin()) - 1;
}

std::vector<std::size_t> Grid::buckets_of(Instant t, std::optional<Duration> moving) const {
  std::vector<std::size_t> found;
  if (!moving) {
    if (const auto own = find(t)) found.push_back(*own);
    return found;
  }
  for (std::size_t i = 0; i < size(); ++i) {
    const Instant end = std::min(this->end(i), to_);
    if (t < end && t >= end - *moving) found.push_back(i);
  }
  return found;
}

}  // namespace aybiza
