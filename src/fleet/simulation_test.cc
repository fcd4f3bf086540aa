#include "fleet/simulation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant start = *parse_rfc3339("2026-11-20T08:00:00Z");

std::vector<std::string> run(std::uint64_t seed, Duration length, Duration step) {
  Simulation simulation({.seed = seed, .agents = 50, .concurrency = 30, .start = start});
  std::vector<std::string> lines;
  Instant last = start;
  for (Instant at = start; at < start + length;) {
    at += step;
    simulation.advance(at, [&](Instant time, std::string_view line) {
      EXPECT_GE(time, last);
      last = time;
      lines.emplace_back(line);
    });
  }
  return lines;
}

TEST(Simulation, SameSeedSameEventsHoweverTimeIsCut) {
  const auto one = run(7, 10min, 10min), many = run(7, 10min, 250ms);
  ASSERT_GT(one.size(), 1000u);
  EXPECT_EQ(one, many);
  EXPECT_NE(one, run(8, 10min, 10min));
}

TEST(Simulation, EveryCallStartsAndMostEnd) {
  std::size_t started = 0, ended = 0, turns = 0;
  for (const std::string& line : run(3, 30min, 1s)) {
    started += line.find("\"call.started\"") != std::string::npos;
    ended += line.find("\"call.ended\"") != std::string::npos;
    turns += line.find("\"turn\"") != std::string::npos;
  }
  EXPECT_GT(started, 200u);
  EXPECT_GT(ended, started * 8 / 10);
  EXPECT_LE(ended, started);
  EXPECT_GT(turns, started * 5);
}

TEST(Simulation, ConcurrencyIsWhatWasAsked) {
  Simulation simulation({.agents = 200, .concurrency = 100, .season = false, .start = start});
  const auto ignore = [](Instant, std::string_view) {};
  simulation.advance(start + 5min, ignore);
  double in_flight = 0;
  for (int i = 1; i <= 600; ++i) {
    simulation.advance(start + 5min + i * 1s, ignore);
    in_flight += double(simulation.calls_in_flight());
  }
  EXPECT_NEAR(in_flight / 600, 100, 10);
}

TEST(Simulation, RateIsWhatWasAsked) {
  Simulation simulation({.agents = 200, .events_per_second = 100, .season = false, .start = start});
  std::size_t events = 0;
  simulation.advance(start + 5min, [](Instant, std::string_view) {});  // until the first calls have ended
  simulation.advance(start + 15min, [&](Instant, std::string_view) { ++events; });
  EXPECT_NEAR(double(events) / 600, 100, 12);
}

}  // namespace
}  // namespace aybiza
