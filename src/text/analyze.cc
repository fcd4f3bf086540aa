#include "text/analyze.h"

#include <array>
#include <bit>

#include "text/sentiment.h"

namespace aybiza {

namespace {

constexpr std::int32_t class_cut_e4 = 1'000;      // +-0.1
constexpr std::int32_t strong_e4 = 6'000;         // beyond it a turn without emotion words has one all the same

struct Signs {
  std::array<int, emotion_count> emotions{};
  std::uint32_t topics = 0, intents = 0;
};

constexpr std::uint32_t bit(Intent intent) { return 1u << unsigned(intent); }
constexpr std::uint32_t opening_intents = bit(Intent::negate) | bit(Intent::affirm) | bit(Intent::greeting);

void note(const Meaning& meaning, bool opens, bool turned, int weight, Signs& signs) {
  signs.topics |= meaning.topics;
  signs.intents |= opens ? meaning.intents : meaning.intents & ~opening_intents;
  for (unsigned i = 0; i < emotion_count; ++i) {
    if (((meaning.emotions >> i) & 1) == 0) continue;
    const auto emotion = Emotion(i);
    if (!turned) signs.emotions[i] += weight;
    // "not happy" is a complaint; "not angry" says nothing of what one is.
    else if (emotion == Emotion::happy || emotion == Emotion::satisfied) signs.emotions[unsigned(Emotion::frustrated)] += weight;
  }
}

Signs signs_of(const Tokens& tokens, const Lexicon& lexicon) {
  Signs signs;
  for (std::size_t at = 0; at < tokens.size; ++at) {
    const Meaning& word = lexicon.meaning(tokens.all[at].word);
    const bool opens = at == 0;
    if ((word.emotions | word.topics | word.intents) != 0) note(word, opens, word.emotions != 0 && negated(tokens, lexicon, at), 1, signs);
    if (!word.starts_phrase) continue;
    std::uint32_t state = 0;
    for (std::size_t next = at; next < tokens.size; ++next) {
      state = lexicon.step(state, tokens.all[next].word);
      if (state == 0) break;
      if (const Meaning* phrase = lexicon.phrase(state)) note(*phrase, opens, phrase->emotions != 0 && negated(tokens, lexicon, at), 2, signs);
    }
  }
  return signs;
}

Emotion strongest(const Signs& signs, std::int32_t sentiment_e4) {
  auto best = Emotion::neutral;
  int most = 0;
  for (unsigned i = 1; i < emotion_count; ++i)
    if (signs.emotions[i] > most) {
      most = signs.emotions[i];
      best = Emotion(i);
    }
  if (most == 0 && sentiment_e4 >= strong_e4) return Emotion::happy;
  if (most == 0 && sentiment_e4 <= -strong_e4) return Emotion::frustrated;
  return best;
}

Intent first_of(std::uint32_t intents, const Tokens& tokens) {
  if (intents != 0) return Intent(std::countr_zero(intents));
  if (tokens.questions > 0) return Intent::request;
  return tokens.size > 0 ? Intent::inform : Intent::none;
}

}  // namespace

std::string_view to_string(SentimentClass value) {
  constexpr std::string_view names[] = {"negative", "neutral", "positive"};
  return names[std::size_t(value)];
}

std::string_view to_string(Emotion value) {
  constexpr std::string_view names[] = {"neutral", "happy", "sad", "angry", "frustrated", "satisfied", "confused", "excited"};
  return names[std::size_t(value)];
}

std::string_view to_string(Topic value) {
  constexpr std::string_view names[] = {"billing", "technical_support", "account", "product_inquiry", "complaint", "compliment"};
  return names[std::size_t(value)];
}

std::string_view to_string(Intent value) {
  constexpr std::string_view names[] = {"transfer_to_human", "cancel", "complain", "repeat",  "goodbye", "thank_you",
                                        "negate",            "affirm", "request",  "greeting", "inform",  ""};
  return names[std::size_t(value)];
}

SentimentClass classify(std::int32_t sentiment_e4) {
  if (sentiment_e4 > class_cut_e4) return SentimentClass::positive;
  return sentiment_e4 < -class_cut_e4 ? SentimentClass::negative : SentimentClass::neutral;
}

TextResult analyze(std::string_view text, const Lexicon& lexicon) {
  Tokens tokens;
  tokenise(text, lexicon, tokens);
  const Sentiment sentiment = sentiment_of(tokens, lexicon);
  const Signs signs = signs_of(tokens, lexicon);
  return {.sentiment_e4 = sentiment.score_e4,
          .confidence_e4 = sentiment.confidence_e4,
          .sentiment_class = classify(sentiment.score_e4),
          .emotion = strongest(signs, sentiment.score_e4),
          .intent = first_of(signs.intents, tokens),
          .topics = signs.topics};
}

TextResult analyze(std::string_view text) { return analyze(text, Lexicon::current()); }

}  // namespace aybiza
