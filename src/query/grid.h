// The buckets of a question: consecutive intervals that tile [from, to), aligned to the step in the question's zone.
//
// Shape    bucket i is [starts[i], starts[i+1]), the last one ends at the aligned end. Rows outside [from, to) are not
//          counted, so the first and last bucket may be partly covered; their `time` is still the aligned start.
// Errors   more than limits::query_rows_max buckets: Refusal too_many_rows.
// Threads  values; none.
#pragma once

#include <optional>
#include <vector>

#include "query/question.h"
#include "query/zone.h"

namespace aybiza {

class Grid {
 public:
  static Answered<Grid> of(const Question& question, const Zone& zone);

  std::size_t size() const { return starts_.size(); }
  Instant start(std::size_t bucket) const { return starts_[bucket]; }
  Instant end(std::size_t bucket) const { return bucket + 1 < starts_.size() ? starts_[bucket + 1] : end_; }
  // The bucket of t; nullopt outside [from, to).
  std::optional<std::size_t> find(Instant t) const;
  // Those in which t counts: its own, or, for moving averages, every one whose window of `moving` reaches it.
  std::vector<std::size_t> buckets_of(Instant t, std::optional<Duration> moving) const;
  // Equal widths (no step, or no change of offset inside): arithmetic finds the bucket.
  bool uniform() const { return uniform_; }
  Duration width() const { return width_; }
  Instant from() const { return from_; }
  Instant to() const { return to_; }

 private:
  Instant from_{}, to_{}, end_{};
  Duration width_{0};
  bool uniform_ = true;
  std::vector<Instant> starts_;
};

}  // namespace aybiza
