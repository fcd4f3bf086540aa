#include "runtime/mailbox.h"

#include <gtest/gtest.h>

#include <memory>

#include "runtime/thread.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST(Mailbox, OldestFirstAndFullIsAnAnswer) {
  Mailbox<std::unique_ptr<int>> box(2);
  std::vector<int> got;
  auto keep = [&](std::unique_ptr<int> m) { got.push_back(*m); };
  EXPECT_EQ(box.drain(keep), 0u);
  EXPECT_TRUE(box.post(std::make_unique<int>(1)));
  EXPECT_TRUE(box.post(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(box.post(std::move(third)));
  ASSERT_TRUE(third);  // stays with the caller
  EXPECT_EQ(box.depth(), 2u);
  EXPECT_EQ(box.shed(), 1u);
  EXPECT_EQ(box.drain(keep), 2u);
  EXPECT_TRUE(box.post(std::move(third)));
  EXPECT_EQ(box.drain_wait(0s, keep), 1u);
  EXPECT_EQ(got, (std::vector{1, 2, 3}));
}

TEST(Mailbox, ClosedTakesNothingButGivesWhatItHas) {
  Mailbox<int> box(4);
  EXPECT_TRUE(box.post(1));
  box.close();
  EXPECT_FALSE(box.post(2));
  EXPECT_FALSE(box.finished());
  EXPECT_EQ(box.drain_wait(1h, [](int) {}), 1u);
  EXPECT_TRUE(box.finished());
  EXPECT_EQ(box.drain_wait(1h, [](int) {}), 0u);  // a closed one never sleeps
}

TEST(Mailbox, WakeEndsAWait) {
  Mailbox<int> box(4);
  Thread waker("waker", [&](std::stop_token) { box.wake(); });
  EXPECT_EQ(box.drain_wait(1h, [](int) {}), 0u);
}

TEST(Mailbox, TheHandlerMayPost) {
  Mailbox<int> box(4);
  EXPECT_TRUE(box.post(3));
  int sum = 0;
  auto count_down = [&](int n) {
    sum += n;
    if (n > 0) {
      EXPECT_TRUE(box.post(n - 1));
    }
  };
  while (box.drain(count_down) > 0) {
  }
  EXPECT_EQ(sum, 6);
}

TEST(Mailbox, ManyPostersLoseNothing) {
  constexpr int posters = 4, each = 20'000;
  Mailbox<int> box(64);
  std::vector<long> next(posters, 0);
  {
    std::vector<Thread> threads;
    for (int p = 0; p < posters; ++p) {
      threads.emplace_back("poster", [&box, p](std::stop_token) {
        for (int i = 0; i < each;) {
          if (box.post(p * each + i)) {
            ++i;
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
    for (int got = 0; got < posters * each;) {
      got += static_cast<int>(box.drain_wait(1h, [&](int m) {
        EXPECT_EQ(next[static_cast<std::size_t>(m / each)]++, m % each);  // each poster's in its order
      }));
    }
  }
  EXPECT_EQ(box.depth(), 0u);
}

}  // namespace
}  // namespace aybiza
