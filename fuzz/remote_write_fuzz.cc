// Any message as remote write 1.0 and 2.0, bare and packed: refused, or batches that keep what the model promises.
#include "codec/remote_write.h"

#include <cmath>

#include "base/check.h"
#include "base/limits.h"

using namespace aybiza;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto version = data[0] % 2 == 0 ? RemoteWriteVersion::v1 : RemoteWriteVersion::v2;
  MetricFamilies families;
  RemoteWriteDecoder decoder(families);
  const auto take = [](MetricBatch& batch) {
    CHECK(batch.points.size() <= limits::metric_batch_points);
    for (const MetricPoint& p : batch.points) {
      CHECK(p.series < batch.series().size() && std::isfinite(p.value) && (p.start == MetricPoint::unknown_start || p.start <= p.time));
      CHECK(p.distribution == MetricPoint::plain || p.distribution < batch.distributions.size());
    }
  };
  const Instant now = from_micros(1'790'000'005'000'000);
  (void)decoder.decode(version, data[0] % 4 < 2 ? std::string(bytes) : snappy_pack(bytes), "c", now, take);
  return 0;
}
