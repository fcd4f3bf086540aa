// Points of generic metrics as every metric codec hands them on: a dictionary of series and narrow points referring to it.
//
// Shape    MetricBatch = series (told once) + points (time, value, series) + the few points that are distributions. What a
//          point means is decided by its series: kind x temporality. A batch travels through the spool as one event
//          (codec/metric_binary.h); the shard turns cumulative points and signed gauges into what is stored.
//            counter, sum     delta: an increment. cumulative: the running total since `start`
//            last_value       delta: a signed gauge, to be added to the last one. cumulative: the value itself
//            summary, distribution   value: one measurement; or one of `distributions` (delta, or cumulative since `start`)
//            set              value: set_member() of the member
// Units    times as Instant; values in the series' unit. sample_rate 0.1: each point stands for ten.
// Errors   values are finite, start <= time or unknown, indexes valid: codecs see to it, the binary form checks it again.
// Cost     32 bytes a point; add_series() one hash and a copy of the texts the first time, the index afterwards. A name that
//          is the series' before is kept once; whoever knows more keeps texts itself and adopts what views them.
// Threads  none: a batch belongs to who builds it. Texts it answers live as long as it.
// Source   ingest-formats.md 1.5-1.7, 8.3, 9.3; events.md `metric`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/units.h"

namespace aybiza {

enum class MetricKind : std::uint8_t { counter, sum, last_value, summary, distribution, set };  // numbers of the spool: append only
inline constexpr std::size_t metric_kind_count = std::size_t(MetricKind::set) + 1;
std::string_view to_string(MetricKind kind);
std::optional<MetricKind> parse_metric_kind(std::string_view word);

enum class Temporality : std::uint8_t { delta, cumulative };

struct MetricSeries {
  MetricKind kind = MetricKind::counter;
  Temporality temporality = Temporality::delta;
  std::string_view name;       // required, at most limits::id_bytes
  std::string_view unit;       // as sent; empty: not told
  std::string_view tags;       // canonical_tags() (codec/metric_tags.h): a flat JSON object with sorted keys, or empty
  double sample_rate = 1;      // (0, 1]
  friend bool operator==(const MetricSeries&, const MetricSeries&) = default;
};

struct MetricPoint {
  static constexpr std::uint32_t plain = std::numeric_limits<std::uint32_t>::max();
  static constexpr Instant unknown_start = Instant::min();

  Instant time{};
  Instant start = unknown_start;       // of the interval (delta) or of the total (cumulative), if the sender tells
  double value = 0;                    // of a distribution: its sum
  std::uint32_t series = 0;            // index into MetricBatch::series()
  std::uint32_t distribution = plain;  // index into MetricBatch::distributions, or plain
};

struct MetricDistribution {
  std::uint64_t count = 0;
  double sum = 0;
  std::optional<double> min, max;      // unknown of cumulative ones
  std::string_view sketch;             // RealSketch::serialise() (sketch/real_sketch.h), of `count` values; empty: not told.
                                       // Of cumulative ones it must be linear in the counts sent, so that the difference of
                                       // two is again one: put a bucket's whole count on one value of the bucket
};

// A member of a set as a point's value: a whole number below 2^53, so that it survives as a double.
inline double set_member(std::string_view member) { return double(hash64(member, 0x5E7) >> 11); }

class MetricBatch {
 public:
  std::string_view customer;                     // whose points; empty: the key's. Viewed, not kept
  std::vector<MetricPoint> points;
  std::vector<MetricDistribution> distributions;

  bool full() const;  // as many points or series as one event of the log takes: time for the next batch
  // The index of this series, which is added when it is new. Its texts are copied.
  std::uint32_t add_series(const MetricSeries& series);
  // As it is, without a look at the others; its texts are viewed and must outlive the batch (keep()). Its index.
  std::uint32_t adopt_series(const MetricSeries& series) {
    series_.push_back(series);
    return std::uint32_t(series_.size() - 1);
  }
  // Other texts for a series (masking); they are copied. REQUIRES: index < series().size().
  void rename_series(std::uint32_t index, std::string_view name, std::string_view unit, std::string_view tags);
  // Its points stand for others that are left out. REQUIRES: index < series().size(); no series is added afterwards.
  void weigh_series(std::uint32_t index, double sample_rate) { series_[index].sample_rate = sample_rate; }
  const std::vector<MetricSeries>& series() const { return series_; }
  std::string_view keep(std::string_view text);  // a copy that lives as long as the batch: texts of series, sketches
  void clear();
  bool empty() const { return points.empty(); }

 private:
  std::vector<MetricSeries> series_;
  struct Added {
    std::uint64_t hash = 0;
    std::uint32_t series = 0;
  };
  std::vector<Added> added_;            // in the order of add_series()
  std::vector<std::uint32_t> slots_;    // by hash, half empty: place in added_ + 1, 0 for none
  std::deque<std::string> texts_;       // side by side in blocks that never grow: views stay valid, also when the batch is moved
};

// Identity of a series for stores and for live state: equal on every machine and after every restart. `customer` is the
// tenant's name. Cumulative or not makes no difference: what is stored are increments.
std::uint64_t series_identity(std::string_view customer, const MetricSeries& series);

}  // namespace aybiza
