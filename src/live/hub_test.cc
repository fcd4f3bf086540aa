#include "live/hub.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// Topics whose compute takes `cost`, in order of their turns.
struct LengthyBench {
  ManualClock clock{from_micros(0)};
  Hub hub;
  std::string turns;
  TopicPlan plan(std::string key, Duration cost, bool heavy) {
    return {key, [this, key, cost](Instant) { clock.advance(cost); turns += key; return std::make_shared<int>(0); }, 25ms, 1s, heavy};
  }
  Duration step() { return hub.step(clock.now(), clock.elapsed(), &clock); }
};

TEST(Hub, ATurnEndsWithTheTopicThatTookItsTime) {
  LengthyBench b;
  for (const char* key : {"a", "b", "c"}) b.hub.subscribe(b.plan(key, 100ms, false), [](const StatePtr&) {});
  EXPECT_EQ(b.step(), 0ms);  // two are due still
  EXPECT_EQ(b.turns, "a");
  EXPECT_EQ(b.step(), 0ms);
  EXPECT_EQ(b.turns, "ab");
  b.hub.data_changed();
  b.step();
  EXPECT_EQ(b.turns, "abc");  // never computed goes before what is due again
  b.step();
  b.step();
  EXPECT_EQ(b.turns, "abcab");  // then who waits longest
}

TEST(Hub, QuickTopicsShareATurn) {
  LengthyBench b;
  for (const char* key : {"a", "b", "c"}) b.hub.subscribe(b.plan(key, 2ms, false), [](const StatePtr&) {});
  EXPECT_GT(b.step(), 0ms);
  EXPECT_EQ(b.turns, "abc");
}

TEST(Hub, HeavyTopicsTogetherTakeHalfOfTheTime) {
  LengthyBench b;
  std::vector<Hub::SubscriberId> watchers;
  for (const char* key : {"a", "b", "c"}) watchers.push_back(b.hub.subscribe(b.plan(key, 100ms, true), [](const StatePtr&) {}));
  for (int i = 0; i < 3; ++i) b.step();  // c at 200 ms, until 300 ms
  b.hub.data_changed();
  EXPECT_EQ(b.hub.until_due(b.clock.elapsed()), 300ms);  // a, of 0 ms: three take 300 ms of each 600
  b.hub.unsubscribe(watchers[2]);
  EXPECT_EQ(b.hub.until_due(b.clock.elapsed()), 100ms);  // two take 200 ms of each 400
  b.hub.unsubscribe(watchers[1]);
  EXPECT_EQ(b.hub.until_due(b.clock.elapsed()), 0ms);
}

}  // namespace
}  // namespace aybiza
