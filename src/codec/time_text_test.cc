#include "codec/time_text.h"

#include <gtest/gtest.h>

#include <random>

namespace aybiza {
namespace {

TEST(TimeText, AnswersLikeTheSlowRival) {
  TimeText times;
  const auto check = [&](std::string_view text) { EXPECT_EQ(times.parse(text), parse_rfc3339(text)) << text; };
  for (const auto text : {"2026-11-21T09:00:03.100Z", "2026-11-21T09:00:03.100Z", "2026-11-21T23:59:59Z",
                          "2026-11-21T24:00:00Z", "2026-11-21T09:60:03.100Z", "2026-11-21T09:00:60Z",
                          "2026-11-21 09:00:03.100Z", "2026-11-21T09:00:03,100Z", "2026-11-21T09:00:03.1x0Z",
                          "2026-11-21T09:00:03+01:00", "2026-11-21T09:00:03.123456Z", "2026-02-30T09:00:03.100Z",
                          "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:58.999Z", "", "Z", "2026-11-21T09:00:03.1000"})
    check(text), check(text);
  std::mt19937_64 random(5);
  for (int i = 0; i < 50'000; ++i) {
    std::string text = format_rfc3339(from_micros(std::int64_t(random() % 4'000'000'000'000) * 1000));
    if (random() % 2 != 0) text[random() % text.size()] = char(' ' + random() % 95);
    check(text);
    check(text);
  }
}

}  // namespace
}  // namespace aybiza
