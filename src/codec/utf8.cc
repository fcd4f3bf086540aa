#include "codec/utf8.h"

#include <cstdint>
#include <cstring>

namespace aybiza {
namespace {

constexpr std::uint64_t ones = 0x0101'0101'0101'0101u, highs = ones * 0x80;

constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - ones) & ~word & highs; }  // exact as a whole
constexpr std::uint64_t has(std::uint64_t word, unsigned char c) { return zero_bytes(word ^ (ones * c)); }
constexpr std::uint64_t below_space(std::uint64_t word) { return (word - ones * 0x20) & ~word & highs; }

bool suspicious(unsigned char c) { return c < 0x20 || c == 0x7F || c == '\\' || c == 0xC2; }

unsigned char byte(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }
bool continues(std::string_view text, std::size_t at) { return at < text.size() && (byte(text, at) & 0xC0) == 0x80; }

}  // namespace

std::size_t utf8_sequence(std::string_view text, std::size_t at) {
  const unsigned char lead = byte(text, at);
  if (lead < 0xC2 || lead > 0xF4 || !continues(text, at + 1)) return 0;  // C0, C1: overlong; F5..: above U+10FFFF
  if (lead < 0xE0) return 2;
  const unsigned char second = byte(text, at + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;  // overlong, surrogates
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  if (!continues(text, at + 2)) return 0;
  if (lead < 0xF0) return 3;
  return continues(text, at + 3) ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (byte(text, at) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_sequence(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool needs_cleaning(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto look = [](const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    return has(word, '\\') | has(word, 0x7F) | has(word, 0xC2) | below_space(word);
  };
  if (text.size() >= 8) {
    std::uint64_t found = 0;
    for (; end - at > 8; at += 8) found |= look(at);
    return (found | look(end - 8)) != 0;  // the last word overlaps the one before
  }
  for (; at != end; ++at)
    if (suspicious(static_cast<unsigned char>(*at))) return true;
  return false;
}

std::string_view cut_text(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  constexpr std::size_t reach = 64;  // longer than any number, and than what stands before the @ of an address
  const auto personal = [](std::string_view word) { return word.find_first_of("0123456789@") != std::string_view::npos; };
  const std::size_t floor = bytes > reach ? bytes - reach : 0;
  std::size_t at = bytes;
  std::size_t end = std::min(text.find(' ', bytes), std::min(text.size(), bytes + reach));  // of the word that is cut
  while (at > floor) {
    std::size_t start = at;
    while (start > floor && text[start - 1] != ' ') --start;
    if (!personal(text.substr(start, end - start))) break;
    at = start;
    while (at > floor && text[at - 1] == ' ') --at;
    end = at;
  }
  while (at > 0 && (byte(text, at) & 0xC0) == 0x80) --at;
  return text.substr(0, at);
}

std::string_view clean_text(std::string_view text, Arena& arena) {
  if (!needs_cleaning(text)) return text;
  char* const out = arena.allocate(text.size());
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const unsigned char c = byte(text, at);
    if (c == '\t' || c == '\n' || c == '\r') {
      if (size > 0 && out[size - 1] != ' ') out[size++] = ' ';
    } else if (c < 0x20 || c == 0x7F) {
      continue;
    } else if (c == 0xC2 && continues(text, at + 1) && byte(text, at + 1) < 0xA0) {
      ++at;
    } else {
      out[size++] = text[at];
    }
  }
  arena.shrink(text.size() - size);
  return {out, size};
}

}  // namespace aybiza
