#include "live/heat.h"

#include <algorithm>

#include "base/limits.h"
#include "query/zone.h"

namespace aybiza {

Heat compute_heat(const Ask& ask, const ViewScope& scope, Instant now) {
  using namespace std::chrono_literals;
  constexpr std::string_view busy[] = {"calls", "avg_duration_ms"}, one[] = {"calls"};
  Heat heat;
  heat.as_of = now;
  const Range range = range_of(scope, now);
  heat.from = floor_to(std::min(range.from, range.to - Duration(limits::heat_least)), 1h);
  Question hours = question_of(busy, heat.from, range.to, scope), agents = question_of(one, heat.from, range.to, scope);
  hours.step = 1h, hours.zone = scope.zone;
  agents.by = {{Dimension::agent_id, ""}};
  agents.limit = limits::query_rows_max;
  agents.source = Source::store;  // as in league.cc: the store has hands to spare
  const auto by_hour = ask(hours), by_agent = ask(agents);
  if (!by_hour || !by_agent) return heat.error = (by_hour ? by_agent : by_hour).error().message, heat;
  heat.agents = double(std::ranges::count_if(by_agent->rows, [](const auto& row) { return !text_in(row[0]).empty() && number_in(row, 1).value_or(0) > 0; }));
  if (heat.agents == 0) return heat;

  const auto zone = Zone::load(scope.zone);
  std::array<std::array<double, 24>, 7> busy_seconds{}, offered{};
  bool begun = false;
  for (const auto& row : by_hour->rows) {
    const Instant hour = parse_rfc3339(text_in(row[0])).value_or(Instant{});
    const double calls = number_in(row, 1).value_or(0);
    begun = begun || calls > 0;
    const double seconds = double(std::max(Duration(0), std::min(range.to, hour + 1h) - std::max(hour, heat.from)).count()) / 1e6;
    if (!begun || !zone || seconds <= 0) continue;
    const auto day = std::size_t(zone->day_of_week(hour) - 1), at = std::size_t(zone->hour_of_day(hour));
    offered[day][at] += heat.agents * seconds;
    busy_seconds[day][at] += calls * number_in(row, 2).value_or(0) / 1e3;
  }
  for (std::size_t day = 0; day < 7; ++day)
    for (std::size_t hour = 0; hour < 24; ++hour)
      if (offered[day][hour] > 0) heat.share[day][hour] = busy_seconds[day][hour] / offered[day][hour];
  return heat;
}

}  // namespace aybiza
