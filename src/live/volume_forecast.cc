#include "live/volume_forecast.h"

#include <algorithm>
#include <cmath>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration week = 7 * 24h, least_step = 1h;
constexpr double z = 1.6449;       // of the normal distribution, for seasonal_band
constexpr int ahead_share = 8;     // of the range, that is looked ahead

// Half of a band around a count, told for a share of it: what is more than the scatter of counts shrinks with the share, the scatter with its root.
double narrowed(double half, double middle, double share) {
  const double beyond = std::max(0.0, half * half - z * z * middle);
  return std::sqrt(share * share * beyond + z * z * middle * share);
}

}  // namespace

Expected expected_in(std::span<const Expected> base, Instant origin, Duration every, Instant from, Duration step) {
  if (base.empty()) return {};
  const double share = double(step.count()) / double(every.count()), centre = double((from - origin + step / 2).count()) / double(every.count()) - 0.5;
  const double at = std::clamp(centre, 0.0, double(base.size() - 1));
  const std::size_t left = std::size_t(at), right = std::min(left + 1, base.size() - 1);
  const double rest = share >= 1 ? 0 : at - double(left);
  const auto between = [&](double Expected::* figure) { return base[left].*figure * (1 - rest) + base[right].*figure * rest; };
  const double middle = between(&Expected::middle), down = middle - between(&Expected::low), up = between(&Expected::high) - middle;
  if (share >= 1) return {middle - down, middle, middle + up};
  return {std::max(0.0, middle * share - narrowed(down, middle, share)), middle * share, middle * share + narrowed(up, middle, share)};
}

VolumeForecast compute_volume_forecast(const Ask& ask, const ViewScope& scope, Instant now) {
  VolumeForecast out;
  out.as_of = now;
  const Range range = range_of(scope, now);
  const Duration every = std::max(range.step, Duration(least_step));
  if (range.to - range.from > forecast_weeks * week) return out.why = NoForecast::too_long, out;
  constexpr std::string_view words[] = {"calls"};
  const Instant origin = floor_to(range.from, every);  // of the zone of the page where steps are days or halves: the answer tells
  Question q = question_of(words, origin - forecast_weeks * week, origin, scope);
  q.step = every, q.zone = scope.zone;
  const auto answer = ask(q);
  if (!answer) return out.why = NoForecast::failed, out.error = answer.error().message, out;
  if (rests_on_sample(*answer)) return out.why = NoForecast::sampled, out;
  std::vector<double> counts;
  Instant last{};  // where the last step of the history begins
  for (const auto& row : answer->rows) {
    const Instant time = parse_rfc3339(text_in(row[0])).value_or(Instant{});
    const double calls = number_in(row, 1).value_or(0);
    if (time + every > origin) break;  // cut off by the question's end
    if (counts.empty() && calls == 0) continue;
    counts.push_back(calls), last = time;
  }
  out.days = double(counts.size()) * double(every / 1s) / 86'400;
  const Instant first = last + every, until = scope.to ? range.to : range.to + (range.to - range.from) / ahead_share;
  const std::size_t leads = counts.empty() ? 0 : std::size_t(std::max<std::int64_t>(1, (until - first + every - 1us) / every));
  const auto base = forecast_seasonal(counts, std::size_t(24h / every), leads);
  if (!base) return out.why = NoForecast::too_little, out;
  for (Instant time = range.step < every ? floor_to(range.from, range.step) : first; time < until; time += range.step) {
    if (time + range.step <= range.from) continue;
    out.times.push_back(time);
    out.expected.push_back(expected_in(*base, first, every, time, range.step));
  }
  return out;
}

}  // namespace aybiza
