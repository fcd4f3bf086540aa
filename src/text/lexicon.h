// The words and phrases that analyze() knows, in one hash table and one trie.
//
// Shape    A word is looked up once and answers everything that is known of it. Phrases of two to five words are walked in
//          a trie whose edges are (state, word). Built once, never changed.
// Units    valence is thousandths of VADER's -4 .. 4; a booster is thousandths added to the word it stands before.
// Errors   build() names list and line of what it cannot read. Lists are `label: word, two words, ...`, '#' comments.
// Cost     about 8 000 words, 0.5 MB; build 3 ms, find 10 ns.
// Threads  any once built.
// Source   Hutto, Gilbert, ICWSM 2014 (vader_lexicon.txt: token TAB mean TAB sd TAB ratings).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace aybiza {

struct LexiconTexts {
  std::string_view vader;      // may be empty
  std::string_view sentiment;  // our valences by word or phrase; they win
  std::string_view modifiers;  // booster, dampener, negation, contrast
  std::string_view emotions;   // a label of Emotion
  std::string_view topics;     // a label of Topic
};

struct Meaning {
  std::int16_t valence = 0;
  std::int16_t boost = 0;
  std::uint16_t emotions = 0;  // bit per Emotion
  std::uint16_t topics = 0;    // bit per Topic
  bool has_valence = false, negates = false, contrasts = false, starts_phrase = false, in_phrase = false;
};

class Lexicon {
 public:
  static Result<Lexicon> build(const LexiconTexts& texts);
  static const Lexicon& builtin();

  static constexpr std::uint32_t unknown = 0;
  static constexpr std::size_t word_bytes_max = 40;

  // The word's number, or unknown. `word` is lower case, with ' for apostrophes.
  std::uint32_t find(std::string_view word) const;
  const Meaning& meaning(std::uint32_t word) const { return meanings_[word]; }

  // The trie: 0 is the root and "no such edge".
  std::uint32_t step(std::uint32_t state, std::uint32_t word) const;
  const Meaning* phrase(std::uint32_t state) const;  // nullptr: no phrase ends here

 private:
  Status read_vader(std::string_view text);
  Status read_list(std::string_view name, std::string_view text);
  Meaning& slot(std::string_view phrase);
  std::uint32_t intern(std::string_view word);
  void grow();

  struct Key {
    std::uint32_t start = 0, word = 0;
    std::uint16_t length = 0;
  };
  std::string letters_;        // all words, one after the other
  std::vector<Key> table_;     // open addressing; word 0 is an empty slot
  std::vector<Meaning> meanings_{1};
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // state << 32 | word
  std::vector<std::uint32_t> ends_{0};                      // per state: index into phrases_ + 1
  std::vector<Meaning> phrases_;
};

}  // namespace aybiza
