// The slow, independent way from points of metrics to rows: the oracle's part for generic metrics.
//
// Shape    streams by the text of everything that tells them apart; increments of totals, signed gauges and repeated intervals
//          as model/metric_point.h and docs/metrics.md say them, without the tables of aggregate/. There is no bound on series.
// Threads  none: owned by one oracle.
// Source   ingest-formats.md 1.5, 8.2.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/metric_point.h"
#include "query/rows_scan.h"

namespace aybiza {

class OracleMetrics {
 public:
  void begin(Instant log_began) { began_ = log_began; }
  void add(const std::string& customer, const MetricBatch& batch, Instant received, RowSet& out);

 private:
  struct Stream {
    std::optional<MetricPoint> before;
    MetricDistribution distribution;
    std::string sketch;
  };
  std::uint64_t row_of(const std::string& customer, const MetricSeries& series, RowSet& out);

  std::map<std::string, Stream> streams_;
  std::map<std::uint64_t, bool> told_;
  std::optional<Instant> began_;
};

}  // namespace aybiza
