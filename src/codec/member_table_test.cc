#include "codec/member_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace aybiza {
namespace {

TEST(MemberTable, AnswersLikeTheSlowRival) {
  std::vector<std::string> names = {"", "k", "kin", "kinds", "call_i", "call_idd", "region ", "unheard_of"};
  for (const FieldInfo& field : fields()) {
    names.emplace_back(field.name);
    names.emplace_back(std::string(field.name) + "x");
    names.emplace_back(field.name.substr(1));
  }
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string name(random() % 30, ' ');
    for (char& c : name) c = char('a' + random() % 26);
    names.push_back(name);
  }
  for (const std::string& name : names)
    for (std::size_t type = 0; type < event_type_count; ++type)
      EXPECT_EQ(find_member(EventType(type), name), find_field(EventType(type), name)) << name;
}

TEST(MemberTable, Required) {
  EXPECT_TRUE(required_fields(EventType::turn).has(Field::speaker));
  EXPECT_TRUE(required_fields(EventType::metric).has(Field::metric_kind));
  EXPECT_FALSE(required_fields(EventType::usage).has(Field::model));
  EXPECT_EQ(required_fields(EventType::other).size(), 0u);
}

}  // namespace
}  // namespace aybiza
