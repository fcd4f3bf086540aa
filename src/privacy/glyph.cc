#include "privacy/glyph.h"

namespace aybiza::privacy {

namespace {

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

}  // namespace

Glyph wide_glyph_at(std::string_view text, std::size_t at) {
  const CodePoint point = decode(text, at);
  if (point.value == 0) return {Kind::letter, 0, 1};
  for (const std::uint32_t start : digit_starts)
    if (point.value - start < 10) return {Kind::digit, std::uint8_t(point.value - start), point.bytes};
  if (point.value - 0x1D7CE < 50) return {Kind::digit, std::uint8_t((point.value - 0x1D7CE) % 10), point.bytes};
  return {kind_of(point.value), 0, point.bytes};
}

}  // namespace aybiza::privacy
