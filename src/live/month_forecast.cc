#include "live/month_forecast.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/limits.h"
#include "query/zone.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

struct WeekdayMeans {
  std::array<double, 8> sum{}, n{};  // by weekday; 0 is not used
  double variance = 0;               // of a day around its weekday's mean
  double mean(int weekday) const { return sum[std::size_t(weekday)] / n[std::size_t(weekday)]; }
};

WeekdayMeans means_of(std::span<const SpendDay> days) {
  WeekdayMeans out;
  for (const SpendDay& day : days) out.sum[std::size_t(day.weekday)] += day.usd, ++out.n[std::size_t(day.weekday)];
  double squares = 0, freedom = double(days.size());
  for (const SpendDay& day : days) squares += std::pow(day.usd - out.mean(day.weekday), 2);
  for (const double n : out.n) freedom -= n > 0 ? 1 : 0;
  out.variance = freedom > 0 ? squares / freedom : 0;
  return out;
}

std::chrono::year_month_day date_of(Instant t, const Zone& zone) {
  return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Duration>(Duration(to_micros(t)) + zone.offset(t))));
}
bool same_month(Instant a, Instant b, const Zone& zone) {
  const auto x = date_of(a, zone), y = date_of(b, zone);
  return x.year() == y.year() && x.month() == y.month();
}

struct Day {
  Instant at{};
  Known usd;
};

// Complete days since the first that cost something; a day without usage since then cost nothing.
std::vector<SpendDay> complete_days(const std::vector<Day>& days, Instant midnight, const Zone& zone) {
  std::vector<SpendDay> out;
  for (const Day& day : days) {
    if (day.at >= midnight) break;
    if (out.empty() && day.usd.value_or(0) <= 0) continue;
    out.push_back({zone.day_of_week(day.at), day.usd.value_or(0)});
  }
  return out;
}

Known burn_of(const std::vector<SpendDay>& days) {
  if (days.empty()) return std::nullopt;
  const std::size_t count = std::min(days.size(), burn_days);
  double sum = 0;
  for (std::size_t i = days.size() - count; i < days.size(); ++i) sum += days[i].usd;
  return sum / double(count);
}

}  // namespace

std::optional<MonthForecast> forecast_month(std::span<const SpendDay> days, const SpendSoFar& so_far) {
  if (days.size() < forecast_least_days) return std::nullopt;
  const WeekdayMeans means = means_of(days);
  std::array<double, 8> ahead{};  // days of each weekday that are still to come; of today a part
  for (const int weekday : so_far.left) ++ahead[std::size_t(weekday)];
  const double rest = 1 - so_far.today_gone;
  ahead[std::size_t(so_far.weekday)] += rest;
  double expected = 0, variance = means.variance * (double(so_far.left.size()) + rest * rest);
  for (std::size_t weekday = 1; weekday < ahead.size(); ++weekday) {
    if (ahead[weekday] <= 0) continue;
    if (means.n[weekday] == 0) return std::nullopt;
    expected += ahead[weekday] * means.mean(int(weekday));
    variance += ahead[weekday] * ahead[weekday] * means.variance / means.n[weekday];
  }
  const double middle = so_far.month + expected, band = forecast_z * std::sqrt(variance);
  return MonthForecast{std::max(so_far.month, middle - band), middle, middle + band};
}

MonthSpend compute_month(const Ask& ask, const std::vector<Filter>& where, const std::string& zone_name, Instant now) {
  MonthSpend out;
  out.as_of = now;
  const auto loaded = Zone::load(zone_name);
  const Zone zone = loaded ? *loaded : *Zone::load("UTC");
  const Instant midnight = zone.midnight_of(now);
  constexpr std::string_view words[] = {"cost_usd"};
  Question q = question_of(words, zone.midnight_of(midnight - 24h * forecast_days + 12h), now, {});
  q.where = where;
  q.step = 24h, q.zone = zone_name;
  const auto answer = ask(q);
  if (!answer) return out.error = answer.error().message, out;
  out.estimate = rests_on_sample(*answer);
  std::vector<Day> days;
  for (const auto& row : answer->rows) days.push_back({parse_rfc3339(text_in(row[0])).value_or(Instant{}), number_in(row, 1)});
  for (const Day& day : days)
    if (same_month(day.at, now, zone) && day.usd) out.spent = out.spent.value_or(0) + *day.usd;
  const std::vector<SpendDay> complete = complete_days(days, midnight, zone);
  out.days = complete.size();
  out.burn_per_day = burn_of(complete);
  SpendSoFar so_far{out.spent.value_or(0), zone.day_of_week(now), 0, {}};
  const Instant tomorrow = zone.next_midnight(now);
  so_far.today_gone = double((now - midnight).count()) / double((tomorrow - midnight).count());
  for (Instant day = tomorrow; same_month(day, now, zone); day = zone.next_midnight(day)) so_far.left.push_back(zone.day_of_week(day));
  out.forecast = forecast_month(complete, so_far);
  return out;
}

}  // namespace aybiza
