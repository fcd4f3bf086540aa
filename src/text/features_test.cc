#include "text/features.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

TEST(Features, of_the_text_as_written) {
  EXPECT_EQ(features_of(""), TextFeatures{});
  const TextFeatures found = features_of("Please HELP me, thank you! Why?");
  EXPECT_EQ(found.length, 31u);
  EXPECT_EQ(found.words, 6u);
  EXPECT_EQ(found.exclamations, 1u);
  EXPECT_EQ(found.questions, 1u);
  EXPECT_EQ(found.capitals_e4, 6 * 10'000 / 31);
  EXPECT_EQ(found.politeness_e4, 2'000);
  EXPECT_EQ(feature_terms()[2], "help");
  EXPECT_EQ(found.term_e6[2], 3'029'000 / 6);
  EXPECT_EQ(found.term_e6[0], 0);
}

TEST(Features, at_the_edges) {
  EXPECT_EQ(features_of("caf\u00e9 \u20ac").length, 6u);
  EXPECT_EQ(features_of("   \n").words, 0u);
  EXPECT_EQ(features_of("   \n").length, 4u);
  std::string polite;
  for (int i = 0; i < 30; ++i) polite += "please ";
  EXPECT_EQ(features_of(polite).politeness_e4, 10'000);
  EXPECT_EQ(features_of("\xff\xfe").words, 1u);
  EXPECT_EQ(features_of("unpleasantnesses").politeness_e4, 0);
}

}  // namespace
}  // namespace aybiza
