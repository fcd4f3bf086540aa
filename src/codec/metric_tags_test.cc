#include "codec/metric_tags.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace aybiza {
namespace {

void check(std::vector<MetricTag> tags, std::string_view expected, bool whole = true) {
  TagWriter writer;
  for (const auto& [name, value] : tags) writer.add(name, value);
  std::string out = "old";
  EXPECT_EQ(writer.canonical(out), whole) << expected;
  EXPECT_EQ(out, expected);
}

TEST(MetricTags, Canonical) {
  check({}, "");
  check({{"b", "2"}, {"a", "1"}}, R"({"a":"1","b":"2"})");
  check({{"a", "1"}, {"b", "x"}, {"a", "3"}}, R"({"a":"3","b":"x"})");
  check({{"a", ""}}, R"({"a":""})");
  check({{"", "x"}}, "");
  check({{"q", "say \"hi\"\\"}}, R"({"q":"say \"hi\"\\"})");
  check({{"n", "a\nb\x01"}}, R"({"n":"ab"})", false);
  check({{"n", "gr\xC3\xBC\xC3"}}, "{\"n\":\"gr\xC3\xBC\"}", false);
  check({{"n", "x\xC2\x85y"}}, R"({"n":"xy"})", false);
}

TEST(MetricTags, Limits) {
  const std::string longest(limits::tag_value_bytes, 'v');
  check({{"k", longest}}, "{\"k\":\"" + longest + "\"}");
  check({{"k", longest + "v"}}, "{\"k\":\"" + longest + "\"}", false);
  check({{"k", std::string(limits::tag_value_bytes - 1, 'v') + "\xC3\xBC"}}, "{\"k\":\"" + std::string(limits::tag_value_bytes - 1, 'v') + "\"}", false);
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= limits::tags_per_metric; ++i) names.push_back("t" + std::to_string(100 + i));
  TagWriter writer;
  for (const auto& name : names) writer.add(name, "1");
  std::string out;
  EXPECT_FALSE(writer.canonical(out));
  EXPECT_EQ(out.find(names.back()), std::string::npos);
  EXPECT_NE(out.find(names[limits::tags_per_metric - 1]), std::string::npos);
}

TEST(MetricTags, Names) {
  EXPECT_EQ(clean_metric_name("voice.turn\x01"), "voice.turn");
  EXPECT_EQ(clean_metric_name(std::string(300, 'n')).size(), limits::id_bytes);
  EXPECT_EQ(clean_metric_name("\xFF"), "");
}

}  // namespace
}  // namespace aybiza
