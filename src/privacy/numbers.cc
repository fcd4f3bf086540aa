#include "privacy/numbers.h"

#include "privacy/glyph.h"
#include "privacy/rules.h"
#include "privacy/scanner.h"

namespace aybiza::privacy {

std::string digits_of(std::string_view text) {
  std::string digits;
  unsigned repeat = 1;
  for (std::size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    if (glyph.kind == Kind::digit) {
      digits.append(repeat, char('0' + glyph.digit));
      repeat = 1;
    } else if (const Spoken spoken = spoken_at(text, at); spoken.bytes > 0) {
      if (spoken.repeat > 1) repeat = spoken.repeat;
      else digits.append(repeat, char('0' + spoken.digit)), repeat = 1;
      at += spoken.bytes;
      continue;
    }
    at += glyph.bytes;
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
