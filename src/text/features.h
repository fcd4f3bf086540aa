// Figures of a text as it was written, before anything is folded: how long, how loud, how polite.
//
// Shape    counts_of() is one pass over the bytes; words are what stands between white space. Counts add, so a turn told in
//          parts has those of its parts. features_from() makes shares of them: term_e6 has the mission's nine words in the
//          order of feature_terms(), how often each occurs among the words, times its weight.
// Units    length in characters (code points); shares and scores x 10^4, term weights x 10^6.
// Errors   none: any bytes; an empty text is all zeros. A byte that continues no character is not counted as one.
// Cost     about 1.5 ns a byte; no allocation.
// Threads  any: pure functions.
// Source   the mission's extract_features: length, word count, '!', '?', share of capitals, politeness, tf-idf. Weights are
//          ln(turns / turns with the word) over the 25 666 turns of the calls in the data folder (schema-guided dialogues).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace aybiza {

inline constexpr std::size_t feature_term_count = 9;

struct TextCounts {
  std::uint32_t length = 0, words = 0, exclamations = 0, questions = 0;
  std::uint32_t capitals = 0;    // A to Z
  std::uint32_t courtesies = 0;  // polite words
  std::array<std::uint32_t, feature_term_count> terms{};
  TextCounts& operator+=(const TextCounts& other);
  friend bool operator==(const TextCounts&, const TextCounts&) = default;
};

struct TextFeatures {
  static constexpr std::size_t terms = feature_term_count;
  std::uint32_t length = 0, words = 0, exclamations = 0, questions = 0;
  std::int32_t capitals_e4 = 0;    // A to Z among all characters
  std::int32_t politeness_e4 = 0;  // polite words / 10, at most 1
  std::array<std::int32_t, terms> term_e6{};
  friend bool operator==(const TextFeatures&, const TextFeatures&) = default;
};

std::span<const std::string_view, TextFeatures::terms> feature_terms();

TextCounts counts_of(std::string_view text);
TextFeatures features_from(const TextCounts& counts);
TextFeatures features_of(std::string_view text);

// {"length":31,"word_count":6,"exclamation_count":1,"question_count":1,"caps_ratio":0.1935,"politeness_score":0.2,
// "tfidf":{"help":0.504833}}; a term that does not occur is left out. Appends.
void append_features_json(const TextFeatures& features, std::string& out);

}  // namespace aybiza
