#include "text/features.h"

#include <algorithm>

#include "base/word_set.h"
#include "text/append_number.h"

namespace aybiza {

namespace {

constexpr std::string_view terms[feature_term_count] = {"good", "bad", "help", "problem", "issue", "great", "terrible", "love", "hate"};
constexpr WordSet term_words(terms);
// ln(25666 / turns with the word), x 1000.
constexpr std::array<std::int64_t, feature_term_count> weights_e3 = {3060, 7588, 3029, 5796, 9460, 3278, 10153, 6164, 9460};
constexpr WordSet polite({"please", "thank", "thanks", "sorry", "excuse", "appreciate"});
constexpr std::uint32_t polite_words_full = 10;

constexpr bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// What each byte adds, four counters of 16 bits side by side: characters, '!', '?', capitals. A blank has the top bit of none.
constexpr std::uint64_t one_character = 1, one_exclamation = 1ull << 16, one_question = 1ull << 32, one_capital = 1ull << 48;
constexpr std::size_t bytes_at_once = 0xFFFF;
constexpr std::array<std::uint64_t, 256> adds = [] {
  std::array<std::uint64_t, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    if ((c & 0xC0) != 0x80) table[c] = one_character;
    if (c >= 'A' && c <= 'Z') table[c] += one_capital;
  }
  table['!'] += one_exclamation;
  table['?'] += one_question;
  return table;
}();
constexpr std::array<bool, 256> blanks = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : {' ', '\t', '\n', '\v', '\f', '\r'}) table[c] = true;
  return table;
}();

// A word with the punctuation around it.
void note_word(std::string_view word, TextCounts& counts) {
  ++counts.words;
  while (!word.empty() && !is_letter(word.front())) word.remove_prefix(1);
  while (!word.empty() && !is_letter(word.back())) word.remove_suffix(1);
  counts.courtesies += polite.contains(word);
  if (const std::size_t term = term_words.find(word); term < feature_term_count) ++counts.terms[term];
}

void count_signs(std::string_view text, TextCounts& counts) {
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), bytes_at_once))) {
    std::uint64_t sum = 0;
    for (const char c : text.substr(0, bytes_at_once)) sum += adds[std::uint8_t(c)];
    counts.length += std::uint32_t(sum & 0xFFFF);
    counts.exclamations += std::uint32_t(sum >> 16 & 0xFFFF);
    counts.questions += std::uint32_t(sum >> 32 & 0xFFFF);
    counts.capitals += std::uint32_t(sum >> 48);
  }
}

// A share in units of 1 / 10^`places`, not negative: 1935 of four places is 0.1935.
void append_share(std::int32_t value, int places, std::string& out) {
  std::int32_t unit = 1;
  for (int i = 0; i < places; ++i) unit *= 10;
  append_number(value / unit, out);
  std::int32_t rest = value % unit;
  if (rest == 0) return;
  out += '.';
  for (unit /= 10; rest > 0; rest %= unit, unit = std::max(unit / 10, 1)) out += char('0' + rest / unit);
}

}  // namespace

std::span<const std::string_view, TextFeatures::terms> feature_terms() { return terms; }

TextCounts& TextCounts::operator+=(const TextCounts& other) {
  length += other.length, words += other.words, exclamations += other.exclamations, questions += other.questions;
  capitals += other.capitals, courtesies += other.courtesies;
  for (std::size_t i = 0; i < feature_term_count; ++i) terms[i] += other.terms[i];
  return *this;
}

TextCounts counts_of(std::string_view text) {
  TextCounts counts;
  count_signs(text, counts);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    while (at < text.size() && !blanks[std::uint8_t(text[at])]) ++at;
    if (at > start) note_word(text.substr(start, at - start), counts);
    else ++at;
  }
  return counts;
}

TextFeatures features_from(const TextCounts& counts) {
  TextFeatures found{.length = counts.length, .words = counts.words, .exclamations = counts.exclamations, .questions = counts.questions};
  if (counts.length > 0) found.capitals_e4 = std::int32_t(std::int64_t(counts.capitals) * 10'000 / counts.length);
  found.politeness_e4 = std::int32_t(std::min(counts.courtesies, polite_words_full) * (10'000 / polite_words_full));
  for (std::size_t i = 0; i < feature_term_count && counts.words > 0; ++i)
    found.term_e6[i] = std::int32_t(std::int64_t(counts.terms[i]) * weights_e3[i] * 1000 / counts.words);
  return found;
}

TextFeatures features_of(std::string_view text) { return features_from(counts_of(text)); }

void append_features_json(const TextFeatures& features, std::string& out) {
  const auto member = [&](std::string_view name, auto value) {
    out += name;
    append_number(value, out);
  };
  member("{\"length\":", features.length);
  member(",\"word_count\":", features.words);
  member(",\"exclamation_count\":", features.exclamations);
  member(",\"question_count\":", features.questions);
  out += ",\"caps_ratio\":";
  append_share(features.capitals_e4, 4, out);
  out += ",\"politeness_score\":";
  append_share(features.politeness_e4, 4, out);
  out += ",\"tfidf\":{";
  for (std::size_t i = 0; i < feature_term_count; ++i) {
    if (features.term_e6[i] == 0) continue;
    if (out.back() != '{') out += ',';
    out += '"';
    out += terms[i];
    out += "\":";
    append_share(features.term_e6[i], 6, out);
  }
  out += "}}";
}

}  // namespace aybiza
