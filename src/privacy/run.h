// A run: groups of digits with nothing but separators between them, as "+1 (415) 555-0100" is four groups.
//
// Threads  values; none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace aybiza::privacy {

namespace gap {  // which separators stand before a group
inline constexpr unsigned space = 1, dash = 2, dot = 4, paren = 8, slash = 16, comma = 32, word = 64;
}

struct Group {  // not initialised: a run holds 64 of them, and a text seldom more than four
  std::uint32_t start, end;  // bytes; start includes a '+' and '(' that belong to it
  std::uint32_t length;      // digits, also those beyond `digits`
  std::uint8_t gap;
  bool plus, spoken, money;  // spoken: digits named one at a time, "eight", "double five", "eight hundred"
  bool said, merged;         // in words, pairs too; "twenty five", which may be 20 and 5
  bool word_before, word_after;  // a letter, '_' or "letter-" touches it
  std::array<char, 24> digits;
  std::string_view text() const { return {digits.data(), length < digits.size() ? length : digits.size()}; }
};

struct Run {
  static constexpr std::size_t groups_max = 64, overlap = 24;  // a card has at most 19 groups
  std::array<Group, groups_max> groups;
  std::size_t size = 0;
};

// The digits of a window, side by side.
struct Digits {
  static constexpr std::size_t digits_max = 24;
  std::array<char, digits_max> held;
  std::size_t size = 0;
  operator std::string_view() const { return {held.data(), size}; }
};

// Groups first..last (inclusive) seen as one number.
struct Window {
  const Run* run = nullptr;
  std::size_t first = 0, last = 0;
  std::uint32_t digits = 0;
  unsigned gaps = 0;
  bool only(unsigned allowed) const { return (gaps & ~allowed) == 0; }
  const Group& operator[](std::size_t i) const { return run->groups[first + i]; }
  std::size_t size() const { return last - first + 1; }
  Digits text() const {
    Digits all;
    for (std::size_t i = 0; i < size(); ++i)
      for (const char c : (*this)[i].text())
        if (all.size < Digits::digits_max) all.held[all.size++] = c;
    return all;
  }
};

// Calls visit(window) for every window that starts at `first` and has at most `digits_max` digits, shortest first.
template <typename Visit>
void windows_from(const Run& run, std::size_t first, std::uint32_t digits_max, Visit&& visit) {
  Window window{.run = &run, .first = first};
  for (std::size_t last = first; last < run.size; ++last) {
    const Group& group = run.groups[last];
    if (group.length > digits_max - window.digits || (last > first && group.plus)) return;
    window.last = last;
    window.digits += group.length;
    if (last > first) window.gaps |= group.gap;
    visit(window);
  }
}

}  // namespace aybiza::privacy
