// Words of an utterance, looked up, without allocation.
//
// Shape    A token is what stands between white space, without the punctuation around it unless it is an emoticon of the
//          lexicon. Letters are lowered (ASCII), typographic apostrophes made plain. Hyphenated words that the lexicon
//          does not know are split; "#tag" and "@name" are words that it never knows.
// Errors   none: any bytes; words beyond `tokens_max` are not read.
// Threads  values; none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "text/lexicon.h"

namespace aybiza {

struct Token {  // not initialised: clearing 4096 of them would cost more than reading a sentence
  std::uint32_t word;
  bool capitals;     // two letters or more, none small
  bool clause_ends;  // . , ; : ! ? follows
  bool exclaimed;    // the last of them is !
  bool emoticon;
};

struct Tokens {
  static constexpr std::size_t tokens_max = 4096;
  std::array<Token, tokens_max> all;
  std::size_t size = 0;
  std::uint32_t exclamations = 0, questions = 0;
  bool mixed_capitals = false;  // some words in capitals, others not: then capitals mean something
};

// Fills `tokens`, which need not be initialised but for its scalars.
void tokenise(std::string_view text, const Lexicon& lexicon, Tokens& tokens);

}  // namespace aybiza
