#include "base/lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aybiza {
namespace {

std::vector<std::string> read(std::string_view text, bool told) {
  std::vector<std::string> out;
  for (Lines lines(text); told ? lines.next_told() : lines.next();) out.push_back(std::to_string(lines.number()) + ":" + std::string(lines.line()));
  return out;
}
using Read = std::vector<std::string>;

TEST(Lines, NumbersEveryOne) {
  EXPECT_EQ(read("", false), Read{});
  EXPECT_EQ(read("a", false), Read{"1:a"});
  EXPECT_EQ(read("a\n", false), Read{"1:a"});
  EXPECT_EQ(read("\na\n\nb", false), (Read{"1:", "2:a", "3:", "4:b"}));
}

TEST(Lines, PassesOverCommentsAndCountsThem) {
  EXPECT_EQ(read("# what\n\na\n#b\n c", true), (Read{"3:a", "5: c"}));
  EXPECT_EQ(read("#\n", true), Read{});
}

}  // namespace
}  // namespace aybiza
