#include "server/store_patience.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'017'000'000);

TEST(StorePatience, IsAsUsualWhileTheStoreKeepsUp) {
  StorePatience patience;
  patience.failed({.lag = 1s}, 0s);  // whatever else is wrong with it
  EXPECT_EQ(patience.of(now, {.lag = 1s, .on_disk = true}, now, 1s).value(), Duration(limits::query_timeout));
}

TEST(StorePatience, WhatTheStoreLacksIsNotAskedWhileRowsWaitOnDisk) {
  const StorePatience patience;
  const StoreLag behind{.lag = 48s, .on_disk = true};
  const auto refused = patience.of(now, behind, now, 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "unavailable");
  EXPECT_EQ(refused.error().message, "the store is 48 s behind; this comes back when it has caught up");
  EXPECT_FALSE(patience.of(now - 48s + 1us, behind, now, 1s));
  EXPECT_EQ(patience.of(now - 48s, behind, now, 1s).value(), Duration(limits::behind_timeout));  // it has all of this
  EXPECT_EQ(patience.of(now, {.lag = 48s}, now, 1s).value(), Duration(limits::behind_timeout));  // and here little is missing
}

TEST(StorePatience, AStoreThatSaysNothingIsLeftAloneForAWhile) {
  StorePatience patience;
  const StoreLag behind{.lag = 10s};
  patience.failed(behind, 100s);
  EXPECT_FALSE(patience.of(now - 1h, behind, now, 100s + limits::behind_pause - 1us));
  EXPECT_TRUE(patience.of(now - 1h, behind, now, 100s + limits::behind_pause));
  EXPECT_TRUE(patience.of(now - 1h, {.lag = 1s}, now, 101s));  // it is back
}

TEST(RepairPatience, RollupsWaitWhileTheStoreIsBehind) {
  RepairPatience patience;
  EXPECT_TRUE(patience.due({.lag = limits::store_behind}, 0s));
  EXPECT_FALSE(patience.due({.lag = limits::store_behind + 1us}, 5s));  // rows in memory, which are written as fast as they can be
  EXPECT_FALSE(patience.due({.lag = 1s, .on_disk = true}, 10s));
  EXPECT_TRUE(patience.due({.lag = 1s}, 15s));
}

TEST(RepairPatience, UnderLastingLoadRollupsHaveTheirTurn) {
  RepairPatience patience;
  const StoreLag behind{.lag = 100s, .on_disk = true};
  int made = 0;
  for (Duration elapsed = 0s; elapsed <= 1h; elapsed += 5s) made += patience.due(behind, elapsed);
  EXPECT_EQ(made, 3);  // the wait begins anew after each
  EXPECT_TRUE(patience.due({}, 1h + 5s));
  EXPECT_FALSE(patience.due(behind, 1h + 10s));  // a new wait: nothing of the last is left
  EXPECT_FALSE(patience.due(behind, 1h + 10s + limits::behind_repair_wait - 1us));
  EXPECT_TRUE(patience.due(behind, 1h + 10s + limits::behind_repair_wait));
}

}  // namespace
}  // namespace aybiza
