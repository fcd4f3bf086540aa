#include "text/features.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>

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

// The same, letter by letter, as the mission says it.
TextCounts slowly(std::string_view text) {
  TextCounts counts;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    ++counts.words;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    while (!word.empty() && !letter(word.front())) word.erase(0, 1);
    while (!word.empty() && !letter(word.back())) word.pop_back();
    for (char& c : word)
      if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    for (const char* polite : {"please", "thank", "thanks", "sorry", "excuse", "appreciate"}) counts.courtesies += word == polite;
    for (std::size_t i = 0; i < feature_term_count; ++i) counts.terms[i] += word == feature_terms()[i];
    word.clear();
  };
  for (const char c : text) {
    counts.length += (std::uint8_t(c) & 0xC0) != 0x80;
    counts.exclamations += c == '!';
    counts.questions += c == '?';
    counts.capitals += c >= 'A' && c <= 'Z';
    if (c == ' ' || (c >= '\t' && c <= '\r')) end_word();
    else word += c;
  }
  end_word();
  return counts;
}

TEST(Features, agree_with_slow_counting) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"please", "Thank", "SORRY!", " ", " ", "\n", "\t", "appreciate,", "good", "bad.", "(help)", "issue?", "caf\u00e9",
                                     "terrible", "goods", "\"love\"", "hate", "ABC", "1", "-", "\xff", "excuse", "thanks", "unappreciated"};
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 30; i > 0; --i) text += pieces[random() % std::size(pieces)];
    ASSERT_EQ(counts_of(text), slowly(text)) << text;
  }
}

TEST(Features, as_json) {
  const auto check = [](std::string_view text, std::string_view expected) {
    std::string out;
    append_features_json(features_of(text), out);
    EXPECT_EQ(out, expected) << text;
  };
  check("", R"({"length":0,"word_count":0,"exclamation_count":0,"question_count":0,"caps_ratio":0,"politeness_score":0,"tfidf":{}})");
  check("Please HELP me, thank you! Why?",
        R"({"length":31,"word_count":6,"exclamation_count":1,"question_count":1,"caps_ratio":0.1935,"politeness_score":0.2,"tfidf":{"help":0.504833}})");
  check("A", R"({"length":1,"word_count":1,"exclamation_count":0,"question_count":0,"caps_ratio":1,"politeness_score":0,"tfidf":{}})");
  check("bad help", R"({"length":8,"word_count":2,"exclamation_count":0,"question_count":0,"caps_ratio":0,"politeness_score":0,"tfidf":{"bad":3.794,"help":1.5145}})");
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
