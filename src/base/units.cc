#include "base/units.h"

#include <fmt/format.h>

#include "base/check.h"

namespace aybiza {
namespace {

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  out = value;
  return true;
}

}  // namespace

void append_rfc3339(std::string& out, Instant t) {
  using namespace std::chrono;
  const sys_time<microseconds> at{t.time_since_epoch()};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  const auto micros = time.subseconds().count();
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", int(date.year()),
                 unsigned(date.month()), unsigned(date.day()), time.hours().count(), time.minutes().count(),
                 time.seconds().count(), micros / 1000);
  if (micros % 1000 != 0) fmt::format_to(std::back_inserter(out), "{:03}", micros % 1000);
  out += 'Z';
}

std::string format_rfc3339(Instant t) {
  std::string out;
  append_rfc3339(out, t);
  return out;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  int y, mo, d, h, mi, s;
  if (!digits(text, 0, 4, y) || !digits(text, 5, 2, mo) || !digits(text, 8, 2, d) || !digits(text, 11, 2, h) ||
      !digits(text, 14, 2, mi) || !digits(text, 17, 2, s))
    return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const year_month_day date{year(y), month(unsigned(mo)), day(unsigned(d))};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
  std::size_t at = 19;
  std::int64_t micros = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) micros += (text[at] - '0') * unit;
    if (at == first) return std::nullopt;
  }
  if (at >= text.size()) return std::nullopt;
  std::int64_t offset_minutes = 0;
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
  } else if (text[at] == '+' || text[at] == '-') {
    int oh, om;
    if (!digits(text, at + 1, 2, oh) || at + 3 >= text.size() || text[at + 3] != ':' ||
        !digits(text, at + 4, 2, om) || oh > 23 || om > 59)
      return std::nullopt;
    offset_minutes = (text[at] == '-' ? -1 : 1) * (oh * 60 + om);
    at += 6;
  } else {
    return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  const std::int64_t day_number = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = day_number * 86400 + h * 3600 + mi * 60 + s - offset_minutes * 60;
  return from_micros(seconds * 1'000'000 + micros);
}

std::int64_t mul_div_half_even(std::int64_t a, std::int64_t b, std::int64_t c) {
  CHECK(c > 0);
  __extension__ using Wide = __int128;
  const Wide product = Wide(a) * b;
  Wide quotient = product / c, rest = product % c;
  if (rest < 0) rest += c, --quotient;
  if (rest * 2 > c || (rest * 2 == c && (quotient & 1) != 0)) ++quotient;
  return std::int64_t(quotient);
}

}  // namespace aybiza
