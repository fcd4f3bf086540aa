// Prometheus remote write 1.0 and 2.0 as points of metrics.
//
// Shape    a Snappy block around a protobuf. Labels but __name__ become tags; the type comes from the metadata (1.0: of this
//          or an earlier request, MetricFamilies remembers) or else from the name: _total, _count, _sum and _bucket are running
//          totals, the rest last values. Series of classic histograms stay what they are, totals by `le`, because senders
//          spread them over requests; native histograms become distributions, each bucket's count at its middle.
// Errors   decode answers invalid (400) or too_large (413) and takes nothing; a sample that cannot be is counted in
//          `rejected` and the rest is taken. Stale markers and NaN say that there is no value: counted, not kept.
// Cost     about 0.1 us a sample beyond the first of its series.
// Threads  none: owned by one request's decoder; MetricFamilies: any, one short lock.
// Source   ingest-formats.md 9.1-9.3; Prometheus remote write 1.0 and 2.0-rc.4; Snappy format description.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "codec/metric_tags.h"
#include "model/metric_point.h"

namespace aybiza {

enum class RemoteWriteVersion : std::uint8_t { v1, v2 };

struct RemoteWriteCounts {
  std::uint64_t samples = 0, histograms = 0, exemplars = 0;  // taken (exemplars: read over)
  std::uint64_t stale = 0;                                   // of these: markers and NaN, which are not kept
  std::uint64_t rejected = 0;
  std::uint64_t tags_cut = 0;                                // series whose labels did not fit
  std::string first_rejection;
};

// Types and units of metric families by customer, which 1.0 tells apart from the samples.
class MetricFamilies {
 public:
  enum class Type : std::uint8_t { unknown, counter, gauge, histogram, gauge_histogram, summary, info, stateset };
  struct Family {
    Type type = Type::unknown;
    std::string unit;
  };
  void learn(std::string_view customer, std::string_view name, Family family);  // beyond limits::metric_families: forgotten
  Family find(std::string_view customer, std::string_view name) const;

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Family> families_;
};

class RemoteWriteDecoder {
 public:
  using TakeBatch = std::function<void(MetricBatch&)>;  // a full batch; it is cleared afterwards
  explicit RemoteWriteDecoder(MetricFamilies& families) : families_(families) {}

  // `take` gets every batch, the last one too.
  Result<RemoteWriteCounts> decode(RemoteWriteVersion version, std::string_view packed, std::string_view customer, Instant received,
                                   const TakeBatch& take);

 private:
  struct Sender;  // what one request is decoded with
  MetricFamilies& families_;
  std::string message_, tags_text_;
  TagWriter tags_;
  MetricBatch batch_;
};

// The same without Snappy, for tests and fuzzing.
std::string snappy_pack(std::string_view bytes);

}  // namespace aybiza
