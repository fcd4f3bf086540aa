#include "runtime/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace aybiza {
namespace {

TEST(WorkerPool, DoesWhatItTookAndRefusesWhatItCannotHold) {
  std::atomic<int> done{0};
  std::latch busy(1), release(1);
  WorkerPool pool("test", 1, 2);
  ASSERT_TRUE(pool.post([&] {
    busy.count_down();
    release.wait();
    ++done;
  }));
  busy.wait();  // the one thread is occupied: two may wait, a third may not
  EXPECT_TRUE(pool.post([&] { ++done; }));
  EXPECT_TRUE(pool.post([&] { ++done; }));
  EXPECT_FALSE(pool.post([&] { ++done; }));
  EXPECT_EQ(pool.depth(), 2u);
  release.count_down();
  pool.stop();
  EXPECT_EQ(done, 3);
  EXPECT_FALSE(pool.post([&] { ++done; }));
}

}  // namespace
}  // namespace aybiza
