// The words of a text for finding it again: folded, with their places, in any script.
//
// Shape    a word is a run of letters and digits, lowered (Latin, Greek, Cyrillic); apostrophes within it are left out ("don't" is
//          "dont"). A sign of Chinese or Japanese is a word by itself. What masking wrote ("[phone:~34]") is one word, "[phone]".
// Units    places are bytes of the text.
// Errors   none: any bytes; what is no UTF-8 separates words; words beyond `words_max` are not read.
// Cost     about 3 ns a byte; no allocation once the vectors have grown.
// Threads  values; none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aybiza {

class SearchWords {
 public:
  static constexpr std::size_t words_max = 4'096;

  void read(std::string_view text);  // in place of what was read before
  std::size_t size() const { return words_.size(); }
  std::string_view word(std::size_t i) const { return std::string_view(folded_).substr(words_[i].at, words_[i].size); }
  std::uint32_t begin(std::size_t i) const { return words_[i].begin; }
  std::uint32_t end(std::size_t i) const { return words_[i].end; }

 private:
  struct Place {
    std::uint32_t begin, end;  // in the text
    std::uint32_t at, size;    // in folded_
  };
  void take_masked(std::string_view text, std::size_t& at);
  void close(std::size_t end);

  std::string folded_;
  std::vector<Place> words_;
  bool open_ = false;  // the last of words_ is being read
};

// What a text that holds this word holds as bytes, once its ASCII letters are lowered and its apostrophes are out: one of these.
std::vector<std::string> traces_of(std::string_view word);

}  // namespace aybiza
