#include <algorithm>

#include "privacy/glyph.h"
#include "privacy/numbers.h"
#include "privacy/tokenizer.h"

namespace aybiza {

namespace {

using namespace privacy;

constexpr std::size_t e164_digits_max = 15, shortest = 7;

// ITU-T E.164, list of assigned country codes: one digit, two digits, and three for all the rest.
std::string_view country_of(std::string_view digits) {
  constexpr std::string_view two[] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
                                      "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
                                      "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
  if (digits[0] == '1' || digits[0] == '7') return digits.substr(0, 1);
  return digits.substr(0, std::ranges::find(two, digits.substr(0, 2)) != std::end(two) ? 2 : 3);
}

PhoneNumber with_country(std::string digits) {
  std::string country(country_of(digits));
  return {std::move(digits), std::move(country)};
}

// The dialled part: without scheme, host, parameters and extension.
std::string_view dialled(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  for (const std::string_view scheme : {"tel:", "sip:", "sips:", "callto:", "whatsapp:"}) {
    if (text.size() < scheme.size()) continue;
    if (std::equal(scheme.begin(), scheme.end(), text.begin(), [](char a, char b) { return a == ascii_lower(b); }))
      text.remove_prefix(scheme.size());
  }
  return text.substr(0, text.find_first_of(";@?"));
}

}  // namespace

std::optional<PhoneNumber> parse_phone(std::string_view text, std::string_view default_country) {
  const std::string_view number = dialled(text);
  std::string digits;
  bool plus = false;
  for (std::size_t at = 0; at < number.size();) {
    const Glyph glyph = glyph_at(number, at);
    if (glyph.kind == Kind::digit) digits += char('0' + glyph.digit);
    else if (glyph.kind == Kind::plus && digits.empty() && !plus) plus = true;
    else if (glyph.kind == Kind::letter && !digits.empty() && (ascii_lower(number[at]) == 'x' || ascii_lower(number[at]) == 'e')) break;
    else if (glyph.kind == Kind::letter || glyph.kind == Kind::other || glyph.kind == Kind::plus || glyph.kind == Kind::at) return std::nullopt;
    at += glyph.bytes;
  }
  // "+44 (0)20 ...": the trunk zero in parentheses is not dialled from abroad.
  if (plus && number.find("(0)") != std::string_view::npos)
    if (const std::string_view country = digits.size() > 3 ? country_of(digits) : ""; !country.empty() && digits[country.size()] == '0')
      digits.erase(country.size(), 1);
  if (!plus && digits.starts_with("00") && digits.size() >= shortest + 2) {
    digits.erase(0, 2);
    plus = true;
  }
  if (digits.size() < shortest || digits.size() > e164_digits_max) return std::nullopt;
  if (plus && digits[0] != '0') return with_country(std::move(digits));
  if (default_country == "1" && digits.size() == 10 && digits[0] >= '2') return with_country("1" + digits);
  if (default_country == "1" && digits.size() == 11 && digits[0] == '1') return with_country(std::move(digits));
  if (!default_country.empty() && default_country != "1" && digits[0] == '0') return with_country(std::string(default_country) + digits.substr(1));
  if (digits.size() >= 11 && digits[0] != '0') return with_country(std::move(digits));  // E.164 whose '+' got lost
  return PhoneNumber{std::move(digits), "0"};
}

}  // namespace aybiza
