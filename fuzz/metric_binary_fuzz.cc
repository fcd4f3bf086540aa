// Any bytes as a batch of points: refused, or a batch that is written and read again the same.
#include "base/check.h"
#include "codec/metric_binary.h"

using namespace aybiza;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MetricBatch batch;
  if (!decode_metric_batch({reinterpret_cast<const char*>(data), size}, batch)) return 0;
  for (const MetricPoint& p : batch.points)
    CHECK(p.series < batch.series().size() && (p.distribution == MetricPoint::plain || p.distribution < batch.distributions.size()));
  std::string bytes;
  append_metric_batch(bytes, batch);
  MetricBatch back;
  CHECK(decode_metric_batch(bytes, back).has_value());
  CHECK(back.points.size() == batch.points.size() && back.series().size() == batch.series().size());
  return 0;
}
