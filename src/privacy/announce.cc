#include "privacy/announce.h"

#include <charconv>
#include <cstdint>

#include "base/word_set.h"
#include "privacy/glyph.h"

namespace aybiza::privacy {

namespace {

constexpr WordSet phone_words({"phone", "phones", "telephone", "call", "caller", "called", "callback", "calling", "mobile", "cell", "cellphone",
                               "tel", "fax", "reach", "reached", "reachable", "text", "dial", "contact", "whatsapp", "number", "phonenumber",
                               "callernumber"});
constexpr WordSet other_words({"order", "orders", "tracking", "ticket", "confirmation", "reservation", "booking", "invoice", "reference", "ref",
                               "case", "claim", "serial", "sku", "isbn", "item", "part", "flight", "version", "transaction", "account", "policy",
                               "duration", "bytes", "time", "timestamp", "offset"});
constexpr WordSet social_words({"social", "ssn"});

// Names of JSON members, whole: "to" and "from" are no words that announce anything.
constexpr WordSet phone_members({"to", "from", "destination", "callee", "recipient", "transfer_to", "ani", "dnis", "msisdn", "e164"});
constexpr WordSet either_way({"to", "from"});  // a time too
constexpr std::size_t member_digits_min = 10, member_digits_max = 15;

constexpr bool in_word(char c) { return is_ascii_letter(c) || is_ascii_digit(c); }
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }

// Whether one of the last `reach` words of `before` is in `list`. Something must part the last one from what follows.
template <std::size_t Size>
bool among_last(std::string_view before, std::size_t reach, const WordSet<Size>& list) {
  std::size_t end = before.size();
  if (end == 0 || in_word(before[end - 1])) return false;
  for (; reach > 0; --reach) {
    while (end > 0 && !in_word(before[end - 1])) --end;
    if (end == 0) return false;
    std::size_t start = end;
    while (start > 0 && in_word(before[start - 1])) --start;
    if (list.contains(before.substr(start, end - start))) return true;
    end = start;
  }
  return false;
}

bool is_time(std::string_view digits) {
  // From 2000 to 2033: above it most are North American phones, whose area codes begin with 2 and more.
  constexpr std::uint64_t first = 946'684'800, last = 2'000'000'000;
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  for (const std::uint64_t unit : {1u, 1'000u, 1'000'000u})  // nanoseconds have more digits than any phone
    if (value >= first * unit && value < last * unit) return true;
  return false;
}

}  // namespace

bool announces_phone(std::string_view before) { return among_last(before, 5, phone_words); }

bool announces_other(std::string_view before) {
  if (among_last(before, 4, other_words)) return true;
  while (!before.empty() && is_blank(before.back())) before.remove_suffix(1);
  return before.ends_with('#');
}

bool announces_social(std::string_view before) { return among_last(before, before.size(), social_words); }

bool names_phone(std::string_view member, std::string_view digits) {
  if (digits.size() < member_digits_min || digits.size() > member_digits_max || !phone_members.contains(member)) return false;
  return !either_way.contains(member) || !is_time(digits);
}

}  // namespace aybiza::privacy
