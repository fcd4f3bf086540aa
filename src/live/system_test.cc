// What the System page makes of the counters, against figures worked out by hand.
#include "live/system.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'000'000'000);

SystemFigures sample() {
  SystemFigures f;
  f.as_of = now, f.since = now - 1h;
  f.total = {.offered = 1'050, .accepted = 900, .duplicates = 50, .rejected = 30, .shed = 20, .in_flight = 50};
  f.history = {{now - 20s, 100, 10, 0}, {now - 10s, 500, 20, 10}, {now - 5s, 700, 20, 40}, {now, 900, 50, 50}};
  f.durable = 1'000, f.applied = 940, f.store_lag_s = 1.5, f.commit_p99_ms = 12, f.memory_bytes = 300, f.websockets = 7, f.connections = 9;
  return f;
}

TEST(System, TilesAreTheCounters) {
  const auto tiles = system_tiles(sample());
  const auto check = [&](SystemTile tile, double expected) {
    ASSERT_TRUE(tiles[tile].value.has_value()) << tiles[tile].name;
    EXPECT_DOUBLE_EQ(*tiles[tile].value, expected) << tiles[tile].name;
  };
  check(rate_tile, 40);         // 400 events in the last ten seconds
  check(refused_tile, 0.05);    // 50 of the 1 000 whose fate is known
  check(backlog_tile, 60);
  check(lag_tile, 1'500);
  check(commit_tile, 12);
  check(memory_tile, 300);
  check(socket_tile, 7);
  EXPECT_FALSE(tiles[horizon_tile].value);  // nothing forgotten: not "0 s"
}

TEST(System, RatesAreBetweenSamples) {
  const ChartSeries series = ingest_series(sample());
  ASSERT_EQ(series.times.size(), 3u);
  EXPECT_EQ(series.times[0], now - 10s);
  EXPECT_DOUBLE_EQ(*series.values[0][0], 40);
  EXPECT_DOUBLE_EQ(*series.values[1][2], 6);
  EXPECT_DOUBLE_EQ(*series.values[2][1], 6);
}

TEST(System, WhatIsNotKnownIsNotZero) {
  SystemFigures f;
  f.as_of = now;
  auto tiles = system_tiles(f);
  EXPECT_FALSE(tiles[rate_tile].value);     // one look says nothing of a rate
  EXPECT_FALSE(tiles[refused_tile].value);  // nothing was offered
  EXPECT_FALSE(tiles[memory_tile].value);
  f.history = {{now, 5, 0, 0}, {now, 9, 0, 0}};  // no time between them
  EXPECT_FALSE(system_tiles(f)[rate_tile].value);
  f.whole = false;  // one customer's: not told how the machine is doing
  tiles = system_tiles(f);
  EXPECT_FALSE(tiles[backlog_tile].value);
  EXPECT_FALSE(tiles[socket_tile].value);
}

}  // namespace
}  // namespace aybiza
