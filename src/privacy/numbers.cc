#include "privacy/numbers.h"

#include "privacy/glyph.h"
#include "privacy/rules.h"
#include "privacy/scanner.h"
#include "privacy/words.h"

namespace aybiza::privacy {

std::string digits_of(std::string_view text) {
  std::string digits;
  unsigned repeat = 1;
  bool tens = false;  // "twenty" was last, whose second digit may follow
  for (std::size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    const Spoken spoken = glyph.kind == Kind::letter ? spoken_at(text, at) : Spoken{};
    at += spoken.bytes > 0 ? spoken.bytes : glyph.bytes;
    if (glyph.kind == Kind::digit || spoken.said == Said::digit) {
      const char digit = char('0' + (glyph.kind == Kind::digit ? glyph.digit : spoken.value));
      if (tens && spoken.said == Said::digit && spoken.value != 0) digits.back() = digit;
      else digits.append(repeat, digit);
      repeat = 1;
      tens = false;
    }
    switch (spoken.said) {
      case Said::repeat: repeat = spoken.value; break;
      case Said::teen:
      case Said::tens: digits.append({char('0' + spoken.value / 10), char('0' + spoken.value % 10)}); break;
      case Said::hundred: digits.append("00"); break;
      case Said::thousand: digits.append("000"); break;
      default: break;
    }
    if (spoken.said != Said::none || (glyph.kind != Kind::space && glyph.kind != Kind::dash)) tens = spoken.said == Said::tens;
  }
  return digits;
}

void find_numbers(std::string_view text, std::string_view context, std::vector<PiiSpan>& spans) {
  const std::vector<PiiSpan>::size_type taken = spans.size();
  Rules rules(text, context, spans);
  Scanner scanner(text, rules);
  scanner.scan(spans, taken);
}

}  // namespace aybiza::privacy
