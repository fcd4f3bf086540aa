// The last minutes of every series of generic metrics, folded: what live answers about them are made of.
//
// Shape    per series and minute: count and sum (weighted by the sample rate), extremes, the last value, a RealSketch of
//          summaries and distributions, the members of sets. Minutes older than limits::metric_live go, earlier ones too when
//          all are more than limits::metric_live_bytes.
// Errors   covers() says no where a minute is cut, is no longer held, or a quantile is asked of a kind without sketch.
// Cost     add() about 5 ns, with a sketch 20; ask() O(series of the name x minutes).
// Threads  none: owned by one shard.
// Source   decisions.md 11, 20.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aggregate/live_question.h"
#include "aggregate/sampling_error.h"
#include "model/metric_point.h"
#include "model/rows.h"
#include "sketch/hyperloglog.h"
#include "sketch/real_sketch.h"

namespace aybiza {

// Also one series' contribution to an answer. `last` of equal times is that of the greater series, then of the later point.
struct MetricTally {
  double count = 0, sum = 0;
  double min = std::numeric_limits<double>::infinity(), max = -std::numeric_limits<double>::infinity();
  double last = 0;
  Instant last_time = Instant::min();
  std::int64_t last_series = 0;            // signed, as the store orders them
  double points = 0;                       // unweighted: what a whole sketch would count
  SampledSums sampled;                     // of points that stand for more than themselves
  bool extremes_known = true;              // false: a distribution did not tell them
  std::unique_ptr<RealSketch> sketch;      // of summaries and distributions
  std::unique_ptr<HyperLogLog> members;    // of sets
  void merge(const MetricTally& other);
};

struct MetricQuestion {
  std::string name;
  // The group of a series; nullopt: the question does not mean it. Called on the shard's thread.
  std::function<std::optional<LiveGroup>(std::string_view customer, std::string_view tags)> group;
  std::vector<Instant> edges;              // as LiveQuestion
  bool quantiles = false, members = false;  // of summaries and distributions; of sets
};
using MetricPartial = std::map<LiveKey, MetricTally>;
void merge(MetricPartial& into, MetricPartial&& from);

class MetricMinutes {
 public:
  using Slot = std::uint32_t;
  struct Series {  // viewed until release()
    std::string_view customer, name, tags;
    MetricKind kind{};
    double sample_rate = 1;
    std::uint64_t id = 0;
  };
  Slot make(const Series& series);
  void release(Slot slot);
  void add(Slot slot, Instant time, double value);
  void add(Slot slot, const MetricDistributionRow& row, const RealSketch& sketch);
  void advance(Instant received);          // lets old minutes go

  Coverage covers(const MetricQuestion& question) const;
  MetricPartial ask(const MetricQuestion& question) const;  // REQUIRES: covers() said yes

  Instant newest() const { return newest_; }
  void begin_after(Instant newest);        // after a restart: what came up to then is in the store only
  std::size_t heap_bytes() const;

 private:
  struct Minute {
    std::int64_t index = 0;
    MetricTally tally;
  };
  struct Held {
    Series series;
    double weight = 1;
    std::vector<Minute> minutes;           // ascending
  };
  MetricTally* minute(Held& held, Instant time);
  void drop_before(std::int64_t index);

  std::vector<Held> held_;
  std::vector<Slot> free_;
  std::unordered_map<std::string, std::vector<Slot>> by_name_;
  Instant newest_ = Instant::min();
  std::int64_t since_ = std::numeric_limits<std::int64_t>::min();  // index of the first minute that is whole
  std::int64_t swept_ = 0;
};

}  // namespace aybiza
