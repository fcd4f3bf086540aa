#include "text/features.h"

#include <algorithm>

namespace aybiza {

namespace {

constexpr std::array<std::string_view, TextFeatures::terms> terms = {"good", "bad",      "help", "problem", "issue",
                                                                    "great", "terrible", "love", "hate"};
// ln(25666 / turns with the word), x 1000.
constexpr std::array<std::int64_t, TextFeatures::terms> weights_e3 = {3060, 7588, 3029, 5796, 9460, 3278, 10153, 6164, 9460};
constexpr std::string_view polite[] = {"please", "thank", "thanks", "sorry", "excuse", "appreciate"};
constexpr std::int32_t polite_words_full = 10;

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// The letters of a word without the punctuation around it, lower; nothing for longer words than any of ours.
std::string_view bare(std::string_view word, std::array<char, 10>& into) {
  while (!word.empty() && !is_letter(word.front())) word.remove_prefix(1);
  while (!word.empty() && !is_letter(word.back())) word.remove_suffix(1);
  if (word.size() > into.size()) return {};
  std::ranges::transform(word, into.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
  return {into.data(), word.size()};
}

}  // namespace

std::span<const std::string_view, TextFeatures::terms> feature_terms() { return terms; }

TextFeatures features_of(std::string_view text) {
  TextFeatures found;
  std::array<std::int64_t, TextFeatures::terms> times{};
  std::int64_t capitals = 0;
  std::int32_t courtesies = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    for (; at < text.size() && !is_blank(text[at]); ++at) {
      const char c = text[at];
      found.length += (std::uint8_t(c) & 0xC0) != 0x80;
      found.exclamations += c == '!';
      found.questions += c == '?';
      capitals += c >= 'A' && c <= 'Z';
    }
    if (at == start) {
      ++found.length, ++at;
      continue;
    }
    ++found.words;
    std::array<char, 10> letters;
    const std::string_view word = bare(text.substr(start, at - start), letters);
    if (word.size() < 3) continue;
    courtesies += std::ranges::find(polite, word) != std::end(polite);
    if (const auto term = std::ranges::find(terms, word); term != terms.end()) ++times[std::size_t(term - terms.begin())];
  }
  if (found.length > 0) found.capitals_e4 = std::int32_t(capitals * 10'000 / found.length);
  found.politeness_e4 = std::min(courtesies, polite_words_full) * (10'000 / polite_words_full);
  for (std::size_t i = 0; i < times.size() && found.words > 0; ++i) found.term_e6[i] = std::int32_t(times[i] * weights_e3[i] * 1000 / found.words);
  return found;
}

}  // namespace aybiza
