// Walks a text once, gathers groups of digits into runs and hands every run to the rules.
//
// Shape    a run ends at a word that is no spoken digit, at any other sign, and after four separators. UUIDs are stepped over.
// Threads  none: owned by one find_numbers().
#pragma once

#include <string_view>
#include <vector>

#include "privacy/glyph.h"
#include "privacy/rules.h"
#include "privacy/words.h"

namespace aybiza::privacy {

// Whether a UUID starts here and no letter or digit follows it.
bool is_uuid(std::string_view text);

class Scanner {
 public:
  Scanner(std::string_view text, Rules& rules) : text_(text), rules_(rules) {}

  // The first `taken` of `spans` (ascending) are stepped over; the rules append to the same vector.
  void scan(const std::vector<PiiSpan>& spans, std::size_t taken);

 private:
  std::size_t step(std::size_t at);
  std::size_t leave(std::size_t to, bool touching);
  std::size_t separator(std::size_t at, Glyph glyph, unsigned bit);
  std::size_t letters(std::size_t at, Glyph glyph);
  std::size_t say(std::size_t at, Spoken spoken);
  bool follows_on() const;
  bool in_place(Spoken spoken) const;
  std::size_t digits(std::size_t at);
  Group& open(std::size_t at);
  void close(std::size_t end);
  void flush();

  std::string_view text_;
  Rules& rules_;
  Run run_;
  std::size_t lead_ = 0;  // where '+' or '(' before the next group stands
  unsigned gap_glyphs_ = 0, repeat_ = 1;
  std::uint8_t gap_ = 0;
  bool plus_ = false, has_lead_ = false, money_ = false;
  bool tens_ = false;  // the last group is "twenty" to "ninety", whose second digit may follow
  bool touching_ = false;  // a letter stands right before
};

}  // namespace aybiza::privacy
