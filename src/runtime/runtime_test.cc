#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <future>
#include <random>

#include "runtime/budget.h"
#include "runtime/gate.h"
#include "runtime/periodic.h"
#include "runtime/thread.h"
#include "runtime/token_bucket.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST(Thread, IsNamedAndStopped) {
  std::string name;
  std::promise<void> ran;
  {
    Thread t("a name that is too long", [&](std::stop_token stop) {
      char buffer[16];
      pthread_getname_np(pthread_self(), buffer, sizeof buffer);
      name = buffer;
      ran.set_value();
      while (!stop.stop_requested()) std::this_thread::yield();
    });
    ran.get_future().get();
  }
  EXPECT_EQ(name, "a name that is ");
}

TEST(Gate, CountsAndCloses) {
  Gate gate(2);
  auto a = gate.enter(), b = gate.enter();
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(gate.enter());  // full
  b.reset();
  EXPECT_TRUE(gate.enter());
  EXPECT_EQ(gate.inside(), 1u);
  gate.close();
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(gate.enter());
  EXPECT_FALSE(gate.wait_empty(0s));
  Thread leaver("leaver", [pass = std::make_shared<Gate::Pass>(std::move(*a))](std::stop_token) mutable { pass.reset(); });
  a.reset();
  leaver.join();
  EXPECT_TRUE(gate.wait_empty(1h));
}

TEST(Gate, APassMayOutliveTheGate) {
  std::optional<Gate::Pass> pass;
  {
    Gate gate;
    pass = gate.enter();
  }
  pass.reset();
}

TEST(Periodic, BeatsUntilStopped) {
  std::atomic<int> beats = 0;
  Periodic p("beat", 100us, [&] { ++beats; });
  while (beats < 5) std::this_thread::yield();
  p.stop();
  const int after = beats;
  p.stop();
  EXPECT_EQ(beats, after);
}

TEST(Periodic, NudgeBringsTheNextBeatNow) {
  std::promise<void> beat;
  Periodic p("beat", 24h, [&] { beat.set_value(); });
  p.nudge();
  beat.get_future().get();
}

TEST(Budget, IngestStopsAtTheHardMarkAndPagesAtTheLimit) {
  Budget b(1000);
  EXPECT_EQ(b.level(), Budget::Level::calm);
  auto r = b.reserve(800);
  EXPECT_EQ(b.level(), Budget::Level::calm);
  EXPECT_TRUE(r->grow(1));
  EXPECT_EQ(b.level(), Budget::Level::soft);
  EXPECT_TRUE(r->grow(99));
  EXPECT_FALSE(r->grow(1));
  EXPECT_EQ(r->bytes(), 900u);
  auto page = b.reserve(100, Budget::Use::page);
  ASSERT_TRUE(page);
  EXPECT_EQ(b.level(), Budget::Level::hard);
  EXPECT_FALSE(b.reserve(1, Budget::Use::page));
  EXPECT_FALSE(b.reserve(SIZE_MAX));
  EXPECT_EQ(b.refused(), 3u);
  r->shrink_to(10);
  r->shrink_to(500);  // more than is held: nothing
  EXPECT_EQ(b.used(), 110u);
  Reservation moved = std::move(*r);
  moved = std::move(*page);
  EXPECT_EQ(b.used(), 100u);
  moved.release();
  EXPECT_EQ(b.used(), 0u);
  EXPECT_EQ(b.peak(), 1000u);
}

TEST(Budget, ManyThreadsNeverPassTheMark) {
  Budget b(1000);
  {
    std::vector<Thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("taker", [&b](std::stop_token) {
        for (std::size_t i = 0; i < 20'000; ++i) {
          auto r = b.reserve(i % 400);
          EXPECT_LE(b.used(), b.hard_mark());
        }
      });
    }
  }
  EXPECT_EQ(b.used(), 0u);
  EXPECT_LE(b.peak(), b.hard_mark());
}

TEST(TokenBucket, IsAFunctionOfTime) {
  TokenBucket b({.per_second = 10, .burst = 5}, 0us);
  EXPECT_TRUE(b.take(5, 0us));
  EXPECT_FALSE(b.take(1, 0us));
  EXPECT_EQ(b.wait_for(1, 0us), Duration(100ms));
  EXPECT_FALSE(b.take(1, Duration(100ms) - 1us));
  EXPECT_TRUE(b.take(1, 100ms));
  EXPECT_FALSE(b.take(1, 50ms));  // time does not run backwards
  EXPECT_EQ(b.available(24h), 5);  // never more than the burst
  EXPECT_EQ(b.wait_for(6, 24h), Duration::max());
  EXPECT_FALSE(b.take(6, 24h));
  EXPECT_TRUE(b.take(0, 24h));
}

// The rival: the same in exact rational steps of one microsecond, slow and plain.
TEST(TokenBucket, MatchesASimpleRival) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    const std::int64_t rate = 1 + static_cast<std::int64_t>(random() % 5000), burst = 1 + static_cast<std::int64_t>(random() % 20);
    TokenBucket b({.per_second = rate, .burst = burst}, 0us);
    std::int64_t level = burst * 1'000'000, now = 0;
    for (int i = 0; i < 200; ++i) {
      const std::int64_t step = random() % 2000, tokens = static_cast<std::int64_t>(random() % 4);
      for (std::int64_t us = 0; us < step; ++us) level = std::min(level + rate, burst * 1'000'000);
      now += step;
      const bool expected = tokens * 1'000'000 <= level;
      if (expected) level -= tokens * 1'000'000;
      ASSERT_EQ(b.take(tokens, Duration(now)), expected);
    }
  }
}

}  // namespace
}  // namespace aybiza
