// What several shards hold, as one list.
#include "server/holdings.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

TEST(Holdings, ShardsTogether) {
  using Values = std::optional<std::vector<std::uint64_t>>;
  const auto load = [](std::uint64_t series, const char* fullest, std::uint64_t most, std::uint64_t folded, Values values) {
    return DimensionLoad{.dimension = "region", .series = series, .fullest = fullest, .most = most, .bound = 100, .folded = folded, .values = std::move(values)};
  };
  auto held = together({{load(3, "acme", 2, 0, Values({{1, 2, 7}}))}, {load(4, "globex", 3, 5, Values({{2, 9}}))}});
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].dimension, "region");
  EXPECT_EQ(held[0].series, 7u);
  EXPECT_EQ(held[0].values, 4u);  // 1, 2, 7, 9: a value of both shards is one
  EXPECT_EQ(held[0].customer, "globex");
  EXPECT_EQ(held[0].fullest, 3u);
  EXPECT_EQ(held[0].bound, 100u);
  EXPECT_EQ(held[0].folded, 5u);
  held = together({{load(3, "acme", 0, 0, Values({{1}}))}, {load(4, "", 0, 0, std::nullopt)}});
  EXPECT_FALSE(held[0].values);  // one shard did not look: not "1"
  EXPECT_EQ(held[0].bound, 100u);
  EXPECT_TRUE(together({}).empty());
}

}  // namespace
}  // namespace aybiza
