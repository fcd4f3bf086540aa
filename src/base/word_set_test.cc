#include "base/word_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace aybiza {
namespace {

constexpr std::string_view words[] = {"a", "at", "mail", "e-mail", "it's", "mails", "zulu", "sixteen-bytes-is"};
constexpr WordSet set(words);

TEST(Word_set, knows_its_words_in_whatever_case) {
  for (std::size_t i = 0; i < std::size(words); ++i) {
    std::string upper(words[i]);
    std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    EXPECT_EQ(set.find(words[i]), i);
    EXPECT_EQ(set.find(upper), i);
  }
}

TEST(Word_set, and_no_others) {
  for (const std::string_view none : {"", "b", "ma", "mai", "mailx", "maim", "@", "[", "`", "{", "1", "\xC3\xA9", "sixteen-bytes-isX", "it\"s", "AT "}) EXPECT_FALSE(set.contains(none)) << none;
  static_assert(WordSet({"one", "two"}).contains("TWO"));
}

TEST(Word_set, is_as_right_as_a_walk_through_the_list) {
  std::mt19937 rng(7);
  constexpr std::string_view bytes = "aAtTmMeEsSiIlL-'z@ ";
  std::size_t hits = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string word;
    for (unsigned size = rng() % 6; size > 0; --size) word += bytes[rng() % bytes.size()];
    std::string lower = word;
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    const auto at = std::ranges::find(words, std::string_view(lower));
    EXPECT_EQ(set.find(word), std::size_t(at - std::begin(words))) << word;
    hits += at != std::end(words);
  }
  EXPECT_GT(hits, 1'000u);
}

}  // namespace
}  // namespace aybiza
