// How near forecasts of hours come, beside last day's and last week's hours, on real series nobody here has chosen.
//
//   forecast_bench [folder with forecast/ = ../shared/data]
//
// M4's hourly series, 48 hours ahead: sMAPE and MASE as M4 counts them, how many of the true hours the 90 % band holds, and its mean scaled interval score
// (Gneiting and Raftery 2007) beside a band of ± 1.645 times the scatter of last week's errors around last week's hours.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "live/seasonal_forecast.h"

namespace {

using namespace aybiza;

// A line a series, its name first; a series ends with its line or with what is empty.
std::vector<std::vector<double>> series_of(const std::string& path) {
  std::string text;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(("gzip -dc -- '" + path + "' 2>/dev/null").c_str(), "r"), pclose);
  std::array<char, 65536> part{};
  while (const std::size_t got = pipe ? std::fread(part.data(), 1, part.size(), pipe.get()) : 0) text.append(part.data(), got);
  std::erase(text, '"'), std::erase(text, '\r');
  std::vector<std::vector<double>> out;
  for (std::size_t at = text.find('\n') + 1; at != 0 && at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::vector<double> values;
    for (std::size_t comma = text.find(',', at); comma < end; comma = text.find(',', comma + 1)) {
      char* stop = nullptr;
      const double value = std::strtod(text.c_str() + comma + 1, &stop);
      if (stop != text.c_str() + comma + 1) values.push_back(value);
    }
    out.push_back(std::move(values));
    at = end + 1;
  }
  return out;
}

struct Score {
  double smape = 0, mase = 0;
  void take(double is, double said, double scale) { smape += 200 * std::abs(is - said) / (std::abs(is) + std::abs(said) + 1e-12), mase += std::abs(is - said) / scale; }
};
double interval_score(double is, double low, double high) { return high - low + (is < low ? 20 * (low - is) : 0) + (is > high ? 20 * (is - high) : 0); }

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = std::string(argc > 1 ? argv[1] : "../shared/data") + "/forecast/m4-hourly-";
  const auto train = series_of(folder + "train-1-207.csv.gz"), test = series_of(folder + "test-1-207.csv.gz");
  if (train.empty() || train.size() != test.size()) return fmt::print(stderr, "no series under {}\n", folder), 77;
  Score ours, last_day, last_week;
  double n = 0, inside = 0, band = 0, plain_band = 0, none = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto& y = train[i];
    const auto made = forecast_seasonal(y, 24, test[i].size());
    if (!made) {
      ++none;
      continue;
    }
    double scale = 0, spread = 0;
    for (std::size_t t = 24; t < y.size(); ++t) scale += std::abs(y[t] - y[t - 24]) / double(y.size() - 24);
    for (std::size_t t = 168; t < y.size(); ++t) spread += std::pow(y[t] - y[t - 168], 2) / double(y.size() - 168);
    for (std::size_t h = 0; h < test[i].size(); ++h) {
      const double is = test[i][h], day_ago = y[y.size() - 24 + h % 24], week_ago = y[y.size() - 168 + h % 168], half = 1.645 * std::sqrt(spread);
      const Expected& e = (*made)[h];
      ours.take(is, e.middle, scale), last_day.take(is, day_ago, scale), last_week.take(is, week_ago, scale);
      inside += is >= e.low && is <= e.high ? 1 : 0, ++n;
      band += interval_score(is, e.low, e.high) / scale, plain_band += interval_score(is, week_ago - half, week_ago + half) / scale;
    }
  }
  fmt::print("{} hourly series of M4, 48 hours ahead; {:.0f} too short\n", train.size(), none);
  for (const auto& [name, score] : {std::pair("ours", &ours), std::pair("last day's hours", &last_day), std::pair("last week's hours", &last_week)})
    fmt::print("  {:18} sMAPE {:6.2f}  MASE {:5.3f}\n", name, score->smape / n, score->mase / n);
  fmt::print("  the 90 % band holds {:.1f} %, interval score {:.2f}; around last week's hours {:.2f}\n", 100 * inside / n, band / n, plain_band / n);
}
