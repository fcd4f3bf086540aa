#include "live/live_thread.h"

#include <gtest/gtest.h>

#include <future>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TopicPlan plan(std::string key, std::atomic<int>& computed) {
  return {std::move(key), [&computed](Instant) { return std::make_shared<int>(++computed); }, 1ms, 1h};
}
int value(const StatePtr& state) { return *static_cast<const int*>(state.get()); }

TEST(LiveThread, SubscribersSeeChangesUntilTheyLeave) {
  SystemClock clock;
  std::atomic<int> computed{0};
  LiveThread live(clock);
  std::promise<int> first, second;
  const auto id = live.subscribe(plan("a", computed), [&](const StatePtr& state) {
    if (value(state) == 1) first.set_value(1);
    if (value(state) == 2) second.set_value(2);
  });
  EXPECT_NE(id, 0u);
  EXPECT_EQ(first.get_future().get(), 1);
  live.data_changed();
  EXPECT_EQ(second.get_future().get(), 2);
  live.unsubscribe(id);
  live.unsubscribe(id);  // twice does nothing
  std::promise<void> passed;
  ASSERT_TRUE(live.once(plan("b", computed), [&](const StatePtr&) { passed.set_value(); }));
  passed.get_future().get();
}

TEST(LiveThread, OnceTakesWhatTheTopicHolds) {
  SystemClock clock;
  std::atomic<int> computed{0};
  LiveThread live(clock);
  const auto ask = [&] {
    std::promise<int> got;
    EXPECT_TRUE(live.once(plan("a", computed), [&](const StatePtr& state) { got.set_value(value(state)); }));
    return got.get_future().get();
  };
  EXPECT_EQ(ask(), 1);
  EXPECT_EQ(ask(), 2);  // nobody looks, so nothing is held
  std::promise<int> seen;
  live.subscribe(plan("a", computed), [&](const StatePtr& state) { seen.set_value(value(state)); });
  EXPECT_EQ(seen.get_future().get(), 3);
  EXPECT_EQ(ask(), 3);
}

// Takes until it is released; the future is there once it has begun.
struct Lengthy {
  std::promise<void> begun, release;
  std::promise<int> done;
  TopicPlan plan(bool slow) {
    return {"lengthy", [this, released = release.get_future().share()](Instant) {
              begun.set_value();
              released.wait();
              return std::make_shared<int>(0);
            }, 1ms, 1h, true, slow, slow};
  }
  void start(LiveThread& live, bool slow) {
    live.subscribe(plan(slow), [this](const StatePtr& state) { done.set_value(value(state)); });
    begun.get_future().get();
  }
  int end() {
    release.set_value();
    return done.get_future().get();
  }
};

// A chart that waits for the store must not hold up the figures that move.
TEST(LiveThread, AHeavyTopicDoesNotHoldUpAQuickOne) {
  SystemClock clock;
  std::atomic<int> computed{0};
  Lengthy lengthy;
  LiveThread live(clock);
  lengthy.start(live, false);
  std::promise<int> quick;
  live.subscribe(plan("quick", computed), [&](const StatePtr& state) { quick.set_value(value(state)); });
  EXPECT_EQ(quick.get_future().get(), 1);  // while the heavy one is still at it
  EXPECT_EQ(lengthy.end(), 0);
}

// Nor must what takes its time hold up a first page.
TEST(LiveThread, ASlowTopicDoesNotHoldUpAFirstPage) {
  SystemClock clock;
  std::atomic<int> computed{0};
  Lengthy lengthy;
  LiveThread live(clock);
  lengthy.start(live, true);
  std::promise<int> page;
  TopicPlan heavy = plan("heavy", computed);
  heavy.heavy = true;
  ASSERT_TRUE(live.run([&](const LiveThread::States& states) { page.set_value(value(states.computed(heavy))); }));
  EXPECT_EQ(page.get_future().get(), 1);
  EXPECT_EQ(lengthy.end(), 0);
}

TEST(LiveThread, AfterStopNothingIsTaken) {
  SystemClock clock;
  std::atomic<int> computed{0};
  LiveThread live(clock);
  live.stop();
  EXPECT_EQ(live.subscribe(plan("a", computed), [](const StatePtr&) {}), 0u);
  EXPECT_FALSE(live.once(plan("a", computed), [](const StatePtr&) {}));
}

}  // namespace
}  // namespace aybiza
