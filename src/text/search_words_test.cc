#include "text/search_words.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

void check(std::string_view text, std::string_view expected) {
  SearchWords words;
  words.read("something before");
  words.read(text);
  std::string found;
  for (std::size_t i = 0; i < words.size(); ++i) found.append(i == 0 ? "" : " ").append(words.word(i));
  EXPECT_EQ(found, expected) << text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_LT(words.begin(i), words.end(i)) << text;
    EXPECT_LE(words.end(i), text.size()) << text;
  }
}

TEST(SearchWords, Split) {
  check("", "");
  check(" ... ", "");
  check("I was charged TWICE, please help!", "i was charged twice please help");
  check("don't, won\xE2\x80\x99t 'quoted' it's'", "dont wont quoted its");
  check("order no. 4711-b", "order no 4711 b");
  check("my number is [phone:~34], call", "my number is [phone] call");
  check("[phone:12", "phone 12");
  check("[note] [a[b:c]", "note a [b]");
  check("\xC3\x84rger \xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xCE\xA3", "\xC3\xA4rger \xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xCF\x83");
  check("\xE8\xB4\xA6\xE5\x8D\x95 ok", "\xE8\xB4\xA6 \xE5\x8D\x95 ok");  // each sign by itself
  check("a\xFF" "b\xC3", "a b");                                          // no UTF-8 separates
  check("\xF0\x9F\x98\x80 fine", "fine");                                 // an emoji is no word
}

TEST(SearchWords, Places) {
  SearchWords words;
  const std::string_view text = "a [card:~42] b";
  words.read(text);
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(text.substr(words.begin(1), words.end(1) - words.begin(1)), "[card:~42]");
  EXPECT_EQ(text.substr(words.begin(2), words.end(2) - words.begin(2)), "b");
}

void check_traces(std::string_view word, std::vector<std::string> expected) { EXPECT_EQ(traces_of(word), expected) << word; }

TEST(SearchWords, Traces) {
  check_traces("refund", {"refund"});
  check_traces("[phone]", {"[phone:"});
  check_traces("\xC3\xA4rger", {"rger"});  // its ASCII, whatever case the rest is in
  check_traces("\xD0\xB4\xD0\xB0", {"\xD0\xB4\xD0\xB0", "\xD0\x94\xD0\xB0", "\xD0\x94\xD0\x90"});
  check_traces("\xE8\xB4\xA6", {"\xE8\xB4\xA6"});
}

TEST(SearchWords, Bounded) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "w ";
  SearchWords words;
  words.read(text);
  EXPECT_EQ(words.size(), SearchWords::words_max);
}

}  // namespace
}  // namespace aybiza
