// Any bytes: either refused, or a tally that survives writing and reading, packed or not, merges, and answers every measure.
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregate/tally.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (Tally unpacked; merge_packed(input, unpacked)) {
    std::string packed;
    pack(unpacked, packed);
    Tally again;
    CHECK(merge_packed(packed, again) && serialise(again) == serialise(unpacked));
    CHECK(merge_packed(packed, again, {.calls = false, .usage = false}));
  }
  const auto read = parse_tally(input);
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
