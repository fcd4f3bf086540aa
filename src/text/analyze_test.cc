#include "text/analyze.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "text/embedded.h"
#include "text/lexicon.h"

namespace aybiza {
namespace {

std::int32_t score(std::string_view text) { return analyze(text).sentiment_e4; }

// A lexicon of a few words, so that expected values can be computed by hand from the rules.
const Lexicon& small() {
  static const Lexicon lexicon = *Lexicon::build({.vader = "good\t1.9\t0.9\t[]\nno\t-1.2\t1\t[]\nyes\t1.7\t1\t[]\nbad\t-2.5\t0.6\t[]\n:)\t2.0\t1\t[]\n",
                                                  .modifiers = "booster: very\nnegation: not, no\ncontrast: but\nanswer: no, yes\nwish: i want"});
  return lexicon;
}

// sum / sqrt(sum^2 + 18)
void check(std::string_view text, double sum) {
  const double expected = sum / std::sqrt(sum * sum + 18);
  EXPECT_NEAR(analyze(text, small()).sentiment_e4 / 1e4, expected, 2e-4) << text;
}

TEST(Sentiment, rules_by_hand) {
  check("", 0);
  check("the table", 0);
  check("good", 1.9);
  check("Good.", 1.9);
  check("very good", 1.9 + 0.293);
  check("very the good", 1.9 + 0.293 * 0.95);
  check("very the the good", 1.9 + 0.293 * 0.9);
  check("very the the the good", 1.9);
  check("very bad", -2.5 - 0.293);
  check("not good", 1.9 * -0.5);
  check("not very good", (1.9 + 0.293) * -0.5);
  check("not, good", 1.9);  // another clause
  check("GOOD thing", 1.9 + 0.733);
  check("GOOD THING", 1.9);  // shouting all the time
  check("good!", 1.9 + 0.4);
  check("good!!!!!!", 1.9 + 4 * 0.4);
  check("bad!", -2.5 - 0.4);
  check("good?", 1.9);
  check("good???", 1.9 + 0.54);
  check("good????", 1.9 + 0.96);
  check("good but bad", 1.9 * 0.5 - 2.5 * 1.5);
  check(":)", 2.0);
  check("good-bad", 1.9 - 2.5);
  check("not :)", 2.0);  // a smile is not turned
  check("#good @good", 0);
  check("yes", 0.17);
  check("Yes, Thursday", 0.17);
  check("yes!", 1.7 + 0.4);
  check("No.", -0.12);
  check("there is no light", -1.2);
  check("there is no no", -2.4);
  check("i want a good one, good", 1.9 * 0.3 + 1.9);
  check("i want no bad one", -1.2 + 2.5 * 0.5 * 0.3);
}

TEST(Sentiment, order_of_real_sentences) {
  EXPECT_GT(score("I love this, it is great!"), 5000);
  EXPECT_LT(score("This is terrible, I hate it."), -5000);
  EXPECT_GT(score("That's great, thank you so much"), score("That's fine, thank you"));
  EXPECT_LT(score("I am not happy with this"), -1000);
  EXPECT_LT(score("I\u2019m not happy with this"), -1000);
  EXPECT_GT(score("no problem at all"), 1000);
  EXPECT_LT(score("it does not work"), -1000);
  EXPECT_EQ(analyze("I need two tickets for Saturday").sentiment_class, SentimentClass::neutral);
  EXPECT_EQ(analyze("Can you help me please").sentiment_class, SentimentClass::neutral);
}

TEST(Sentiment, classes_cut_at_a_tenth) {
  EXPECT_EQ(classify(1000), SentimentClass::neutral);
  EXPECT_EQ(classify(1001), SentimentClass::positive);
  EXPECT_EQ(classify(-1000), SentimentClass::neutral);
  EXPECT_EQ(classify(-1001), SentimentClass::negative);
}

TEST(Sentiment, confidence) {
  EXPECT_EQ(analyze("").confidence_e4, 0);
  EXPECT_EQ(analyze("the table is here").confidence_e4, 5000);
  EXPECT_GT(analyze("great great great").confidence_e4, analyze("great").confidence_e4);
  EXPECT_GT(analyze("great and wonderful").confidence_e4, analyze("great and terrible").confidence_e4);
  for (const auto text : {"good", "bad bad bad bad bad bad", "love hate", "ok"}) {
    EXPECT_GE(analyze(text).confidence_e4, 0);
    EXPECT_LE(analyze(text).confidence_e4, 10'000);
  }
}

TEST(Emotions, by_words_and_phrases) {
  const auto check_emotion = [](std::string_view text, Emotion expected) {
    EXPECT_EQ(to_string(analyze(text).emotion), to_string(expected)) << text;
  };
  check_emotion("I need a table for two", Emotion::neutral);
  check_emotion("I am so happy about that", Emotion::happy);
  check_emotion("I am sad and disappointed", Emotion::sad);
  check_emotion("This makes me furious", Emotion::angry);
  check_emotion("I am fed up with this, it's ridiculous", Emotion::frustrated);
  check_emotion("Thank you, that works", Emotion::satisfied);
  check_emotion("Sorry, I don't understand, I'm confused", Emotion::confused);
  check_emotion("Wow, I can't wait!", Emotion::excited);
  check_emotion("I am not happy", Emotion::frustrated);
  check_emotion("", Emotion::neutral);
}

TEST(Topics, many_per_turn) {
  EXPECT_TRUE(analyze("Why was I charged twice on my bill?").has(Topic::billing));
  EXPECT_TRUE(analyze("My router is not working").has(Topic::technical_support));
  EXPECT_TRUE(analyze("I forgot my password and cannot log in").has(Topic::account));
  EXPECT_TRUE(analyze("How much is the premium plan?").has(Topic::product_inquiry));
  EXPECT_TRUE(analyze("I want to speak to a manager, this is unacceptable").has(Topic::complaint));
  EXPECT_TRUE(analyze("You have been great, thank you so much").has(Topic::compliment));
  const TextResult both = analyze("I want a refund because the app crashes");
  EXPECT_TRUE(both.has(Topic::billing) && both.has(Topic::technical_support));
  EXPECT_EQ(analyze("good morning").topics, 0u);
}

TEST(Intents, where_the_sender_gives_none) {
  const auto check_intent = [](std::string_view text, Intent expected) { EXPECT_EQ(to_string(analyze(text).intent), to_string(expected)) << text; };
  check_intent("", Intent::none);
  check_intent("Let me speak to a real person", Intent::transfer_to_human);
  check_intent("I want to cancel my subscription", Intent::cancel);
  check_intent("This is ridiculous, I was charged twice", Intent::complain);
  check_intent("Sorry, could you repeat that?", Intent::repeat);
  check_intent("No, that's all. Goodbye!", Intent::goodbye);
  check_intent("Great, thank you", Intent::thank_you);
  check_intent("No, not now", Intent::negate);
  check_intent("Yes, that one", Intent::affirm);
  check_intent("What is their address", Intent::request);
  check_intent("In Boston?", Intent::request);
  check_intent("In Boston", Intent::inform);
  check_intent("Hello there", Intent::greeting);
  check_intent("on the right side, with no onions", Intent::inform);
}

TEST(Lexicon, builtin_lists_are_readable) {
  EXPECT_TRUE(Lexicon::build(embedded_lexicon()).has_value());
  EXPECT_GT(embedded_lexicon().vader.size(), 400'000u);
}

TEST(Lexicon, names_what_it_cannot_read) {
  const auto message = [](LexiconTexts texts) { return Lexicon::build(texts).error().message; };
  EXPECT_EQ(message({.topics = "billing: a\nbiling: b"}), "topics.txt line 2: unknown label \"biling\"");
  EXPECT_EQ(message({.emotions = "happy"}), "emotions.txt line 1: no \"label:\"");
  EXPECT_NE(message({.vader = "good\tx\t1"}).find("line 1"), std::string::npos);
  EXPECT_NE(message({.sentiment = "9: good"}).find("unknown label"), std::string::npos);
}

TEST(Lexicon, editable_topics) {
  const auto lexicon = Lexicon::build({.topics = "billing: mortgage, home loan"});
  ASSERT_TRUE(lexicon.has_value());
  EXPECT_TRUE(analyze("about my HOME loan", *lexicon).has(Topic::billing));
  EXPECT_FALSE(analyze("about my home", *lexicon).has(Topic::billing));
}

TEST(Analyze, any_bytes) {
  for (const std::string& text : {std::string("\xff\xfe\xe2\x80"), std::string(100'000, 'a'), std::string(100'000, '!'),
                                  std::string(1, '\0'), std::string("- -- / ' \xe2\x80\x99")})
    analyze(text);
  std::string many;
  for (int i = 0; i < 6000; ++i) many += "great! ";
  EXPECT_LE(analyze(many).sentiment_e4, 10'000);
  EXPECT_EQ(analyze(many), analyze(many));
}

}  // namespace
}  // namespace aybiza
