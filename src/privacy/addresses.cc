#include "privacy/addresses.h"

#include <algorithm>
#include <cstring>

#include "privacy/glyph.h"
#include "privacy/hosts.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t local_bytes = 64, domain_bytes = 255;
constexpr std::string_view wide_at = "\xEF\xBC\xA0";  // U+FF20

bool is_wide_at(std::string_view text, std::size_t at) { return text.substr(at, 3) == wide_at; }
bool in_local(char c) {
  return is_ascii_letter(c) || is_ascii_digit(c) || std::uint8_t(c) >= 128 || std::strchr("._%+-'", c) != nullptr;
}
bool in_domain(char c) {
  return is_ascii_letter(c) || is_ascii_digit(c) || std::uint8_t(c) >= 128 || c == '.' || c == '-';
}

// The address around the '@' at `at`, which is `width` bytes long.
void around(std::string_view text, std::size_t at, std::size_t width, std::vector<PiiSpan>& spans) {
  std::size_t start = at, end = at + width;
  while (start > 0 && at - start < local_bytes && text[start - 1] != '\0' && in_local(text[start - 1]) &&
         !(start >= 3 && is_wide_at(text, start - 3)))
    --start;
  while (start < at && (text[start] == '.' || text[start] == '\'')) ++start;
  const std::size_t domain = end;
  while (end < text.size() && end - domain < domain_bytes && in_domain(text[end]) && !is_wide_at(text, end)) ++end;
  while (end > domain && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  if (start == at) return;
  // "bob@example.com.2": give up labels from the right until the rest is a domain.
  while (end > domain) {
    if (is_domain(text.substr(domain, end - domain))) {
      spans.push_back({PiiClass::email, std::uint32_t(start), std::uint32_t(end)});
      return;
    }
    const std::size_t dot = text.substr(0, end).rfind('.');
    if (dot == std::string_view::npos || dot <= domain) return;
    end = dot;
  }
}

// Lengths by country, as in the registry.
constexpr std::string_view iban_lengths =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27"
    "GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28"
    "PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27SV28TL23TN24TR26UA29VA22VG24XK20";

std::size_t iban_length(char a, char b) {
  for (std::size_t i = 0; i + 4 <= iban_lengths.size(); i += 4)
    if (iban_lengths[i] == a && iban_lengths[i + 1] == b)
      return std::size_t(iban_lengths[i + 2] - '0') * 10 + std::size_t(iban_lengths[i + 3] - '0');
  return 0;
}

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }

bool mod97(std::string_view iban) {
  unsigned rest = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    rest = is_ascii_digit(c) ? rest * 10 + unsigned(c - '0') : rest * 100 + unsigned(c - 'A' + 10);
    rest %= 97;
  }
  return rest == 1;
}

// "GB 82 WEST …", "DE-89-3704 …"
bool is_apart(std::string_view text, std::size_t at) { return text[at + 2] == ' ' || text[at + 2] == '-'; }

// Any sentence may have two letters, a number and letters behind it ("at 12 noon we …"), and one in 97 has the check digits: where the
// country stands apart, what follows has to be digits but for as many letters as banks have.
constexpr std::ptrdiff_t letters_of_bank_max = 6;

}  // namespace

bool is_iban_start(std::string_view text, std::size_t at) {
  const auto letter = [&](std::size_t i) { return is_ascii_letter(text[i]); };
  const auto digit = [&](std::size_t i) { return is_ascii_digit(text[i]); };
  const std::size_t check = at + 2 + (is_apart(text, at) ? 1 : 0);
  if (!letter(at) || !letter(at + 1) || !digit(check) || !digit(check + 1) || (at > 0 && (letter(at - 1) || digit(at - 1)))) return false;
  return iban_length(upper(text[at]), upper(text[at + 1])) > 0;
}

void find_emails(std::string_view text, std::vector<PiiSpan>& spans) {
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) around(text, at, 1, spans);
  for (std::size_t at = text.find(wide_at); at != std::string_view::npos; at = text.find(wide_at, at + 1))
    around(text, at, wide_at.size(), spans);
}

void find_ibans(std::string_view text, std::vector<PiiSpan>& spans) {
  for (std::size_t at = 0; at + shortest_iban <= text.size(); ++at) {
    if (!is_iban_start(text, at)) continue;
    const std::size_t length = iban_length(upper(text[at]), upper(text[at + 1]));
    char iban[34];
    std::size_t held = 0, end = at;
    for (; end < text.size() && held < length; ++end) {
      const char c = text[end];
      if (is_ascii_letter(c) || is_ascii_digit(c)) iban[held++] = upper(c);
      else if (c != ' ' && c != '-') break;
    }
    if (held < length || !mod97({iban, length})) continue;
    if (is_apart(text, at) && std::count_if(iban + 4, iban + length, is_ascii_letter) > letters_of_bank_max) continue;
    spans.push_back({PiiClass::iban, std::uint32_t(at), std::uint32_t(end)});
    at = end;
  }
}

}  // namespace aybiza::privacy
