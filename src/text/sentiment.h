// VADER's rules over tokens, in whole numbers, and a few of speech: answers, wishes.
//
// Units    thousandths inside; the result is x 10^4.
// Threads  pure functions.
#pragma once

#include "text/tokens.h"

namespace aybiza {

struct Sentiment {
  std::int32_t score_e4 = 0, confidence_e4 = 0;
};
Sentiment sentiment_of(const Tokens& tokens, const Lexicon& lexicon);

// Whether a negation stands among the three words before `at`, within the clause.
bool negated(const Tokens& tokens, const Lexicon& lexicon, std::size_t at);

}  // namespace aybiza
