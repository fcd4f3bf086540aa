#include "privacy/glyph.h"

#include <array>

namespace aybiza::privacy {

namespace {

constexpr std::array<Kind, 128> ascii_kinds = [] {
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

// Where the ten digits of a script start.
constexpr std::uint32_t digit_starts[] = {0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6,
                                          0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10};

struct CodePoint {
  std::uint32_t value = 0;
  std::uint8_t bytes = 1;
};

CodePoint decode(std::string_view text, std::size_t at) {
  const auto lead = std::uint8_t(text[at]);
  const unsigned more = lead >= 0xF0 && lead < 0xF8 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
  if (more == 0 || lead >= 0xF8 || at + more >= text.size()) return {};
  std::uint32_t value = lead & (0x3Fu >> more);
  for (unsigned i = 1; i <= more; ++i) {
    const auto next = std::uint8_t(text[at + i]);
    if ((next & 0xC0) != 0x80) return {};
    value = value << 6 | (next & 0x3F);
  }
  return {value, std::uint8_t(more + 1)};
}

Kind kind_of(std::uint32_t c) {
  if (c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) return Kind::space;
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE63 || c == 0xFF0D) return Kind::dash;
  if (c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
      c == 0xFEFF || c == 0xFE0F || c == 0x20E3)
    return Kind::ignorable;
  switch (c) {
    case 0xB7: case 0x2022: case 0xFF0E: return Kind::dot;
    case 0xFF08: case 0xFF09: return Kind::paren;
    case 0xFF0F: return Kind::slash;
    case 0xFF0C: case 0x3001: return Kind::comma;
    case 0xFF0B: return Kind::plus;
    case 0xFF20: return Kind::at;
    case 0x20AC: case 0xA3: case 0xA5: return Kind::other;  // currency
    default: return c >= 0x2016 && c <= 0x206F ? Kind::other : Kind::letter;
  }
}

struct Word {
  std::string_view text;
  Spoken spoken;
};
constexpr Word words[] = {
    {"zero", {4, 0, 1}},  {"oh", {2, 0, 1}},    {"o", {1, 0, 1}},     {"one", {3, 1, 1}},    {"two", {3, 2, 1}},
    {"three", {5, 3, 1}}, {"four", {4, 4, 1}},  {"five", {4, 5, 1}},  {"six", {3, 6, 1}},    {"seven", {5, 7, 1}},
    {"eight", {5, 8, 1}}, {"nine", {4, 9, 1}},  {"niner", {5, 9, 1}}, {"double", {6, 0, 2}}, {"triple", {6, 0, 3}},
};

constexpr bool may_start_word(char c) {
  switch (ascii_lower(c)) {
    case 'z': case 'o': case 't': case 'f': case 's': case 'e': case 'n': case 'd': return true;
    default: return false;
  }
}

}  // namespace

Glyph glyph_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (std::uint8_t(c) < 128) {
    const Kind kind = ascii_kinds[std::uint8_t(c)];
    return {kind, std::uint8_t(kind == Kind::digit ? c - '0' : 0), 1};
  }
  const CodePoint point = decode(text, at);
  if (point.value == 0) return {Kind::letter, 0, 1};
  for (const std::uint32_t start : digit_starts)
    if (point.value - start < 10) return {Kind::digit, std::uint8_t(point.value - start), point.bytes};
  if (point.value - 0x1D7CE < 50) return {Kind::digit, std::uint8_t((point.value - 0x1D7CE) % 10), point.bytes};
  return {kind_of(point.value), 0, point.bytes};
}

Spoken spoken_at(std::string_view text, std::size_t at) {
  if (!may_start_word(text[at])) return {};
  std::size_t end = at;
  while (end < text.size() && end - at < 7 && is_ascii_letter(text[end])) ++end;
  const std::string_view found = text.substr(at, end - at);
  for (const Word& word : words) {
    if (word.text.size() != found.size() || word.text[0] != ascii_lower(found[0])) continue;
    std::size_t same = 1;
    while (same < found.size() && word.text[same] == ascii_lower(found[same])) ++same;
    if (same == found.size()) return word.spoken;
  }
  return {};
}

}  // namespace aybiza::privacy
