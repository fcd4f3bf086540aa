#include "text/search_words.h"

namespace aybiza {
namespace {

struct CodePoint {
  char32_t value = 0;     // 0: no UTF-8
  std::size_t bytes = 1;
};

CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xC2 && first < 0xE0 ? 2 : 0;
  if (bytes == 0 || at + bytes > text.size()) return {};
  char32_t value = first & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(at + i) & 0x3F);
  }
  return {value, bytes};
}

bool is_sign(char32_t c) { return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF); }

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7) return false;
  const bool punctuation = (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x303F) || (c >= 0xFE10 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF20) ||
                           (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0xE000 && c <= 0xF8FF) || c == 0x60C || c == 0x61B || c == 0x61F || c == 0x964;
  return !punctuation;
}

// By the blocks where a capital and its letter are a fixed distance apart.
char32_t lowered(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  const bool even_is_capital = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481) || (c >= 0x1E00 && c <= 0x1EFF);
  const bool odd_is_capital = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if ((even_is_capital && c % 2 == 0) || (odd_is_capital && c % 2 == 1)) return c + 1;
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | c >> 6);
    out += char(0x80 | (c & 0x3F));
  } else {
    if (c >= 0x10000) out += char(0xF0 | c >> 18);
    out += c >= 0x10000 ? char(0x80 | (c >> 12 & 0x3F)) : char(0xE0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  }
}

// The capital that lowered() makes `c` of.
char32_t raised(char32_t c) {
  for (const char32_t distance : {32u, 80u, 1u})
    if (c > distance && lowered(c - distance) == c) return c - distance;
  return c;
}

}  // namespace

std::vector<std::string> traces_of(std::string_view word) {
  if (word.starts_with('[')) return {std::string(word.substr(0, word.size() - 1)) + ":"};
  std::string_view longest;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t end = at;
    while (end < word.size() && static_cast<unsigned char>(word[end]) < 0x80) ++end;
    if (end - at > longest.size()) longest = word.substr(at, end - at);
    at = end + 1;
  }
  if (!longest.empty()) return {std::string(longest)};
  std::string capital, capitals;
  for (std::size_t at = 0; at < word.size();) {
    const CodePoint next = code_point(word, at);
    append_utf8(capital, at == 0 ? raised(next.value) : next.value);
    append_utf8(capitals, raised(next.value));
    at += next.bytes;
  }
  std::vector<std::string> out{std::string(word)};
  for (const std::string& spelling : {capital, capitals})
    if (spelling != out.front() && spelling != out.back()) out.push_back(spelling);
  return out;
}

void SearchWords::close(std::size_t end) {
  if (!open_) return;
  open_ = false;
  Place& last = words_.back();
  last.end = std::uint32_t(end);
  last.size = std::uint32_t(folded_.size()) - last.at;
}

// "[phone:~34]": letters, a colon, and no other bracket before the closing one.
void SearchWords::take_masked(std::string_view text, std::size_t& at) {
  constexpr std::size_t longest = 80;
  std::size_t colon = at + 1;
  while (colon < text.size() && ((text[colon] >= 'a' && text[colon] <= 'z') || text[colon] == '_')) ++colon;
  const std::size_t end = text.substr(0, std::min(text.size(), at + longest)).find_first_of("[]", at + 1);
  if (colon == at + 1 || colon >= text.size() || text[colon] != ':' || end == text.npos || text[end] != ']' || end < colon) {
    ++at;
    return;
  }
  const auto start = std::uint32_t(folded_.size());
  folded_.append(text.substr(at, colon - at)).append("]");
  words_.push_back({std::uint32_t(at), std::uint32_t(end + 1), start, std::uint32_t(folded_.size()) - start});
  at = end + 1;
}

void SearchWords::read(std::string_view text) {
  folded_.clear();
  words_.clear();
  open_ = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint next = code_point(text, at);
    const bool within = open_ && (next.value == '\'' || next.value == 0x2019);
    if (within) {  // a letter must follow, else it closes
      const CodePoint after = at + next.bytes < text.size() ? code_point(text, at + next.bytes) : CodePoint{};
      if (!is_letter(after.value) || is_sign(after.value)) close(at);
      at += next.bytes;
      continue;
    }
    if (!is_letter(next.value)) {
      close(at);
      if (words_.size() == words_max) return;
      if (next.value == '[') take_masked(text, at);
      else at += next.bytes;
      continue;
    }
    const bool sign = is_sign(next.value);
    if (sign) close(at);
    if (!open_) {
      if (words_.size() == words_max) return;
      words_.push_back({std::uint32_t(at), 0, std::uint32_t(folded_.size()), 0});
      open_ = true;
    }
    append_utf8(folded_, lowered(next.value));
    at += next.bytes;
    if (sign) close(at);
  }
  close(text.size());
}

}  // namespace aybiza
