#include "live/system.h"

#include <algorithm>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

double seconds(Duration d) { return double(d.count()) / 1e6; }

// Between two samples; unknown where no time lies between them, or where totals ran backwards (they cannot).
std::optional<double> rate(std::uint64_t from, std::uint64_t to, Duration between) {
  if (between <= Duration(0) || to < from) return std::nullopt;
  return double(to - from) / seconds(between);
}

// Over the last ten seconds, or as much of them as is known.
std::optional<double> rate_now(const std::vector<IngestSample>& history) {
  if (history.size() < 2) return std::nullopt;
  const IngestSample& last = history.back();
  const auto first = std::ranges::find_if(history, [&](const IngestSample& s) { return last.at - s.at <= 10s; });
  const IngestSample& from = first + 1 == history.end() ? history[history.size() - 2] : *first;
  return rate(from.accepted, last.accepted, last.at - from.at);
}

void put(TileState& tile, std::string_view name, Trend trend, std::optional<double> value, double n = 0) {
  tile.name = name, tile.trend = trend, tile.value = value, tile.n = n;
}

}  // namespace

ChartSeries ingest_series(const SystemFigures& f) {
  ChartSeries series;
  series.names = {"Accepted", "Duplicates", "Refused"};
  series.values.resize(3);
  for (std::size_t i = 1; i < f.history.size(); ++i) {
    const IngestSample &a = f.history[i - 1], &b = f.history[i];
    series.times.push_back(b.at);
    series.values[0].push_back(rate(a.accepted, b.accepted, b.at - a.at));
    series.values[1].push_back(rate(a.duplicates, b.duplicates, b.at - a.at));
    series.values[2].push_back(rate(a.refused, b.refused, b.at - a.at));
  }
  return series;
}

std::array<TileState, system_tiles_count> system_tiles(const SystemFigures& f) {
  std::array<TileState, system_tiles_count> tiles;
  const double settled = double(f.total.offered - std::min(f.total.offered, f.total.in_flight));
  put(tiles[rate_tile], system_tile_names[rate_tile], Trend::neither, rate_now(f.history), double(f.total.accepted));
  const ChartSeries over_time = ingest_series(f);
  tiles[rate_tile].spark = over_time.values[0];
  put(tiles[refused_tile], system_tile_names[refused_tile], Trend::less_is_better,
      settled > 0 ? std::optional(double(f.total.rejected + f.total.shed) / settled) : std::nullopt, settled);
  const auto whole = [&](double value) { return f.whole ? std::optional(value) : std::nullopt; };
  put(tiles[backlog_tile], system_tile_names[backlog_tile], Trend::less_is_better, whole(double(f.durable - std::min(f.applied, f.durable))), double(f.durable));
  put(tiles[lag_tile], system_tile_names[lag_tile], Trend::less_is_better, whole(f.store_lag_s * 1e3), double(f.durable));
  put(tiles[commit_tile], system_tile_names[commit_tile], Trend::less_is_better, f.commit_p99_ms, double(f.durable));
  put(tiles[memory_tile], system_tile_names[memory_tile], Trend::less_is_better,
      f.memory_bytes ? std::optional(double(*f.memory_bytes)) : std::nullopt, double(f.calls_retained));
  put(tiles[horizon_tile], system_tile_names[horizon_tile], Trend::more_is_better, f.dedup_horizon_s ? std::optional(*f.dedup_horizon_s * 1e3) : std::nullopt, double(f.dedup_ids));
  put(tiles[socket_tile], system_tile_names[socket_tile], Trend::neither, whole(double(f.websockets)), double(f.connections));
  return tiles;
}

}  // namespace aybiza
