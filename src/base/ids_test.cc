#include "base/ids.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

TEST(Ids, UuidTextIsKept) {
  const auto id = parse_uuid("6BA7B810-9dad-11d1-80b4-00c04fd430c8");
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(external_id("acme", "call", "events", to_string(*id)), *id);
}

TEST(Ids, OtherTextIsNotAUuid) {
  for (auto text : {"", "c-1", "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810x9dad-11d1-80b4-00c04fd430c8",
                    "6ba7b810-9dad-11d1-80b4-00c04fd430cg"})
    EXPECT_FALSE(parse_uuid(text)) << text;
}

TEST(Ids, ExternalTextIsStableAndSeparatedByCustomer) {
  const Id id = external_id("acme", "call", "events", "c-1");
  EXPECT_EQ(id, external_id("acme", "call", "events", "c-1"));
  EXPECT_NE(id, external_id("other", "call", "events", "c-1"));
  EXPECT_NE(id, external_id("acme", "agent", "events", "c-1"));
  EXPECT_EQ(to_string(id)[14], '5');
}

TEST(Ids, RandomIdsDiffer) { EXPECT_NE(random_id(), random_id()); }

}  // namespace
}  // namespace aybiza
