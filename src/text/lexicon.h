// The words and phrases that analyze() knows, in one hash table and one trie.
//
// Shape    A word is looked up once and answers everything that is known of it; a bitmap of hashes turns most unknown words
//          away. Phrases of two to five words are walked in a trie whose edges are (state, word). Built once, never changed.
// Units    valence is thousandths of VADER's -4 .. 4; a booster is thousandths added to the word it stands before.
// Errors   build() names list and line of what it cannot read. Lists are `label: word, two words, ...`, '#' comments.
// Cost     about 8 000 words, 1 MB; build 3 ms, find 3 ns.
// Threads  any once built.
// Source   Hutto, Gilbert, ICWSM 2014 (vader_lexicon.txt: token TAB mean TAB sd TAB ratings).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/word_key.h"

namespace aybiza {

struct LexiconTexts {
  std::string_view vader;      // may be empty
  std::string_view sentiment;  // our valences by word or phrase; they win
  std::string_view modifiers;  // booster, dampener, negation, contrast, answer, wish
  std::string_view emotions;   // a label of Emotion
  std::string_view topics;     // a label of Topic
  std::string_view intents;    // a label of Intent but inform and none
};

struct Meaning {
  std::int16_t valence = 0;
  std::int16_t boost = 0;
  std::uint16_t emotions = 0;  // bit per Emotion
  std::uint16_t topics = 0;    // bit per Topic
  std::uint16_t intents = 0;   // bit per Intent
  bool has_valence = false, negates = false, contrasts = false, answers = false, wishes = false, starts_phrase = false, in_phrase = false;
};

class Lexicon {
 public:
  static Result<Lexicon> build(const LexiconTexts& texts, std::string name = "built-in");
  static const Lexicon& builtin();

  // What analyze(text) reads: the built-in lexicon, or the one given to use(). use() is called once, before any other thread.
  static const Lexicon& current();
  static void use(Lexicon lexicon);

  // Which lists these are: where they come from, and 16 hexadecimal digits of all their bytes.
  const std::string& name() const { return name_; }
  const std::string& hash() const { return hash_; }

  static constexpr std::uint32_t unknown = 0;
  static constexpr std::size_t word_bytes_max = WordKey::bytes_max;

  // The word's number, or unknown. Apostrophes are ' in it.
  std::uint32_t find(const WordKey& word) const {
    if ((filter_[word.hash() / 64 % filter_words] >> (word.hash() % 64) & 1) == 0) return unknown;
    return find_listed(word);
  }
  const Meaning& meaning(std::uint32_t word) const { return meanings_[word]; }

  // The trie: 0 is the root and "no such edge".
  std::uint32_t step(std::uint32_t state, std::uint32_t word) const {
    return meanings_[word].in_phrase ? follow(state, word) : 0;
  }
  const Meaning* phrase(std::uint32_t state) const;  // nullptr: no phrase ends here

 private:
  Status read_vader(std::string_view text);
  Status read_list(std::string_view name, std::string_view text);
  Meaning& slot(std::string_view phrase);
  std::uint32_t intern(std::string_view word);
  std::uint32_t find_listed(const WordKey& word) const;
  std::uint32_t follow(std::uint32_t state, std::uint32_t word) const;
  std::uint32_t connect(std::uint32_t state, std::uint32_t word);
  void grow_words();
  void grow_edges();

  static constexpr std::size_t filter_words = 1024;  // 65 536 bits: a tenth of unknown words come through

  std::string name_, hash_;
  struct Slot {
    std::uint32_t hash = 0, word = unknown;
  };
  struct Edge {
    std::uint32_t state = 0, word = unknown, next = 0;
  };
  std::vector<Slot> table_;    // open addressing; word 0 is an empty slot
  std::vector<WordKey> keys_;  // by word - 1
  std::vector<std::uint64_t> filter_ = std::vector<std::uint64_t>(filter_words);
  std::vector<Meaning> meanings_{1};
  std::vector<Edge> edges_;  // open addressing; word 0 is an empty slot
  std::size_t edge_count_ = 0;
  std::vector<std::uint32_t> ends_{0};  // per state: index into phrases_ + 1
  std::vector<Meaning> phrases_;
};

}  // namespace aybiza
