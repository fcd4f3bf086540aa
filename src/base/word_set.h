// A few words known when the program is compiled, and whether a word of a text is among them, in capitals or not.
//
// Shape    which sizes the words with each first letter have, a bit each: nearly every other word is turned away by that alone.
// Errors   none; a list with a word that is empty, too long or does not begin with a small letter does not compile.
// Cost     1 ns for a word that begins like none, otherwise a comparison with those of its size and first letter.
// Threads  constant data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aybiza {

template <std::size_t Count>
class WordSet {
 public:
  static constexpr std::size_t word_bytes_max = 16;

  consteval WordSet(const std::string_view (&words)[Count]) : words_(std::to_array(words)) {
    for (std::size_t i = 0; i < Count; ++i) {
      if (words[i].empty() || words[i].size() > word_bytes_max || letter(words[i][0]) >= sizes_.size() || words[i][0] < 'a') throw "no word for a set";
      sizes_[letter(words[i][0])] |= 1u << words[i].size();
    }
  }

  // Whether words of this size that begin like this one are in the set.
  constexpr bool may_contain(std::string_view word) const {
    if (word.empty() || word.size() > word_bytes_max) return false;
    const std::size_t first = letter(word[0]);
    return first < sizes_.size() && (sizes_[first] >> word.size() & 1) != 0;
  }
  // Which one it is, in the order of the list; Count: none.
  constexpr std::size_t find(std::string_view word) const {
    if (!may_contain(word)) return Count;
    std::array<char, word_bytes_max> lower{};
    for (std::size_t i = 0; i < word.size(); ++i) lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? char(word[i] | 0x20) : word[i];
    const std::string_view folded(lower.data(), word.size());
    for (std::size_t i = 0; i < Count; ++i)
      if (words_[i].size() == folded.size() && words_[i][0] == folded[0] && words_[i] == folded) return i;
    return Count;
  }
  constexpr bool contains(std::string_view word) const { return find(word) < Count; }

 private:
  static constexpr std::size_t letter(char c) { return std::size_t(std::uint8_t(c) | 0x20) - 'a'; }

  std::array<std::string_view, Count> words_;
  std::array<std::uint32_t, 26> sizes_{};
};

}  // namespace aybiza
