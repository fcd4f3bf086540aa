#include "text/lexicon_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "text/analyze.h"

namespace aybiza {
namespace {

TEST(LexiconFolder, lists_of_the_folder_replace_ours) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "lexicon_folder_test";
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(read_lexicon(folder.string()).has_value());

  std::filesystem::create_directories(folder);
  EXPECT_NE(read_lexicon(folder.string()).error().message.find("holds none of sentiment.txt"), std::string::npos);
  std::ofstream(folder / "topics.txt") << "billing: mortgage\n";
  const auto lexicon = read_lexicon(folder.string());
  ASSERT_TRUE(lexicon.has_value());
  EXPECT_TRUE(analyze("my mortgage", *lexicon).has(Topic::billing));
  EXPECT_FALSE(analyze("my invoice", *lexicon).has(Topic::billing));
  EXPECT_EQ(lexicon->name(), "lexicon_folder_test");
  EXPECT_EQ(read_lexicon(folder.string() + "/")->name(), "lexicon_folder_test");
  EXPECT_EQ(Lexicon::builtin().name(), "built-in");
  EXPECT_EQ(lexicon->hash().size(), 16u);
  EXPECT_NE(lexicon->hash(), Lexicon::builtin().hash());
  EXPECT_EQ(lexicon->hash(), read_lexicon(folder.string())->hash());
  EXPECT_GT(analyze("that is great", *lexicon).sentiment_e4, 1000);  // the other lists are as built in

  std::ofstream(folder / "topics.txt") << "biling: mortgage\n";
  EXPECT_EQ(read_lexicon(folder.string()).error().message, "topics.txt line 1: unknown label \"biling\"");
  std::ofstream(folder / "topics.txt") << std::string(limits::lexicon_file_bytes + 1, '#');
  EXPECT_EQ(read_lexicon(folder.string()).error().code, Code::too_large);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace aybiza
