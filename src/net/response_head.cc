#include "net/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace aybiza::net {
namespace {

void append_clean(std::string& out, std::string_view text) {
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

}  // namespace

std::string http_date(Instant t) {
  constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const sys_time<microseconds> system(t.time_since_epoch());
  const auto day = floor<std::chrono::days>(system);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(system - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()], unsigned(date.day()),
                     months[unsigned(date.month()) - 1], int(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::string response_head(const HeadFacts& facts, const std::vector<Header>& headers, const std::vector<Header>& extra,
                          std::string_view date) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", facts.status, reason_phrase(facts.status), date);
  if (!facts.content_type.empty()) append_header(out, "Content-Type", facts.content_type);
  if (facts.content_length) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *facts.content_length);
  if (facts.chunked) out += "Transfer-Encoding: chunked\r\n";
  if (facts.close) {
    out += "Connection: close\r\n";
  } else if (facts.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  for (const Header& h : headers) append_header(out, h.name, h.value);
  for (const Header& h : extra) append_header(out, h.name, h.value);
  out += "\r\n";
  return out;
}

}  // namespace aybiza::net
