// Any packets: nothing but counted lines and points of known series may come out, and the same the second time.
#include "codec/statsd.h"

#include <cmath>
#include <numeric>

#include "base/check.h"

using namespace aybiza;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  const Instant now = from_micros(1'790'000'100'000'000);
  StatsdOptions options;
  options.signed_gauges_are_deltas = size % 2 == 0;
  options.templates.push_back(*StatsdTemplate::parse("a.{b}.c"));
  StatsdDecoder decoder(std::move(options));
  std::size_t points = 0;
  for (int round = 0; round < 2; ++round) {
    MetricBatch batch;
    decoder.begin(batch);
    decoder.decode(packet, now);
    for (const MetricPoint& p : batch.points) CHECK(p.series < batch.series().size() && std::isfinite(p.value));
    if (round == 1) CHECK(points == batch.points.size());
    points = batch.points.size();
  }
  const StatsdCounts& c = decoder.counts();
  CHECK(c.points == 2 * points);
  CHECK(c.lines == c.metrics + c.events + c.checks + std::accumulate(c.refused.begin(), c.refused.end(), std::uint64_t(0)));
  return 0;
}
