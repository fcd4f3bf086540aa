// Sampling at the way in: of a series that a rule names, a share of its points is kept, each standing for more than itself.
//
// Shape    sample() drops points and divides what is left among fewer: the series' sample rate becomes rate * keep, so that
//          counts and sums stay unbiased. Which points stay is decided by a hash of the point and its place in the batch (an
//          event by its id), never by a generator: a batch that is sent again loses the same ones.
//          Only increments (counter, sum) and single measurements (summary, distribution) are sampled. Running totals, gauges,
//          sets and points that are distributions already are kept whole: what is left out of them cannot be weighed.
// Cost     nothing without rules; else one look at the rules for each series and a hash for each point of a sampled one.
// Threads  any: it holds nothing but the rules and a count.
// Source   docs/sampling.md; Horvitz and Thompson 1952.
#pragma once

#include <atomic>

#include "codec/event_batch.h"
#include "ingest/sampling_rules.h"
#include "model/metric_point.h"

namespace aybiza {

class MetricSampler {
 public:
  explicit MetricSampler(SamplingRules& rules) : rules_(rules) {}

  // The number of points that were left out. `customer` is whose they are where the batch does not say.
  std::uint64_t sample(MetricBatch& batch, std::string_view customer, Instant now) const;
  // The same for `metric` events. REQUIRES: their ids are assigned.
  std::uint64_t sample(EventBatch& batch, std::string_view customer, Instant now) const;
  std::uint64_t left_out() const { return left_out_.load(); }  // since the start, everywhere

 private:
  SamplingRules& rules_;
  mutable std::atomic<std::uint64_t> left_out_{0};  // a figure of its own: relaxed order will do
};

}  // namespace aybiza
