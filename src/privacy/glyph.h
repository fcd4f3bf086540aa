// One step through text as the detectors see it: a digit of any script, a separator, a letter, or something else.
//
// Shape    glyph_at() folds full-width and other Unicode spellings, so "４１１１" and "4111" look alike, and names zero-width
//          characters `ignorable` so that they cannot split a number.
// Errors   invalid UTF-8 is one byte of `letter`.
// Threads  pure functions.
// Source   Unicode 15, general category Nd (the scripts in living use).
#pragma once

#include <cstdint>
#include <string_view>

namespace aybiza::privacy {

enum class Kind : std::uint8_t { other, letter, digit, space, dash, dot, paren, slash, comma, plus, at, ignorable };

struct Glyph {
  Kind kind = Kind::other;
  std::uint8_t digit = 0;
  std::uint8_t bytes = 1;
};

// REQUIRES: at < text.size().
Glyph glyph_at(std::string_view text, std::size_t at);

// A digit spoken as a word at `at` ("seven", "oh"), or "double"/"triple" before the next. bytes = 0: none.
struct Spoken {
  std::uint8_t bytes = 0;
  std::uint8_t digit = 0;
  std::uint8_t repeat = 1;  // 2 and 3 stand for "double" and "triple": no digit yet
};
Spoken spoken_at(std::string_view text, std::size_t at);

constexpr bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; }

}  // namespace aybiza::privacy
