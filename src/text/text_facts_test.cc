#include "text/text_facts.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

std::string packed(const TextFacts& facts) {
  std::string out;
  append_text_facts(facts, out);
  return out;
}

void check_kept(std::string_view text, bool meaning) {
  TextFacts facts{.counts = counts_of(text), .meaning = {}};
  if (meaning) facts.meaning = analyze(text);
  const auto back = read_text_facts(packed(facts));
  ASSERT_TRUE(back) << text;
  EXPECT_EQ(*back, facts) << text;
}

TEST(TextFacts, come_back_as_they_were) {
  for (const bool meaning : {false, true})
    for (const char* text : {"", "Yes.", "Please HELP me, thank you! Why?", "I hate this terrible bill, get me a manager", "caf\u00e9 \xff"})
      check_kept(text, meaning);
  EXPECT_EQ(packed({.counts = counts_of("yes it is"), .meaning = {}}).size(), 7u);
}

TEST(TextFacts, counts_beyond_sixteen_bits_stay_at_the_greatest) {
  const auto back = read_text_facts(packed({.counts = counts_of(std::string(70'000, '!')), .meaning = {}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->counts.length, 65'535u);
  EXPECT_EQ(back->counts.exclamations, 65'535u);
  EXPECT_EQ(counts_of(std::string(70'000, '!')).exclamations, 70'000u);
}

TEST(TextFacts, other_bytes_are_refused) {
  const std::string whole = packed({.counts = counts_of("I hate this!"), .meaning = analyze("I hate this!")});
  for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(read_text_facts(whole.substr(0, cut))) << cut;
  EXPECT_FALSE(read_text_facts(whole + "x"));
  std::string flags = whole, words = whole;
  flags[0] = 2;
  EXPECT_FALSE(read_text_facts(flags));
  words[words.size() - 3] = char(0xFF);  // neither an emotion nor an intent
  EXPECT_FALSE(read_text_facts(words));
}

TEST(TextFacts, parts_of_a_turn_join) {
  const auto facts = [](std::string_view text) { return TextFacts{.counts = counts_of(text), .meaning = analyze(text)}; };
  TextFacts turn = facts("My bill is wrong");  // 4 words
  const TextFacts next = facts("please get me a manager I am furious and angry now");  // 11
  const TextResult first = *turn.meaning;
  turn.join(next);
  EXPECT_EQ(turn.counts.words, 15u);
  EXPECT_EQ(turn.counts.courtesies, 1u);
  EXPECT_EQ(turn.meaning->sentiment_e4, (first.sentiment_e4 * 4 + next.meaning->sentiment_e4 * 11) / 15);
  EXPECT_EQ(turn.meaning->intent, Intent::transfer_to_human);
  EXPECT_EQ(turn.meaning->topics, first.topics | next.meaning->topics);
  EXPECT_TRUE(turn.meaning->has(Topic::billing));
  TextFacts bare{.counts = counts_of("yes"), .meaning = {}};
  bare.join({.counts = counts_of("no"), .meaning = {}});
  EXPECT_FALSE(bare.meaning);
  EXPECT_EQ(bare.counts.length, 5u);
}

}  // namespace
}  // namespace aybiza
