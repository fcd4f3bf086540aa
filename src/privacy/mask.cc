#include "privacy/mask.h"

#include <algorithm>

#include "privacy/addresses.h"
#include "privacy/glyph.h"
#include "privacy/numbers.h"

namespace aybiza {

namespace {

using namespace privacy;

constexpr std::size_t fewest_digits = 7;  // of anything we look for
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// Spans that touch become one: what two rules found together stays hidden together. Cards name the union.
void unite(std::vector<PiiSpan>& spans) {
  std::ranges::sort(spans, {}, [](const PiiSpan& span) { return std::pair(span.start, span.end); });
  std::size_t kept = 0;
  for (const PiiSpan& span : spans) {
    if (kept > 0 && span.start < spans[kept - 1].end) {
      PiiSpan& last = spans[kept - 1];
      const bool stronger = span.pii == PiiClass::card || (last.pii != PiiClass::card && span.end - span.start > last.end - last.start);
      if (stronger) last.pii = span.pii;
      last.end = std::max(last.end, span.end);
    } else {
      spans[kept++] = span;
    }
  }
  spans.resize(kept);
}

void append_masked(PiiClass pii, std::string_view found, std::string& out) {
  out += '[';
  out += to_string(pii);
  if (pii == PiiClass::phone || pii == PiiClass::card) {
    const std::string digits = digits_of(found);
    out += ':';
    out += ellipsis;
    out += std::string_view(digits).substr(digits.size() < 2 ? 0 : digits.size() - 2);
  }
  out += ']';
}

}  // namespace

std::string_view to_string(PiiClass value) {
  constexpr std::string_view names[] = {"phone", "email", "card", "iban", "ssn"};
  return names[std::size_t(value)];
}

bool may_hold_pii(std::string_view text) {
  std::size_t digits = 0;
  bool in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_ascii_letter(c)) {
      if (!in_word) {
        if (const Spoken spoken = spoken_at(text, at); spoken.bytes > 0 && ++digits + (spoken.repeat > 1) >= fewest_digits) return true;
        if (text.size() - at > 8 && (c | 0x20) == 'd' && (text[at + 1] | 0x20) == 'o' && (text[at + 2] | 0x20) == 't' && text[at + 3] == ' ')
          return true;  // "example dot com"
      }
      in_word = true;
      ++at;
      continue;
    }
    in_word = false;
    if (c == '@') return true;
    if (is_ascii_digit(c)) {
      if (++digits >= fewest_digits) return true;
      ++at;
    } else if (std::uint8_t(c) < 128) {
      ++at;
    } else {
      const Glyph glyph = glyph_at(text, at);
      if (glyph.kind == Kind::at || (glyph.kind == Kind::digit && ++digits >= fewest_digits)) return true;
      at += glyph.bytes;
    }
  }
  return false;
}

std::vector<PiiSpan> find_pii(std::string_view text, std::string_view context) {
  std::vector<PiiSpan> spans;
  if (!may_hold_pii(text)) return spans;
  find_emails(text, spans);
  find_ibans(text, spans);
  unite(spans);
  const std::vector<PiiSpan> taken = spans;
  find_numbers(text, context, taken, spans);
  unite(spans);
  return spans;
}

MaskReport mask_text(std::string_view text, std::string& out, std::string_view context) {
  MaskReport report;
  const std::vector<PiiSpan> found = find_pii(text, context);
  if (found.empty()) {
    out.assign(text);
    return report;
  }
  out.clear();
  std::size_t copied = 0;
  for (const PiiSpan& span : found) {
    out.append(text.substr(copied, span.start - copied));
    const auto start = std::uint32_t(out.size());
    append_masked(span.pii, text.substr(span.start, span.end - span.start), out);
    report.spans.push_back({span.pii, start, std::uint32_t(out.size())});
    ++report.counts[std::size_t(span.pii)];
    copied = span.end;
  }
  out.append(text.substr(copied));
  return report;
}

}  // namespace aybiza
