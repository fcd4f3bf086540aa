#include "live/hub.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

struct Bench {
  Hub hub;
  int computed = 0;
  TopicPlan plan(std::string key = "a") {
    return {std::move(key), [this](Instant) { return std::make_shared<int>(++computed); }, 25ms, 1s};
  }
  static int value(const StatePtr& state) { return *static_cast<const int*>(state.get()); }
};

TEST(Hub, ComputesOnceForManyAndNothingForNobody) {
  Bench b;
  int first = 0, second = 0;
  const auto one = b.hub.subscribe(b.plan(), [&](const StatePtr& s) { first = Bench::value(s); });
  const auto two = b.hub.subscribe(b.plan(), [&](const StatePtr& s) { second = Bench::value(s); });
  b.hub.step({}, 0ms);
  EXPECT_EQ(b.computed, 1);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  b.hub.unsubscribe(one);
  b.hub.unsubscribe(two);
  b.hub.unsubscribe(two);  // twice does nothing
  b.hub.data_changed();
  b.hub.step({}, 5s);
  EXPECT_EQ(b.computed, 1);
  EXPECT_EQ(b.hub.topics(), 0u);
}

TEST(Hub, ACrowdIsServedLessOften) {
  Bench b;
  for (int i = 0; i < 50; ++i) b.hub.subscribe(b.plan(), [](const StatePtr&) {});
  b.hub.step({}, 0ms);
  b.hub.data_changed();
  EXPECT_EQ(b.hub.until_due(0ms), 125ms);  // five times ten
  b.hub.step({}, 124ms);
  EXPECT_EQ(b.computed, 1);
  b.hub.step({}, 125ms);
  EXPECT_EQ(b.computed, 2);
}

TEST(Hub, BusyRhythmWhenDataChangesIdleRhythmOtherwise) {
  Bench b;
  b.hub.subscribe(b.plan(), [](const StatePtr&) {});
  EXPECT_EQ(b.hub.step({}, 0ms), 1s);
  b.hub.step({}, 500ms);
  EXPECT_EQ(b.computed, 1);  // nothing changed, not yet a second
  b.hub.data_changed();
  EXPECT_EQ(b.hub.until_due(10ms), 15ms);
  b.hub.step({}, 500ms);
  EXPECT_EQ(b.computed, 2);
  b.hub.data_changed();
  b.hub.step({}, 510ms);
  EXPECT_EQ(b.computed, 2);  // the rhythm holds however much flows
  b.hub.step({}, 525ms);
  EXPECT_EQ(b.computed, 3);
  b.hub.step({}, 1525ms);
  EXPECT_EQ(b.computed, 4);  // windows move although nothing came
}

TEST(Hub, NewcomerGetsTheNewestStateAtOnce) {
  Bench b;
  b.hub.subscribe(b.plan(), [](const StatePtr&) {});
  b.hub.step({}, 0ms);
  int got = 0;
  b.hub.subscribe(b.plan(), [&](const StatePtr& s) { got = Bench::value(s); });
  EXPECT_EQ(got, 1);
  EXPECT_EQ(b.computed, 1);
}

}  // namespace
}  // namespace aybiza
