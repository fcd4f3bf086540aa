#include "live/seasonal_forecast.h"

#include <algorithm>
#include <cmath>

namespace aybiza {
namespace {

double root(double count) { return 2 * std::sqrt(std::max(0.0, count) + 0.375); }
double squared(double root) { return std::max(0.0, std::max(0.0, root) * root / 4 - 0.375); }

struct Constants {
  double level, daily, weekly, carried;
};

struct Smoothing {
  Constants c{};
  double level = 0, error = 0;
  std::vector<double> daily, weekly;  // by step of the day, of the week
  std::size_t next = 0;               // the step to come

  double ahead(std::size_t lead) const {  // lead 1: the step to come
    const std::size_t at = next + lead - 1;
    return level + daily[at % daily.size()] + weekly[at % weekly.size()] + std::pow(c.carried, double(lead)) * error;
  }
  void take(double value) {
    const std::size_t d = next % daily.size(), w = next % weekly.size();
    error = value - (level + daily[d] + weekly[w]);
    level += c.level * error, daily[d] += c.daily * error, weekly[w] += c.weekly * error;
    ++next;
  }
};

// Means of the first two weeks: of all, of each step of the day, and what a step of the week has beyond them.
Smoothing begun(std::span<const double> roots, std::size_t day, const Constants& c) {
  Smoothing s{.c = c, .daily = std::vector<double>(day), .weekly = std::vector<double>(7 * day)};
  const std::size_t first = 14 * day;
  for (std::size_t i = 0; i < first; ++i) s.level += roots[i] / double(first);
  for (std::size_t i = 0; i < first; ++i) s.daily[i % day] += (roots[i] - s.level) / 14;
  for (std::size_t i = 0; i < first; ++i) s.weekly[i % (7 * day)] += (roots[i] - s.level - s.daily[i % day]) / 2;
  s.next = first;
  return s;
}

// How far it is off over the day ahead, summed over all places of the rest of the history.
double missed(std::span<const double> roots, std::size_t day, const Constants& c) {
  Smoothing s = begun(roots, day, c);
  double sum = 0;
  for (std::size_t t = 14 * day; t < roots.size(); ++t) {
    for (const std::size_t lead : {std::size_t(1), std::max<std::size_t>(1, day / 4), day})
      if (t + lead - 1 < roots.size()) sum += std::abs(roots[t + lead - 1] - s.ahead(lead));
    s.take(roots[t]);
  }
  return sum;
}

double quantile(std::vector<double>& values, double share) {
  // As a conformal bound: the value below which, with one more of the like, at least `share` lie.
  const double rank = std::ceil(share * double(values.size() + 1));
  const std::size_t at = std::size_t(std::clamp(rank, 1.0, double(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(at), values.end());
  return values[at];
}

}  // namespace

std::optional<std::vector<Expected>> forecast_seasonal(std::span<const double> counts, std::size_t day, std::size_t leads) {
  if (counts.size() < seasonal_least_weeks * 7 * day) return std::nullopt;
  std::vector<double> roots;
  for (const double count : counts) roots.push_back(root(count));
  Constants best{};
  double least = -1;
  for (const double level : {0.0, 0.02, 0.1, 0.3})
    for (const double daily : {0.0, 0.1, 0.3})
      for (const double weekly : {0.0, 0.2, 0.5})
        for (const double carried : {0.0, 0.5, 0.8, 0.95}) {
          const Constants c{level, daily, weekly, carried};
          const double sum = missed(roots, day, c);
          if (least < 0 || sum < least) least = sum, best = c;
        }
  Smoothing s = begun(roots, day, best);
  std::vector<std::vector<double>> errors(leads);  // by lead
  for (std::size_t t = 14 * day; t < roots.size(); ++t) {
    for (std::size_t lead = 1; lead <= leads && t + lead - 1 < roots.size(); ++lead) errors[lead - 1].push_back(roots[t + lead - 1] - s.ahead(lead));
    s.take(roots[t]);
  }
  std::vector<Expected> out;
  double low = 0, high = 0;
  for (std::size_t lead = 1; lead <= leads; ++lead) {
    std::vector<double>& e = errors[lead - 1];
    if (e.size() >= 2 * day) low = quantile(e, (1 - seasonal_band) / 2), high = quantile(e, (1 + seasonal_band) / 2);
    const double middle = s.ahead(lead);
    out.push_back({squared(middle + std::min(low, 0.0)), squared(middle), squared(middle + std::max(high, 0.0))});
  }
  return out;
}

}  // namespace aybiza
