#include "dashboard/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;

std::string grouped(const Texts& t, std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    if (digits[at - 1] == '-') break;
    digits.insert(at, t.notation().group);
  }
  return digits;
}

struct Civil {
  std::chrono::year_month_day date;
  std::int64_t hour, minute, second;
};

Civil civil(Instant t, const Zone& zone) {
  const auto local = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<Duration>(t.time_since_epoch() + zone.offset(t)));
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::int64_t s = (local - day).count();
  return {std::chrono::year_month_day(day), s / 3600, s / 60 % 60, s % 60};
}

// The names of the months stand in one text, with a space between them.
std::string_view month_of(unsigned month, const Texts& t) {
  std::string_view rest = t("time.months");
  for (; month > 1; --month) rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
  return rest.substr(0, rest.find(' '));
}

// "Cache writes, reasoning, audio" -> "word.cache_writes_reasoning_audio"
std::string key_of_word(std::string_view word) {
  std::string key = "word.";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) key += static_cast<char>(std::tolower(byte));
    else if (key.back() != '_' && key.back() != '.') key += '_';
  }
  while (key.ends_with('_')) key.pop_back();
  return key;
}

}  // namespace

std::string in_notation(const Texts& t, std::string plain) {
  if (const std::size_t point = plain.find('.'); point != plain.npos) plain.replace(point, 1, t.notation().decimal);
  return plain;
}

std::string show_number(const Texts& t, double value, int decimals) { return in_notation(t, fmt::format("{:.{}f}", value, decimals)); }

std::string show_interval(const Texts& t, std::string_view low, std::string_view high) { return fmt::format("[{}{}{}]", low, t.notation().between, high); }

std::string show_bound(const Texts& t, std::optional<double> relative) { return relative && *relative > 0 ? "± " + show_share(t, *relative) : std::string(); }

std::string show_count(const Texts& t, double value) { return grouped(t, fmt::format("{:.0f}", value)); }

std::string show_ms(const Texts& t, double ms) {
  if (std::abs(ms) < 999.5) return fmt::format("{:.0f} ms", ms);
  if (std::abs(ms) < 59'995) return show_number(t, ms / 1000, 2) + " s";
  return show_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(ms))) + " min";
}

std::string show_duration(Duration length) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(length).count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string show_us(const Texts& t, const Number& us) { return us ? show_ms(t, double(*us) / 1000) : std::string(dash); }

std::string show_usd(const Texts& t, std::optional<double> usd) {
  if (!usd) return std::string(dash);
  const double size = std::abs(*usd);
  const std::string amount = size < 999.995 ? show_number(t, *usd, size != 0 && size < 0.1 ? 4 : 2) : show_count(t, *usd);
  const std::string_view shape = t.notation().usd;
  const std::size_t place = std::min(shape.find("{}"), shape.size());
  return fmt::format("{}{}{}", shape.substr(0, place), amount, shape.substr(std::min(place + 2, shape.size())));
}

std::string show_rate(const Texts& t, double value) { return std::abs(value) < 9.95 ? show_number(t, value, 1) : show_count(t, value); }

std::string show_bytes(const Texts& t, double bytes) {
  constexpr std::string_view units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; std::abs(bytes) >= 999.5 && unit + 1 < std::size(units); bytes /= 1000) ++unit;
  return fmt::format("{} {}", show_number(t, bytes, unit == 0 || std::abs(bytes) >= 99.95 ? 0 : 1), units[unit]);
}

std::string show_span(const Texts& t, double ms) {
  if (std::abs(ms) < 999.5) return fmt::format("{:.0f} ms", ms);
  if (std::abs(ms) < 119'500) return show_number(t, ms / 1e3, 1) + " s";
  if (std::abs(ms) < 7'170'000) return fmt::format("{:.0f} min", ms / 60e3);
  if (std::abs(ms) < 172'000'000) return fmt::format("{:.0f} h", ms / 3600e3);
  return fmt::format("{:.0f} d", ms / 86400e3);
}

std::string show_score(const Texts& t, double value) {
  const double shown = std::abs(value) < 0.005 ? 0 : value;
  return (shown < 0 ? "−" : shown > 0 ? "+" : "") + show_number(t, std::abs(shown), 2);
}

std::string show_share(const Texts& t, double share) { return show_number(t, share * 100, 1) + " %"; }

std::string show(const Texts& t, Format format, std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return std::string(dash);
  switch (format) {
    case Format::count: return show_count(t, *value);
    case Format::share: return show_share(t, *value);
    case Format::milliseconds:
    case Format::minutes: return show_ms(t, *value);
    case Format::score: return show_score(t, *value);
    case Format::usd: return show_usd(t, value);
    case Format::rate: return show_rate(t, *value);
    case Format::bytes: return show_bytes(t, *value);
    case Format::span: return show_span(t, *value);
    case Format::rating: return show_number(t, *value, 2);
  }
  return std::string(dash);
}

std::string title_case(std::string_view word) {
  if (word.empty()) return "Unknown";
  if (word == "__other__") return "Other";
  std::string out(word);
  for (char& c : out) c = c == '_' ? ' ' : c;
  out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

std::string show_word(const Texts& t, std::string_view word) {
  const std::string* text = t.find(key_of_word(word.empty() ? "unknown" : word));
  return text ? *text : title_case(word);
}

std::string how_many(const Texts& t, std::string_view key, std::size_t n) {
  const std::string one = std::string(key) + ".one";
  return n == 1 && t.find(one) ? std::string(t(one)) : t(key, show_count(t, double(n)));
}

std::string_view show_name(const Texts& t, std::string_view name) {
  const std::string* text = t.find(key_of_word(name));
  return text ? std::string_view(*text) : name;
}

std::string or_unknown(const Texts& t, std::string_view name) { return std::string(name.empty() ? t("name.unknown") : name == "__other__" ? t("name.others") : name); }

std::string what_of(const ChangeRow& change, const Texts& t) { return change.version.empty() ? show_word(t, change.what) : show_word(t, change.what) + " " + change.version; }

std::string show_time(Instant t, const Zone& zone) {
  const Civil c = civil(t, zone);
  return fmt::format("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
}

std::string show_day(Instant t, const Zone& zone, const Texts& texts) {
  const Civil c = civil(t, zone);
  return texts("time.day", unsigned(c.date.day()), month_of(unsigned(c.date.month()), texts));
}

std::string show_moment(Instant t, const Zone& zone, const Texts& texts) { return show_day(t, zone, texts) + " " + show_time(t, zone); }

std::string local_text(Instant t, const Zone& zone) {
  const Civil c = civil(t, zone);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", int(c.date.year()), unsigned(c.date.month()), unsigned(c.date.day()), c.hour, c.minute);
}

// The offset is asked twice: once as if the text were UTC, once where that lands, which is right but in the hour that a
// change of clocks repeats.
std::optional<Instant> from_local(std::string_view text, const Zone& zone) {
  if (text.size() == 16) {
    const auto as_utc = parse_rfc3339(std::string(text) + ":00Z");
    if (!as_utc) return std::nullopt;
    const Instant near = *as_utc - zone.offset(*as_utc);
    return *as_utc - zone.offset(near);
  }
  return parse_rfc3339(text);
}

Zone zone_or_utc(const std::string& name) {
  if (auto zone = Zone::load(name)) return *zone;
  return *Zone::load("UTC");
}

}  // namespace aybiza::dashboard
