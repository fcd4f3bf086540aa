// One step through text as the detectors see it: a digit of any script, a separator, a letter, or something else.
//
// Shape    glyph_at() folds full-width and other Unicode spellings, so "４１１１" and "4111" look alike, and names zero-width
//          characters `ignorable` so that they cannot split a number.
// Errors   invalid UTF-8 is one byte of `letter`.
// Threads  pure functions.
// Source   Unicode 15, general category Nd (the scripts in living use).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace aybiza::privacy {

enum class Kind : std::uint8_t { other, letter, digit, space, dash, dot, paren, slash, comma, plus, at, ignorable };

struct Glyph {
  Kind kind = Kind::other;
  std::uint8_t digit = 0;
  std::uint8_t bytes = 1;
};

inline constexpr std::array<Kind, 128> ascii_kinds = [] {
  std::array<Kind, 128> kinds{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) kinds[c] = kinds[c - 32] = Kind::letter;
  for (std::size_t c = '0'; c <= '9'; ++c) kinds[c] = Kind::digit;
  kinds['_'] = Kind::letter;
  kinds[' '] = kinds['\t'] = kinds['\n'] = kinds['\r'] = Kind::space;
  kinds['-'] = Kind::dash;
  kinds['.'] = Kind::dot;
  kinds['('] = kinds[')'] = Kind::paren;
  kinds['/'] = Kind::slash;
  kinds[','] = Kind::comma;
  kinds['+'] = Kind::plus;
  kinds['@'] = Kind::at;
  return kinds;
}();

// REQUIRES: at < text.size(), and the byte there is not ASCII.
Glyph wide_glyph_at(std::string_view text, std::size_t at);

// REQUIRES: at < text.size().
inline Glyph glyph_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (std::uint8_t(c) >= 128) return wide_glyph_at(text, at);
  const Kind kind = ascii_kinds[std::uint8_t(c)];
  return {kind, std::uint8_t(kind == Kind::digit ? c - '0' : 0), 1};
}

constexpr bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; }

}  // namespace aybiza::privacy
