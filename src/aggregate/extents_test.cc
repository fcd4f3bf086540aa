// Looking by blocks finds what looking at every slot finds.
#include "aggregate/extents.h"

#include <gtest/gtest.h>

#include <random>

namespace aybiza {
namespace {

TEST(Extents, blocks_hide_nothing_while_calls_come_change_and_go) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    std::mt19937_64 random(seed);
    const auto number = [&](std::int64_t low, std::int64_t high) { return std::uniform_int_distribution(low, high)(random); };
    Extents extents;
    std::vector<Extents::Extent> rival;
    std::size_t looked_at = 0, found_in_all = 0;
    for (int step = 0; step < 20'000; ++step) {
      const auto slot = std::size_t(number(0, std::min<std::int64_t>(std::int64_t(rival.size()) + 1, 2999)));
      const Instant low = from_micros(step * 1000 + number(-500'000, 0));  // calls come in the order of time, mostly
      if (slot >= rival.size()) rival.resize(slot + 1);
      const bool there = slot < extents.size() && extents[slot].low != Instant::max();
      if (there && number(0, 2) == 0) {
        extents.clear(slot);
        rival[slot] = {};
      } else if (there && number(0, 1) == 0) {  // it goes on
        rival[slot].high = std::max(rival[slot].high, low);
        extents.set(slot, rival[slot]);
      } else {
        rival[slot] = {low, low + Duration(number(0, 300'000))};
        extents.set(slot, rival[slot]);
      }
      if (step % 100 != 0) continue;
      std::vector<Extents::Range> ranges;
      for (std::int64_t i = number(1, 3); i > 0; --i) {
        const Instant from = from_micros(number(0, step * 1000 + 1));
        ranges.push_back({from, from + Duration(number(1, 200'000))});
      }
      std::vector<std::size_t> found, wanted;
      extents.each(ranges, [&](std::size_t at) { found.push_back(at); });
      for (std::size_t at = 0; at < rival.size(); ++at)
        if (std::ranges::any_of(ranges, [&](const auto& r) { return rival[at].meets(r.from, r.to); })) wanted.push_back(at);
      ASSERT_EQ(found, wanted) << "seed " << seed << " step " << step;
      ++looked_at, found_in_all += found.size();
    }
    EXPECT_EQ(looked_at, 200u);
    EXPECT_GT(found_in_all, 1000u);
  }
}

TEST(Extents, none_and_empty_slots_meet_nothing) {
  Extents extents;
  const Extents::Range all[] = {{Instant::min(), Instant::max()}};
  extents.each(all, [](std::size_t) { FAIL(); });
  extents.set(700, {from_micros(5), from_micros(7)});
  extents.clear(700);
  extents.each(all, [](std::size_t) { FAIL(); });
  EXPECT_EQ(extents.size(), 701u);
}

}  // namespace
}  // namespace aybiza
