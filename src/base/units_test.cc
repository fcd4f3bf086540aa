#include "base/units.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

void check(std::string_view text, std::optional<std::int64_t> micros) {
  const auto parsed = parse_rfc3339(text);
  EXPECT_EQ(parsed.has_value(), micros.has_value()) << text;
  if (parsed && micros) { EXPECT_EQ(to_micros(*parsed), *micros) << text; }
}

TEST(Units, Rfc3339) {
  check("1970-01-01T00:00:00Z", 0);
  check("1970-01-01T00:00:00.5Z", 500'000);
  check("1970-01-01T00:00:00.1234567Z", 123'456);  // finer than a microsecond is cut
  check("1970-01-01T01:00:00+01:00", 0);
  check("1969-12-31T23:59:59.999Z", -1000);
  check("2026-11-21T09:00:00.000Z", 1795251600'000'000);
  check("2026-11-21T09:00:00", std::nullopt);  // no offset: whose nine o'clock?
  check("2026-02-30T09:00:00Z", std::nullopt);
  check("2026-11-21T25:00:00Z", std::nullopt);
  check("2026-11-21T09:00:00.Z", std::nullopt);
  check("2026-11-21T09:00:00Zx", std::nullopt);
  check("", std::nullopt);
}

TEST(Units, PrintsWhatItParses) {
  for (std::int64_t micros : {0LL, 1LL, -1LL, 1795251600'123'000LL, 1795251600'123'456LL})
    EXPECT_EQ(parse_rfc3339(format_rfc3339(from_micros(micros))), from_micros(micros));
  EXPECT_EQ(format_rfc3339(from_micros(1795251600'123'000)), "2026-11-21T09:00:00.123Z");
}

TEST(Units, FloorGoesDownBeforeTheEpochToo) {
  using namespace std::chrono_literals;
  EXPECT_EQ(floor_to(from_micros(-1), 1s), from_micros(-1'000'000));
  EXPECT_EQ(floor_to(from_micros(1'999'999), 1s), from_micros(1'000'000));
  EXPECT_EQ(floor_to(from_micros(-1'000'000), 1s), from_micros(-1'000'000));
}

TEST(Units, HalfEven) {
  EXPECT_EQ(mul_div_half_even(5, 1, 2), 2);
  EXPECT_EQ(mul_div_half_even(7, 1, 2), 4);
  EXPECT_EQ(mul_div_half_even(-5, 1, 2), -2);
  EXPECT_EQ(mul_div_half_even(-7, 1, 2), -4);
  EXPECT_EQ(mul_div_half_even(10, 1, 3), 3);
  EXPECT_EQ(mul_div_half_even(9'000'000'000'000'000'000, 7, 7), 9'000'000'000'000'000'000);
}

}  // namespace
}  // namespace aybiza
