#include "text/entities.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/word_set.h"
#include "text/append_number.h"

namespace aybiza {

namespace {

constexpr std::size_t number_words_max = 8;
constexpr std::string_view masked_classes[] = {"phone", "email", "card", "iban", "ssn", "address"};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr std::size_t letters_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_letter(text[at])) ++at;
  return at;
}

// A place in the text; reading moves it on only when what was asked for is there.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}
  std::size_t at() const { return at_; }
  bool more() const { return at_ < text_.size(); }
  char peek() const { return more() ? text_[at_] : '\0'; }

  void blanks() { while (peek() == ' ') ++at_; }
  bool sign(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  template <std::size_t Count>
  bool word(const WordSet<Count>& names) {
    const std::size_t end = letters_end(text_, at_);
    if (!names.contains(text_.substr(at_, end - at_))) return false;
    at_ = end;
    return true;
  }
  // Digits here, as many as there are: their value up to 9999 (more stays 10000) and how many.
  struct Number { unsigned value = 0, digits = 0; };
  Number number() {
    Number found;
    for (; is_digit(peek()); ++at_, ++found.digits) found.value = std::min(10'000u, found.value * 10 + unsigned(peek() - '0'));
    return found;
  }

 private:
  std::string_view text_;
  std::size_t at_;
};

constexpr WordSet months({"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
                          "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"});
constexpr WordSet weekdays({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"});
constexpr WordSet currencies({"dollar", "dollars", "bucks", "euro", "euros", "pound", "pounds", "cents", "rupees", "yen", "usd", "eur", "gbp"});
constexpr WordSet numbers({"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
                           "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty",
                           "seventy", "eighty", "ninety", "hundred", "thousand", "million"});
constexpr WordSet scales({"hundred", "thousand", "million", "billion", "k"});
constexpr WordSet ordinals({"st", "nd", "rd", "th"});
constexpr WordSet counted_nouns({"floor", "street", "avenue", "time", "century", "row", "grade", "place", "person", "one", "st", "ave", "edition"});
constexpr WordSet which({"next", "this", "last"});
constexpr WordSet near_days({"today", "tomorrow", "yesterday", "tonight"});
constexpr WordSet the_word({"the"}), and_word({"and"}), of_word({"of"});

bool currency_sign(Reader& reader) {
  return reader.sign("$") || reader.sign("\u20ac") || reader.sign("\u00a3") || reader.sign("\u00a5") || reader.sign("\u20b9");
}

// 1299, 1,299.00
bool figures(Reader& reader) {
  if (reader.number().digits == 0) return false;
  for (Reader next = reader; next.sign(",") || next.sign("."); reader = next)
    if (next.number().digits == 0) break;
  return true;
}
void scale(Reader& reader) {
  Reader next = reader;
  next.blanks();
  if (next.word(scales)) reader = next;
}

// "$1,299.00", "$2 million"; "20 dollars", "1.50 EUR"; "two hundred and ten dollars".
bool amount(Reader& reader) {
  Reader next = reader;
  if (currency_sign(next)) {
    next.blanks();
    if (!figures(next)) return false;
    scale(next);
  } else if (figures(next)) {
    scale(next);
    next.blanks();
    if (!next.word(currencies)) return false;
  } else {
    std::size_t words = 0;
    for (; words < number_words_max && (next.word(numbers) || (words > 0 && next.word(and_word))); ++words)
      if (!next.sign("-")) next.blanks();
    if (words == 0 || !next.word(currencies)) return false;
  }
  reader = next;
  return true;
}

bool year(Reader& reader) {
  Reader next = reader;
  next.sign(",");
  next.blanks();
  const auto found = next.number();
  if (found.digits != 4 || found.value < 1900 || found.value > 2100) return false;
  reader = next;
  return true;
}

// 2026-11-21, 11/21/2026, 21.11.26
bool numeric_date(Reader& reader) {
  Reader next = reader;
  const auto first = next.number();
  const char mark = next.peek();
  if ((mark != '-' && mark != '/' && mark != '.') || !next.sign({&mark, 1})) return false;
  const auto second = next.number();
  if (second.digits == 0 || second.digits > 2 || !next.sign({&mark, 1})) return false;
  const auto third = next.number();
  const bool year_first = first.digits == 4 && third.digits >= 1 && third.digits <= 2 && second.value <= 12 && third.value <= 31;
  const bool year_last = first.digits <= 2 && (third.digits == 4 || (third.digits == 2 && mark != '.')) && first.value <= 31 &&
                         second.value <= 31 && std::min(first.value, second.value) <= 12 && second.value > 0;
  const char after = next.peek();
  if ((!year_first && !year_last) || first.value == 0 || is_digit(after) || after == '-' || after == '/') return false;
  reader = next;
  return true;
}

// "4 March", "4th of March 2026", "the 9th"
bool day_first(Reader& reader) {
  Reader next = reader;
  const bool the = next.word(the_word);
  next.blanks();
  const auto day = next.number();
  if (day.digits == 0 || day.digits > 2 || day.value == 0 || day.value > 31) return false;
  const bool counted = next.word(ordinals);
  Reader named = next;
  named.blanks();
  if (named.word(of_word)) named.blanks();
  if (named.word(months)) {
    year(named);
    reader = named;
    return true;
  }
  if (!the || !counted || is_letter(next.peek())) return false;
  Reader noun = next;
  noun.blanks();
  if (noun.word(counted_nouns)) return false;
  reader = next;
  return true;
}

// "March 4th, 2026"
bool month_first(Reader& reader) {
  Reader next = reader;
  if (!next.word(months)) return false;
  next.sign(".");
  next.blanks();
  if (next.word(the_word)) next.blanks();
  const auto day = next.number();
  if (day.digits == 0 || day.digits > 2 || day.value == 0 || day.value > 31) return false;
  next.word(ordinals);
  year(next);
  reader = next;
  return true;
}

// "next Monday", "tomorrow"
bool named_day(Reader& reader) {
  Reader next = reader;
  if (next.word(which)) next.blanks();
  if (!next.word(weekdays)) {
    next = reader;
    if (!next.word(near_days)) return false;
  }
  if (is_letter(next.peek())) return false;
  reader = next;
  return true;
}

bool date(Reader& reader) { return numeric_date(reader) || day_first(reader) || month_first(reader) || named_day(reader); }

bool masked_form(Reader& reader, EntityClass& entity) {
  if (reader.peek() != '[') return false;
  for (std::size_t i = 0; i < std::size(masked_classes); ++i) {
    Reader next = reader;
    if (!next.sign("[") || !next.sign(masked_classes[i])) continue;
    if (next.sign(":\u2026")) next.number();
    if (!next.sign("]")) continue;
    entity = EntityClass(i);
    reader = next;
    return true;
  }
  return false;
}

// What an amount or a date may begin with: most words of a text are none of these.
constexpr WordSet openings(
    {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
     "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred",
     "thousand", "million", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
     "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "monday", "tuesday", "wednesday",
     "thursday", "friday", "saturday", "sunday", "next", "this", "last", "today", "tomorrow", "yesterday", "tonight"});

// REQUIRES: a letter at `at`.
bool may_open(std::string_view text, std::size_t at) {
  std::size_t end = letters_end(text, at);
  const std::string_view word = text.substr(at, end - at);
  if (word.size() == 3 && (text[at] | 0x20) == 't') {  // "the 9th", and not the many others; "two", "ten"
    while (end < text.size() && text[end] == ' ') ++end;
    if ((text[at + 1] | 0x20) == 'h') return end < text.size() && is_digit(text[end]);
  }
  return openings.may_contain(word);
}

bool begins(char c) { return c == '[' || c == '$' || is_digit(c) || is_letter(c) || c == '\xE2' || c == '\xC2'; }

}  // namespace

std::string_view to_string(EntityClass value) {
  constexpr std::string_view names[] = {"phone", "email", "card", "iban", "ssn", "address", "amount", "date"};
  return names[std::size_t(value)];
}

std::vector<TextEntity> entities_of(std::string_view masked) {
  std::vector<TextEntity> found;
  for (std::size_t at = 0; at < masked.size() && found.size() < entities_max;) {
    if (!begins(masked[at])) {
      ++at;
      continue;
    }
    Reader reader(masked, at);
    EntityClass entity = EntityClass::phone;
    const bool hopeless = is_letter(masked[at]) && !may_open(masked, at);
    const bool hit = !hopeless && (masked_form(reader, entity) || (amount(reader) && (entity = EntityClass::amount, true)) ||
                                   (date(reader) && (entity = EntityClass::date, true)));
    if (hit) {
      found.push_back({entity, std::uint32_t(at), std::uint32_t(reader.at())});
      at = reader.at();
    }
    // On to the next word: what stands within one ("v1.2.2026", "a4") is no amount and no date.
    const auto goes_on = [&] {
      const char c = masked[at];
      return is_letter(c) || is_digit(c) || c == '_' || ((c == '.' || c == ',' || c == '-' || c == '/' || c == ':') && at + 1 < masked.size() && is_digit(masked[at + 1]));
    };
    if (!hit && !is_letter(masked[at]) && !is_digit(masked[at])) ++at;
    else if (!hit) while (at < masked.size() && goes_on()) ++at;
  }
  return found;
}

namespace {

void append_json(std::string_view masked, bool texts, std::string& out) {
  const std::vector<TextEntity> found = entities_of(masked);
  if (found.empty()) return;
  out += '[';
  for (const TextEntity& entity : found) {
    if (out.back() != '[') out += ',';
    out += R"({"class":")";
    out += to_string(entity.entity);
    out += R"(","start":)";
    append_number(entity.start, out);
    out += R"(,"end":)";
    append_number(entity.end, out);
    if (texts) {  // nothing in them needs an escape: letters, digits, signs of money, separators and the ellipsis
      out += R"(,"text":")";
      out += masked.substr(entity.start, entity.end - entity.start);
      out += '"';
    }
    out += '}';
  }
  out += ']';
}

}  // namespace

void append_entities_json(std::string_view masked, std::string& out) { append_json(masked, true, out); }
void append_entity_classes_json(std::string_view masked, std::string& out) { append_json(masked, false, out); }

}  // namespace aybiza
