// Any bytes: either refused, or a tally that survives writing and reading, merges, and answers every measure.
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregate/tally.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  const auto read = parse_tally({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const std::string bytes = serialise(*read);  // canonical, which the input need not have been
  const auto again = parse_tally(bytes);
  CHECK(again.has_value() && serialise(*again) == bytes);
  Tally sum;
  sum.merge(*read);
  CHECK(serialise(sum) == bytes);
  sum.merge(*read);
  static const std::vector<std::string> words = all_measures();
  for (const std::string& word : words) {
    const auto measure = parse_measure(word);
    if (!measure) continue;  // ma_<measure> and the like are patterns
    (void)value_of(*measure, sum);
    (void)relative_error_of(*measure, sum);
    (void)histogram_of(*measure, sum);
  }
  return 0;
}
