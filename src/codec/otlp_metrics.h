// Decodes the protobuf body of `POST /v1/metrics` into series and narrow points; JSON is transcoded before (otlp_json.h).
//
// Shape    a point's attributes are hashed as they lie on the wire; only a combination that is new to the request becomes
//          tags, and only one that is new to this decoder is written out and masked.
//            gauge                          last_value
//            sum, monotonic                 counter (whole numbers of "1", "{...}" or no unit), else sum
//            sum, not monotonic             last_value (a delta is a signed gauge)
//            histogram, exponential         distribution
//            summary                        last_value per tag `quantile`; <name>_count and <name>_sum cumulative
//          Tags: the point's attributes, the scope as otel.scope.name (two scopes may have one name, and are two streams),
//          and of the resource service.name, service.instance.id (else host.name), deployment.environment*, cloud.region,
//          k8s.*. A batch that is full is handed on and begun anew. Maps are flattened with '.', arrays are JSON. Exemplars are skipped; "no recorded value" is no point.
// Errors   as otlp_decoder.h, per point. Points further than limits::time_past_max or time_future_max from `received`, not
//          finite, or of histograms that contradict themselves are refused.
// Cost     bench/otlp_bench.
// Threads  none: one decoder per thread.
// Source   opentelemetry-proto 1.11 metrics.proto; ingest-formats.md 1.3, 1.5-1.7.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "base/status.h"
#include "codec/metric_tags.h"
#include "codec/otlp_batch.h"
#include "codec/otlp_histogram.h"
#include "codec/otlp_value_reader.h"
#include "model/metric_point.h"

namespace aybiza {

struct OtlpMetrics {
  MetricBatch batch;
  std::uint64_t offered = 0;      // points
  std::uint64_t rejected = 0;
  std::string first_rejection;
  std::uint64_t cut_series = 0;   // whose tags were more or longer than is kept

  void reject(std::string_view why) {
    if (rejected++ == 0) first_rejection = why;
  }
  void clear();
};

// Which series of a batch stands for which key. Slots are small, because each point of a wide request looks at another.
class RequestSeries {
 public:
  void clear();
  const std::uint32_t* find(const Id& key) const;
  std::uint32_t add(const Id& key, std::uint32_t series);  // REQUIRES: find(key) is nullptr

 private:
  struct Slot {
    std::uint32_t check = 0, number = 0;  // of known_, from 1; 0: free
  };
  std::size_t place_of(const Id& key) const;  // its own, or the free one it would get
  std::vector<std::pair<Id, std::uint32_t>> known_;
  std::vector<Slot> slots_;  // half of them free at least
};

class OtlpMetricsDecoder {
 public:
  // What is done with canonical tags, metric names and units before they are kept: masking.
  struct Masks {
    std::function<void(std::string& tags)> tags;
    std::function<void(std::string& name)> name;
  };
  explicit OtlpMetricsDecoder(Masks masks = {}) : masks_(std::move(masks)) {}

  // `full` is given out.batch each time it holds as much as one event of the log takes; what is in it then is gone after.
  using Full = std::function<void(MetricBatch&)>;
  Status decode(std::string_view body, Instant received, OtlpMetrics& out, const Full& full = {});

 private:
  struct Stream;
  struct Point;
  // What walk_otlp() visits.
  struct Visitor {
    OtlpMetricsDecoder& decoder;
    void resource(protobuf::Reader message) { decoder.start_resource(message); }
    void scope(protobuf::Reader message) { decoder.start_scope(message); }
    void item(protobuf::Reader message) { decoder.read_metric(message); }
    void broken(std::string_view why) { decoder.refuse(why); }
  };
  struct KnownTags {
    std::string text;
    bool cut = false;
    std::uint64_t round = 0;  // of the batch that keeps them
    std::string_view kept;    // there
  };
  void next_batch();
  std::string_view keep(std::string_view text, std::string_view& last);
  void start_resource(protobuf::Reader message);
  void start_scope(protobuf::Reader message);
  void read_metric(protobuf::Reader message);
  const char* read_point(Stream& stream, protobuf::Reader message);
  const char* add_number(const Stream& stream, const Point& point);
  const char* add_histogram(const Stream& stream, const Point& point);
  const char* add_summary(const Stream& stream, const Point& point);
  void read_quantile(protobuf::Reader message);
  void refuse(std::string_view why);
  void make_room();
  bool place_in_time(Point& point) const;
  std::uint32_t series_of(const Stream& stream, const Point& point, MetricSeries series, std::optional<double> quantile = {});
  KnownTags& tags_of(const Id& key, std::optional<double> quantile);
  void add_tag(std::string_view name, const OtlpValue& value, std::size_t depth = 0);
  const Masks masks_;
  OtlpMetrics* out_ = nullptr;
  const Full* full_ = nullptr;
  Instant received_{};
  std::size_t points_ = 0, broken_ = 0, tag_bytes_ = 0;
  Arena place_arena_, point_arena_;
  OtlpValueReader values_;
  std::vector<OtlpAttribute> resource_tags_;
  std::string_view scope_name_;
  std::uint64_t resource_hash_ = 0, place_hash_ = 0;  // of what resource and scope give to tags
  RequestSeries series_;           // of this batch
  std::uint64_t round_ = 0;        // number of the batch
  std::string_view last_name_, last_unit_;  // kept by it last
  std::unordered_map<Id, KnownTags> known_;        // from request to request, at most limits::otlp_known_tags and _bytes
  std::size_t known_bytes_ = 0;
  TagWriter writer_;
  std::deque<std::string> texts_;      // tags being written
  std::vector<std::string_view> attributes_;       // of the point, as on the wire
  OtlpHistogram histogram_;
  std::vector<std::pair<double, double>> quantiles_;
  std::string sketch_bytes_, name_;
};

}  // namespace aybiza
