#include "privacy/mask.h"

#include <algorithm>

#include "privacy/addresses.h"
#include "privacy/numbers.h"
#include "privacy/prescan.h"
#include "privacy/streets.h"

namespace aybiza {

namespace {

using namespace privacy;

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// Spans that touch become one: what two rules found together stays hidden together. Cards name the union.
void unite(std::vector<PiiSpan>& spans) {
  std::ranges::sort(spans, {}, [](const PiiSpan& span) { return std::pair(span.start, span.end); });
  std::size_t kept = 0;
  for (const PiiSpan& span : spans) {
    if (kept > 0 && span.start < spans[kept - 1].end) {
      PiiSpan& last = spans[kept - 1];
      const std::uint32_t found = span.end - span.start, held = last.end - last.start;
      const bool more = found > held || (found == held && span.pii == PiiClass::ssn);
      const bool stronger = span.pii == PiiClass::card || (last.pii != PiiClass::card && more);
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
  constexpr std::string_view names[] = {"phone", "email", "card", "iban", "ssn", "address"};
  return names[std::size_t(value)];
}

bool may_hold_pii(std::string_view text) { return prescan(text).any(); }

std::vector<PiiSpan> find_pii(std::string_view text, std::string_view context) {
  std::vector<PiiSpan> spans;
  const Signs signs = prescan(text);
  if (signs.email) find_emails(text, spans);
  if (signs.spoken_email) find_spoken_emails(text, spans);
  if (signs.iban) find_ibans(text, spans);
  if (signs.address) find_addresses(text, spans);
  if (!spans.empty()) unite(spans);
  if (signs.number) find_numbers(text, context, spans);
  if (spans.size() > 1) unite(spans);
  return spans;
}

MaskReport mask_text(std::string_view text, std::string& out, std::string_view context, PiiClasses classes) {
  MaskReport report;
  std::vector<PiiSpan> found = find_pii(text, context);
  if (classes != all_pii_classes) std::erase_if(found, [&](const PiiSpan& span) { return (classes & bit(span.pii)) == 0; });
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
