#include "spool/dedup.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <unordered_map>

#include "base/limits.h"

namespace aybiza::spool {
namespace {

using namespace std::chrono_literals;

const Instant noon = from_micros(1'700'000'000'000'000);

// Every operation beside a std::unordered_map, with ids that collide on purpose.
TEST(IdTable, IsAMap) {
  std::mt19937_64 random(7);
  IdTable table(true);
  std::unordered_map<Id, std::uint64_t> rival;
  for (int i = 0; i < 200'000; ++i) {
    const Id id{random() % 8 + 1, (random() % 64) * 37};
    const auto known = rival.find(id);
    const auto* found = table.find(id);
    ASSERT_EQ(found != nullptr, known != rival.end());
    if (found != nullptr) { ASSERT_EQ(*found, known->second); }
    if (known == rival.end()) {
      table.insert(id, std::uint64_t(i));
      rival[id] = std::uint64_t(i);
    } else if (random() % 2 == 0) {
      ASSERT_TRUE(table.erase(id));
      rival.erase(id);
    }
    ASSERT_EQ(table.size(), rival.size());
  }
  EXPECT_FALSE(table.erase(Id{99, 99}));
}

TEST(SlicedSet, ForgetsTheOldestSliceWhole) {
  SlicedSet set({.slices = 3, .ids_per_slice = 10});
  for (std::uint64_t i = 1; i <= 30; ++i) set.insert({1, i}, 0, noon);
  EXPECT_FALSE(set.forgot());
  EXPECT_NE(set.find({1, 1}), nullptr);
  set.insert({1, 31}, 0, noon);
  EXPECT_TRUE(set.forgot());
  EXPECT_EQ(set.find({1, 10}), nullptr);
  EXPECT_NE(set.find({1, 11}), nullptr);
  EXPECT_EQ(set.size(), 21u);
  EXPECT_EQ(set.oldest(), 2u);
}

Dedup make() { return Dedup({.event_bytes = 1 << 20, .batches = 1000}, 42); }

TEST(Dedup, BatchKeysLiveADay) {
  Dedup dedup = make();
  dedup.add_batch({1, 1}, 5, noon);
  EXPECT_EQ(dedup.find_batch({1, 1}, 5, noon + 24h), Dedup::Batch::duplicate);
  EXPECT_EQ(dedup.find_batch({1, 1}, 6, noon), Dedup::Batch::conflict);
  EXPECT_EQ(dedup.find_batch({1, 1}, 0, noon), Dedup::Batch::duplicate);  // no hash to compare
  EXPECT_EQ(dedup.find_batch({1, 2}, 5, noon), Dedup::Batch::fresh);
  EXPECT_EQ(dedup.find_batch({1, 1}, 5, noon + 24h + 1us), Dedup::Batch::fresh);
}

TEST(Dedup, WhatIsRolledBackIsNew) {
  Dedup dedup = make();
  EXPECT_TRUE(dedup.add_event({1, 1}, noon));
  EXPECT_EQ(dedup.commit().events.size(), 1u);
  EXPECT_TRUE(dedup.add_event({1, 2}, noon));
  EXPECT_FALSE(dedup.add_event({1, 2}, noon));
  dedup.add_batch({9, 9}, 1, noon);
  dedup.rollback();
  EXPECT_TRUE(dedup.add_event({1, 2}, noon));
  EXPECT_FALSE(dedup.add_event({1, 1}, noon));
  EXPECT_EQ(dedup.find_batch({9, 9}, 1, noon), Dedup::Batch::fresh);
}

TEST(Dedup, CustomersDoNotMeet) {
  const Dedup dedup = make();
  const Id id{3, 4};
  EXPECT_NE(dedup.event_key(dedup.customer_hash("a"), id), dedup.event_key(dedup.customer_hash("b"), id));
  EXPECT_EQ(dedup.event_key(dedup.customer_hash("a"), id), dedup.event_key(dedup.customer_hash("a"), id));
}

// A damaged log may say any time: nothing overflows, and what is remembered stays.
TEST(Dedup, TimesFromTheEndsOfTheWorld) {
  Dedup dedup = make();
  dedup.add_batch({1, 2}, 7, noon);
  EXPECT_EQ(dedup.find_batch({1, 2}, 7, Instant::min()), Dedup::Batch::duplicate);
  dedup.add_batch({3, 4}, 7, Instant::min());
  EXPECT_EQ(dedup.find_batch({3, 4}, 7, Instant::min()), Dedup::Batch::duplicate);
  EXPECT_EQ(dedup.horizon(Instant::min()), Duration(0));
}

// The memory bound of limits.h: slices of the largest power of two that fits.
TEST(Dedup, HoldsWhatTheBytesAllow) {
  constexpr std::size_t slices = limits::dedup_event_slices;
  Dedup dedup({.event_bytes = slices * 64 * limits::KiB, .batches = 10}, 1);
  const std::size_t per_slice = 4096 / 4 * 3;
  for (std::uint64_t i = 1; i <= (slices + 1) * per_slice; ++i) ASSERT_TRUE(dedup.add_event({i, i * 7}, noon));
  EXPECT_EQ(dedup.events().size(), slices * per_slice);
}

}  // namespace
}  // namespace aybiza::spool
