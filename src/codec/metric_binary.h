// A MetricBatch as bytes: what one `metric_points` event of the log carries.
//
// Shape    version u8 | flags u8 (1: starts, 2: distributions) | series: count, then kind and temporality, name, unit, tags,
//          [sample rate] | points: count, then series (with distributions: twice that, plus one for one of them),
//          time since the point before, [interval], value f64 | of each distribution, in the order of the points: count, sum,
//          flags, [min], [max], sketch. Whole numbers are varints, differences zigzag.
// Errors   decode answers Code::corrupt for what was never written so, unsupported for a newer version; it reads no byte
//          outside of what it was given, and what it gives back keeps every promise of model/metric_point.h.
// Cost     about 12 bytes and 10 ns a point each way.
// Threads  pure functions; any.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/event.h"
#include "model/metric_point.h"

namespace aybiza {

void append_metric_batch(std::string& out, const MetricBatch& batch);
// Replaces `batch`; its series and sketches view `bytes`.
Status decode_metric_batch(std::string_view bytes, MetricBatch& batch);

struct MetricEventHead {
  std::string_view scope;     // customer of the key, or "platform"
  std::string_view customer;  // whose points
  std::string_view source;    // statsd, remote_write, otlp …
  Instant time{};             // when it came
};
// The batch as a whole event, ready for the spool (with an empty item id: batches are told apart by their request).
void append_metric_event(std::string& out, const MetricEventHead& head, const MetricBatch& batch);

}  // namespace aybiza
