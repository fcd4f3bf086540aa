#include "codec/time_text.h"

#include <cstring>

namespace aybiza {
namespace {

// Two digits at `at`, or a value above 99.
unsigned two(const char* at) {
  const unsigned tens = unsigned(at[0]) - '0', ones = unsigned(at[1]) - '0';
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

}  // namespace

std::optional<Instant> TimeText::parse(std::string_view text) {
  // 2026-11-21T09:00:03.100Z, with three digits or none after the second.
  const bool millis = text.size() == 24;
  if ((!millis && text.size() != 20) || text.back() != 'Z' || std::memcmp(text.data(), date_, 10) != 0) {
    const auto parsed = parse_rfc3339(text);
    if (parsed && text.back() == 'Z') {
      std::memcpy(date_, text.data(), 10);
      date_micros_ = to_micros(floor_to(*parsed, std::chrono::days(1)));
    }
    return parsed;
  }
  const char* const at = text.data();
  const unsigned hours = two(at + 11), minutes = two(at + 14), seconds = two(at + 17);
  unsigned fraction = 0;
  if (millis) {
    const unsigned last = unsigned(at[22]) - '0';
    fraction = at[19] == '.' && last <= 9 ? two(at + 20) * 10 + last : 10'000;
  }
  const bool plain = at[10] == 'T' && at[13] == ':' && at[16] == ':' && hours < 24 && minutes < 60 && seconds < 60;
  if (!plain || fraction > 999) return parse_rfc3339(text);
  return from_micros(date_micros_ + (std::int64_t(hours) * 3600 + minutes * 60 + seconds) * 1'000'000 + fraction * 1000);
}

}  // namespace aybiza
