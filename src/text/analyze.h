// What one utterance says about its speaker: sentiment, emotion, intent and topics, by lexicon and rules.
//
// Shape    analyze() is a pure function of the text and the lexicon: no state, no randomness, integers only, the same
//          answer on every machine. The lexicon is built once, from files compiled into the program.
// Units    scores are x 10^4: sentiment_e4 -10000..10000, confidence_e4 0..10000. Topics are a mask of TopicBit.
// Errors   none: any bytes have an answer; text beyond 4096 words is not read. Without words: neutral, confidence 0.
// Cost     0.2 to 0.6 us for a spoken sentence; no allocation.
// Threads  any: a Lexicon does not change once built.
// Source   Hutto, Gilbert, "VADER", ICWSM 2014 (rules and constants named in sentiment.cc); word lists: the lexicon of
//          that paper and data/lexicon/.
#pragma once

#include <cstdint>
#include <string_view>

namespace aybiza {

enum class SentimentClass : std::uint8_t { negative, neutral, positive };  // cut at -0.1 and +0.1
enum class Emotion : std::uint8_t { neutral, happy, sad, angry, frustrated, satisfied, confused, excited };
// Where several are found the first of them is taken.
enum class Intent : std::uint8_t { transfer_to_human, cancel, complain, repeat, goodbye, thank_you, negate, affirm, request, greeting, inform, none };
enum class Topic : std::uint8_t { billing, technical_support, account, product_inquiry, complaint, compliment };
inline constexpr int emotion_count = 8, topic_count = 6, intent_count = 12;

std::string_view to_string(SentimentClass value);
std::string_view to_string(Emotion value);
std::string_view to_string(Topic value);
std::string_view to_string(Intent value);  // none is ""

struct TextResult {
  std::int32_t sentiment_e4 = 0;
  std::int32_t confidence_e4 = 0;  // how much evidence there is and how far it agrees; not a probability
  SentimentClass sentiment_class = SentimentClass::neutral;
  Emotion emotion = Emotion::neutral;
  Intent intent = Intent::none;  // of the turn, for senders that give none; inform where words say nothing else
  std::uint32_t topics = 0;
  bool has(Topic topic) const { return (topics >> unsigned(topic)) & 1; }
  friend bool operator==(const TextResult&, const TextResult&) = default;
};

class Lexicon;
TextResult analyze(std::string_view text);  // with Lexicon::current()
TextResult analyze(std::string_view text, const Lexicon& lexicon);

SentimentClass classify(std::int32_t sentiment_e4);  // for a score that the sender measured itself

}  // namespace aybiza
