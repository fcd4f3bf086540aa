// Histogram points of OTLP, classic and exponential, turned into sketches.
//
// Shape    a delta's buckets are spread over their width, between the minimum and maximum when those are told; a
//          cumulative's count stands on one value of its bucket, so that the difference of two is again a sketch.
//          Exponential buckets are spread evenly in their logarithm.
// Errors   a reason for histograms that contradict themselves: counts that do not add up, bounds that do not rise or leave
//          the range of a double. What is between two bounds is not known better than that: docs/ingest.md says so.
// Cost     at most `spread` additions a bucket.
// Threads  values; none.
// Source   opentelemetry-proto 1.11 metrics.proto; ingest-formats.md 1.6.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codec/protobuf.h"
#include "model/metric_point.h"
#include "sketch/real_sketch.h"

namespace aybiza {

struct OtlpBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;
};

// One point of either kind as sent; its vectors keep their memory from point to point.
struct OtlpHistogram {
  static constexpr std::uint64_t spread = 16;

  std::uint64_t count = 0, zero_count = 0;
  std::optional<double> sum, min, max;
  std::vector<std::uint64_t> counts;  // classic
  std::vector<double> bounds;
  std::int32_t scale = 0;             // exponential
  OtlpBuckets positive, negative;

  void clear();
  bool read_classic_field(protobuf::Reader& message);      // false: another field, not consumed
  bool read_exponential_field(protobuf::Reader& message);
  // The distribution without its sketch's text, which goes to `sketch`. The answer: why not, or null.
  const char* to_sketch(bool exponential, Temporality temporality, MetricDistribution& out, RealSketch& sketch) const;

 private:
  const char* classic_sketch(bool delta, RealSketch& sketch) const;
  const char* exponential_sketch(bool delta, RealSketch& sketch) const;
};

}  // namespace aybiza
