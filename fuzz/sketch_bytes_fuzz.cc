// Any bytes: either refused, or a sketch that writes the same bytes again and answers every question.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sketch/ddsketch.h"
#include "sketch/hyperloglog.h"

namespace {

template <typename Sketch>
void round_trip(std::string_view bytes) {
  auto read = Sketch::deserialise(bytes);
  if (!read.has_value()) return;
  std::string again;
  read->serialise(again);
  CHECK(again == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  round_trip<aybiza::DdSketch>(bytes);
  round_trip<aybiza::HyperLogLog>(bytes);
  auto sketch = aybiza::DdSketch::deserialise(bytes);
  if (!sketch.has_value()) return 0;
  aybiza::DdSketch sum;
  sum.merge(*sketch);
  CHECK(sum == *sketch);
  for (const double q : {0.0, 0.3, 0.999, 1.0}) CHECK(sum.quantile(q).has_value() == !sum.empty());
  if (sum.add(12345)) CHECK(sum.remove(12345));
  CHECK(sum.subtract(*sketch) && sum.empty());
  if (auto distinct = aybiza::HyperLogLog::deserialise(bytes)) CHECK(distinct->estimate() >= 0);
  return 0;
}
