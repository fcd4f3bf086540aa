#include "live/month_forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

// Weeks of days that cost 10 on Monday … 70 on Sunday, beginning on a Monday.
std::vector<SpendDay> weeks(int count) {
  std::vector<SpendDay> out;
  for (int day = 0; day < 7 * count; ++day) out.push_back({day % 7 + 1, 10.0 * (day % 7 + 1)});
  return out;
}

TEST(MonthForecast, EachDayAheadCostsWhatItsWeekdayDid) {
  // A Wednesday, half gone; Thursday and Monday are left.
  const auto forecast = forecast_month(weeks(4), {100, 3, 0.5, {4, 1}});
  ASSERT_TRUE(forecast);
  EXPECT_DOUBLE_EQ(forecast->middle, 100 + 15 + 40 + 10);
  EXPECT_DOUBLE_EQ(forecast->low, forecast->middle);  // such weeks never differed
  EXPECT_DOUBLE_EQ(forecast->high, forecast->middle);
}

TEST(MonthForecast, TheBandIsTheScatterOfDaysAndOfTheirMeans) {
  std::vector<SpendDay> days;
  for (int day = 0; day < 28; ++day) days.push_back({day % 7 + 1, 100.0 + (day / 7 % 2 == 0 ? 1 : -1)});  // two weeks one more, two one less
  const auto forecast = forecast_month(days, {0, 7, 1, {1, 2, 3}});                                        // today is over
  const double variance = 28.0 / 21;                                                                       // 28 squares of 1, seven means estimated
  ASSERT_TRUE(forecast);
  EXPECT_DOUBLE_EQ(forecast->middle, 300);
  EXPECT_NEAR(forecast->high - forecast->middle, 1.2816 * std::sqrt(3 * variance + 3 * variance / 4), 1e-9);
  EXPECT_NEAR(forecast->middle - forecast->low, forecast->high - forecast->middle, 1e-9);
}

TEST(MonthForecast, NoGuessWithoutTwoWeeks) {
  const std::vector<SpendDay> two = weeks(2);
  EXPECT_FALSE(forecast_month(std::span(two).first(13), {0, 1, 0, {}}));
  EXPECT_TRUE(forecast_month(two, {0, 1, 0, {}}));
  std::vector<SpendDay> no_sundays;
  for (const SpendDay& day : weeks(4))
    if (day.weekday != 7) no_sundays.push_back(day);
  EXPECT_FALSE(forecast_month(no_sundays, {0, 1, 0, {7}}));
  EXPECT_TRUE(forecast_month(no_sundays, {0, 1, 0, {6}}));
}

TEST(MonthForecast, WhatIsSpentIsTheLeast) {
  std::vector<SpendDay> days = weeks(2);
  days.push_back({1, 10'000});
  const auto forecast = forecast_month(days, {500, 2, 1, {1}});
  ASSERT_TRUE(forecast);
  EXPECT_DOUBLE_EQ(forecast->low, 500);
}

TEST(MonthForecast, OfTheRowsByDaysOfTheZone) {
  const Instant now = *parse_rfc3339("2027-01-20T12:00:00Z");  // a Wednesday
  RowSet rows;
  for (int back = 0; back < 30; ++back) {
    UsageRow usage;
    usage.id = {1, std::uint64_t(back)}, usage.call_id = uuid_v5("call");
    usage.time = now - 24h * back - 6h;
    usage.cost_nano = 2'000'000'000;
    rows.usage.push_back(usage);
  }
  CallRow call;
  call.call_id = uuid_v5("call"), call.start = call.updated = now - 24h * 30, call.dims[Field::customer_id] = "acme";
  rows.calls.push_back(call);
  const Ask ask = [&](const Question& q) { return answer_from_rows(q, rows, now, "store"); };
  const MonthSpend month = compute_month(ask, {}, "UTC", now);
  ASSERT_EQ(month.error, "");
  EXPECT_EQ(month.spent, 40.0);        // 1 … 20 January
  EXPECT_EQ(month.burn_per_day, 2.0);
  EXPECT_EQ(month.days, 29u);          // without today
  ASSERT_TRUE(month.forecast);
  EXPECT_DOUBLE_EQ(month.forecast->middle, 40 + 1 + 11 * 2);  // half of today, and the 21st to the 31st
  const MonthSpend none = compute_month(ask, {{{Dimension::customer_id, ""}, false, {"globex"}, false}}, "UTC", now);
  EXPECT_FALSE(none.spent);            // unknown, not zero
  EXPECT_FALSE(none.burn_per_day);
  EXPECT_FALSE(none.forecast);
  // In Tokyo it is the same day, nine hours later in it.
  const MonthSpend tokyo = compute_month(ask, {}, "Asia/Tokyo", now);
  ASSERT_TRUE(tokyo.forecast);
  EXPECT_DOUBLE_EQ(tokyo.forecast->middle, *tokyo.spent + 2 * 3 / 24.0 + 11 * 2);
}

}  // namespace
}  // namespace aybiza
