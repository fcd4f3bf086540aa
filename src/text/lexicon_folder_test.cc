#include "text/lexicon_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "text/analyze.h"

namespace aybiza {
namespace {

TEST(LexiconFolder, lists_of_the_folder_replace_ours) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "lexicon_folder_test";
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(read_lexicon(folder.string()).has_value());

  std::filesystem::create_directories(folder);
  std::ofstream(folder / "topics.txt") << "billing: mortgage\n";
  const auto lexicon = read_lexicon(folder.string());
  ASSERT_TRUE(lexicon.has_value());
  EXPECT_TRUE(analyze("my mortgage", *lexicon).has(Topic::billing));
  EXPECT_FALSE(analyze("my invoice", *lexicon).has(Topic::billing));
  EXPECT_GT(analyze("that is great", *lexicon).sentiment_e4, 1000);  // the other lists are as built in

  std::ofstream(folder / "topics.txt") << "biling: mortgage\n";
  EXPECT_EQ(read_lexicon(folder.string()).error().message, "topics.txt line 1: unknown label \"biling\"");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace aybiza
