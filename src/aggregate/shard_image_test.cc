// An image taken a piece at a time, while the shard goes on, is the one a shard at rest would have given, byte for byte.
#include "aggregate/shard_image.h"

#include <gtest/gtest.h>

#include "aggregate/random_life.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Life;

TEST(ShardImage, is_of_the_moment_it_was_begun_whatever_happens_meanwhile) {
  std::size_t taken = 0, changed = 0;
  for (unsigned seed = 1; seed <= 24; ++seed) {
    Life life(seed, seed % 3 == 0 ? 25 : 0);
    while (!life.over()) {
      for (int i = 0; i < 60 && !life.over(); ++i) life.step();
      if (life.chance(60)) life.collect(Shard::What::due);  // as the server does, or with much that waits
      const std::string at_rest = life.shard.snapshot();
      life.shard.begin_snapshot(life.chance(50) ? 3 : 40);
      std::string pieces;
      for (bool more = true; more;) {
        for (int i = 0; i < 20 && !life.over() && life.chance(80); ++i) life.step();
        more = life.shard.next_of_snapshot(pieces);
      }
      ASSERT_EQ(pieces.size(), at_rest.size()) << seed;
      ASSERT_TRUE(pieces == at_rest) << seed;  // not EQ: nobody reads a megabyte of bytes
      Shard again;
      ASSERT_TRUE(again.restore(pieces)) << seed;
      ++taken;
      changed += life.shard.snapshot() != pieces;
    }
  }
  EXPECT_GT(taken, 100u);
  EXPECT_GT(changed, taken / 2);  // else nothing was shown
}

TEST(ShardImage, one_that_is_given_up_leaves_nothing) {
  Life life(77, 0), quiet(77, 0);
  for (int i = 0; i < 200; ++i) life.step(), quiet.step();
  life.shard.begin_snapshot();
  std::string some;
  EXPECT_TRUE(life.shard.next_of_snapshot(some));
  for (int i = 0; i < 50; ++i) life.step(), quiet.step();
  life.shard.begin_snapshot();
  for (int i = 0; i < 50; ++i) life.step(), quiet.step();
  EXPECT_EQ(life.shard.canonical_dump(), quiet.shard.canonical_dump());
  std::string whole;
  while (life.shard.next_of_snapshot(whole)) {
  }
  EXPECT_EQ(life.shard.snapshot(), quiet.shard.snapshot());
}

TEST(ShardImage, of_nothing_is_one_piece) {
  Shard shard;
  std::string piece;
  shard.begin_snapshot();
  EXPECT_FALSE(shard.next_of_snapshot(piece));
  EXPECT_EQ(piece, shard.snapshot());
}

}  // namespace
}  // namespace aybiza
