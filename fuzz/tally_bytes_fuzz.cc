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
  auto apart = parse_sums(serialise_sums(*read));
  CHECK(apart.has_value());
  std::string sketches = serialise_sketches(*read);
  Tally torn = *apart;
  CHECK(add_sketches(sketches, *apart).has_value() && serialise(*apart) == bytes);
  (void)add_sketches(sketches.replace(2, std::string::npos, input), torn);  // refused, or sketches of as many values
  for (const std::uint8_t wanted : {std::uint8_t(1), std::uint8_t(2), std::uint8_t(8), std::uint8_t(64)}) {
    Tally some = *parse_sums(serialise_sums(*read));
    CHECK(add_sketches(serialise_sketches(*read), some, wanted).has_value());
  }
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
