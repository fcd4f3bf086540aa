// The series of generic metrics a shard knows, and how their points become what is stored.
//
// Shape    fold() resolves each series of a batch once and hands its points on as narrow rows: deltas as they are, cumulative
//          points as increments since the point before (their first one is the base, unless its start is later than
//          `since`), signed gauges added to the last absolute value, or, of a gauge that never had one, as a sum. A series
//          over the bound of its customer becomes the one of its name with the tags {"__other__":"__other__"}.
//          The last minutes are also kept folded (metric_minutes.h), for live answers.
// Errors   a cumulative point that is not later than the one before, and a delta that has the interval of the one before, is a
//          duplicate: dropped and counted.
// Cost     about 10 ns a point, 0.2 us a series of a batch.
// Threads  none: owned by one shard.
// Source   ingest-formats.md 1.5-1.7, 8.2, 8.3; decisions.md 21.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aggregate/flat_index.h"
#include "aggregate/metric_minutes.h"
#include "aggregate/well_known.h"
#include "assemble/bytes.h"
#include "model/metric_point.h"
#include "model/rows.h"
#include "sketch/real_sketch.h"

namespace aybiza {

struct MetricStats {
  std::uint64_t points = 0;      // folded, of which:
  std::uint64_t stored = 0;      //   handed to the store
  std::uint64_t bases = 0;       //   the first of a cumulative stream
  std::uint64_t duplicates = 0;  //   dropped
  std::uint64_t resets = 0;      // of cumulative streams; their points are stored
  std::uint64_t folded = 0;      // points that went to "__other__"
  std::uint64_t series = 0;      // known now
};

class MetricTable {
 public:
  // `since`: when somebody began to listen; never: with the first batch.
  explicit MetricTable(std::size_t series_per_customer, Instant since = Instant::max())
      : series_per_customer_(series_per_customer), since_(since) {}

  // Appends to metric_series, metric_points and metric_distributions of `out`; and to system, at most one row a second of each
  // gauge with a well-known name.
  void fold(std::string_view customer, const MetricBatch& batch, Instant received, RowBatch& out);
  void advance(Instant received) { minutes_.advance(received); }
  MetricStats stats() const;
  const MetricMinutes& minutes() const { return minutes_; }

  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);

 private:
  struct Track {  // of a cumulative stream, a signed gauge, or a delta whose interval is told
    bool known = false;
    Instant start = MetricPoint::unknown_start, time{};
    double value = 0;
    std::uint64_t count = 0;
    RealSketch sketch;
  };
  struct Entry {
    std::uint64_t id = 0;
    std::string customer, name, unit, tags;
    MetricKind kind{};
    double sample_rate = 1;
    Instant received{};
    std::unique_ptr<Track> track;
    std::unique_ptr<const WellKnown> known;  // a gauge that is a column of system_performance_metrics
    MetricMinutes::Slot minutes = 0;
    bool other = false;
  };
  using Slot = std::uint32_t;
  struct Batch;  // what one fold() works on

  Slot resolve(std::string_view customer, const MetricSeries& series, Instant received, RowBatch& out);
  Slot make(std::string_view customer, const MetricSeries& series, std::uint64_t id, bool other);
  void let_go(Instant before);
  static Track& track_of(Entry& entry);
  void put(Entry& entry, Instant time, double value, RowBatch& out);
  void put_gauge(Entry& entry, Instant time, double value, RowBatch& out);
  void fold_gauge(Entry& entry, const MetricSeries& series, std::string_view customer, const MetricPoint& point, Instant received, RowBatch& out);
  void fold_total(Entry& entry, const MetricPoint& point, RowBatch& out);
  void fold_distribution(Entry& entry, const MetricSeries& series, const MetricPoint& point, const MetricDistribution& one, RowBatch& out);
  bool is_repeated(Entry& entry, const MetricPoint& point);

  const std::size_t series_per_customer_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<Slot> free_;
  FlatIndex by_id_;
  std::unordered_map<std::string, std::size_t> held_;  // series by customer
  Instant since_;                                      // of received time
  Instant swept_ = Instant::min();
  MetricStats stats_;
  MetricMinutes minutes_;
};

}  // namespace aybiza
