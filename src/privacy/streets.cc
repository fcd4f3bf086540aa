#include "privacy/streets.h"

#include <algorithm>
#include <array>

#include "privacy/glyph.h"
#include "privacy/words.h"

namespace aybiza::privacy {

namespace {

using Names = std::initializer_list<std::string_view>;

constexpr std::size_t name_words_max = 4, plain_name_words_max = 2;  // of a street's name, and of one in small letters
constexpr std::size_t house_digits_max = 6, house_words_min = 2, word_bytes_max = 16;

constexpr bool in_token(char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '\'' || std::uint8_t(c) >= 128; }
constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

struct Piece {
  std::size_t start = 0, end = 0;
  bool empty() const { return start == end; }
};

bool is(std::string_view word, Names names) {
  if (word.size() > word_bytes_max) return false;
  std::array<char, word_bytes_max> lower;
  std::ranges::transform(word, lower.begin(), ascii_lower);
  return std::ranges::find(names, std::string_view(lower.data(), word.size())) != names.end();
}

// What stands between a number and the word "road" when no address is meant.
bool is_ordinary(std::string_view word) {
  return is(word, {"a", "an", "the", "of", "to", "for", "from", "in", "on", "at", "and", "or", "by", "is", "are", "was", "minute", "minutes",
                   "min", "mins", "hour", "hours", "mile", "miles", "mi", "km", "meters", "feet", "block", "blocks", "day", "days", "week",
                   "weeks", "person", "people", "down", "up", "off", "with", "my", "your", "his", "her", "their", "this", "that", "other",
                   "more", "next", "long", "star", "stars", "lane", "per", "percent", "am", "pm", "please", "ticket", "tickets", "room",
                   "rooms", "night", "nights", "table", "adult", "adults", "kids", "bus", "stop", "stops", "bedroom", "dollar", "dollars",
                   "bucks", "degrees", "times", "years", "months", "parking", "different", "i", "it", "we", "you", "there", "away",
                   "now", "today", "tonight", "tomorrow", "then", "but", "when", "if", "so", "not", "as", "because", "has", "have", "which", "already"});
}

class AddressReader {
 public:
  AddressReader(std::string_view text, std::vector<PiiSpan>& spans) : text_(text), spans_(spans) {}

  void run() {
    for (std::size_t at = 0; at < text_.size();) {
      if (!is_ascii_letter(text_[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < text_.size() && is_ascii_letter(text_[end])) ++end;
      const Piece kind{at, end};
      at = std::max(end, street(kind));
    }
  }

 private:
  std::string_view view(Piece piece) const { return text_.substr(piece.start, piece.end - piece.start); }

  // The end of the address this kind of street is part of, or 0.
  std::size_t street(Piece kind) {
    if (const std::size_t end = german(kind); end > 0) return end;
    const WordSense sense = kind.end - kind.start <= sense_bytes_max ? sense_of(text_, kind.start, kind.end - kind.start) : WordSense{};
    if (sense.street == Street::none || goes_on(kind.end)) return 0;
    if (is(view(kind), {"box"})) return box(kind);
    if (sense.street == Street::said) return house_after(kind);
    std::size_t start = house_before(kind, sense.street != Street::strong);
    if (start == std::string_view::npos && sense.street != Street::strong) {
      start = house_before(kind, false, true);
      if (start == std::string_view::npos || !(is_said_before(start) || (sense.street == Street::brief && ends_address(kind.end)))) return 0;
    }
    if (start == std::string_view::npos) return 0;
    const std::size_t end = rest_after(kind.end);
    add(start, end);
    return end;
  }

  // "i live at 1200 broadway apt 3", "my address is 45 maple, springfield 62704": a number and a name behind who says it.
  std::size_t house_after(Piece said) {
    const bool address = is(view(said), {"address"});
    Piece word = word_at(blanks(said.end));
    if (word.start < text_.size() && text_[word.start] == ':') word = word_at(blanks(word.start + 1));
    if (address ? is(view(word), {"is"}) : is(view(word), {"at"})) word = word_at(blanks(word.end));
    else if (!address || text_[said.end] != ':') return 0;
    if (is(view(word), {"at"})) word = word_at(blanks(word.end));
    if (!is_house(word) || is_ordinal(view(word))) return 0;
    const std::size_t start = word.start;
    std::size_t end = 0;
    bool capitals = true;
    for (std::size_t names = 0; names < name_words_max; ++names) {
      if (word.end >= text_.size() || text_[word.end] != ' ') break;
      const Piece next = word_at(word.end + 1);
      if (next.empty() || !is_ascii_letter(text_[next.start]) || is_ordinary(view(next)) || is_unit(view(next))) break;
      const WordSense sense = next.end - next.start <= sense_bytes_max && all_letters(next) ? sense_of(text_, next.start, next.end - next.start) : WordSense{};
      if (sense.said != Said::none || (names == 0 && view(next).size() < 3)) break;
      word = next;
      capitals = capitals && is_capital(text_[next.start]);
      const bool street = sense.street != Street::none && sense.street != Street::said;
      if (capitals || street || names < plain_name_words_max) end = next.end;  // of more words in small letters only those before a street
      if (street) break;
    }
    if (end == 0) return 0;
    end = rest_after(end);
    add(start, end);
    return end;
  }
  bool all_letters(Piece piece) const { return std::ranges::all_of(view(piece), is_ascii_letter); }
  static bool is_unit(std::string_view word) { return is(word, {"apt", "apartment", "unit", "suite", "ste"}); }

  // Whether a few words before it somebody says where they live.
  bool is_said_before(std::size_t at) const {
    for (std::size_t words = 0; words < 3; ++words) {
      const Piece word = token_before(at);
      if (word.empty()) return false;
      if (all_letters(word) && word.end - word.start <= sense_bytes_max && sense_of(text_, word.start, word.end - word.start).street == Street::said) return true;
      at = word.start;
    }
    return false;
  }
  // Nothing, a sign, a unit, a postal code or a word that goes on about something else.
  bool ends_address(std::size_t at) const {
    if (at < text_.size() && text_[at] == '.') ++at;
    if (at >= text_.size() || text_[at] != ' ') return true;
    const Piece next = word_at(at + 1);
    return next.empty() || is_ascii_digit(text_[next.start]) || is_unit(view(next)) || is_ordinary(view(next)) || place_after(at) > at;
  }

  void add(std::size_t start, std::size_t end) { spans_.push_back({PiiClass::address, std::uint32_t(start), std::uint32_t(end)}); }
  bool goes_on(std::size_t at) const { return at < text_.size() && (in_token(text_[at]) || text_[at] == '_'); }

  // The word before `at` with only spaces (and the dot of "N.") between; empty: none.
  Piece token_before(std::size_t at) const {
    std::size_t end = at;
    while (end > 0 && text_[end - 1] == ' ') --end;
    if (end == at) return {};
    if (end > 0 && text_[end - 1] == '.') --end;
    std::size_t start = end;
    while (start > 0 && in_token(text_[start - 1])) --start;
    return {start, end};
  }

  // 12, 12B, 12-14; not 5th, not $12, not the end of a date.
  bool is_house(Piece piece) const {
    const std::string_view word = view(piece);
    std::size_t digits = 0;
    while (digits < word.size() && is_ascii_digit(word[digits])) ++digits;
    if (digits == 0 || digits > house_digits_max || word.size() > digits + 1) return false;
    if (word.size() == digits + 1 && !is_ascii_letter(word[digits])) return false;
    const char before = piece.start > 0 ? text_[piece.start - 1] : ' ';
    return before == ' ' || before == '(' || before == '"' || before == ',' || before == ':' || before == '#' || before == '\n';
  }
  bool is_ordinal(std::string_view word) const {
    return word.size() >= 3 && is_ascii_digit(word[0]) && is(word.substr(word.size() - 2), {"st", "nd", "rd", "th"});
  }

  // Where the house number before this kind of street starts; npos: it is no address.
  std::size_t house_before(Piece kind, bool like_names, bool figures = false) const {
    const bool named = is_capital(text_[kind.start]);
    if (like_names && !named) return std::string_view::npos;
    std::size_t plain = 0;
    std::size_t at = kind.start;
    for (std::size_t names = 0; names <= name_words_max; ++names) {
      const Piece token = token_before(at);
      if (token.empty()) return std::string_view::npos;
      const std::string_view word = view(token);
      if (names > 0 && is_house(token)) return token.start;
      if (names > 0)
        if (const std::size_t spoken = spoken_house(token); spoken != std::string_view::npos) return like_names || figures ? std::string_view::npos : spoken;
      const bool capital = is_capital(word[0]) || std::uint8_t(word[0]) >= 128 || is_ordinal(word);
      if ((is_ascii_digit(word[0]) && !is_ordinal(word)) || is_ordinary(word) || (like_names && !capital)) return std::string_view::npos;
      plain += !capital;
      if (plain > plain_name_words_max) return std::string_view::npos;
      at = token.start;
    }
    return std::string_view::npos;
  }

  // "twelve thirty four" that ends with this word: where it starts.
  std::size_t spoken_house(Piece last) const {
    std::size_t words = 0, start = std::string_view::npos;
    for (Piece token = last; !token.empty(); token = token_before(start)) {
      const Said said = is_ascii_letter(text_[token.start]) ? spoken_at(text_, token.start).said : Said::none;
      if (said == Said::none || said == Said::filler || said == Said::repeat) break;
      ++words;
      start = token.start;
    }
    return words >= house_words_min ? start : std::string_view::npos;
  }

  // "P.O. Box 12", "PO box 12"
  std::size_t box(Piece kind) {
    const Piece token = token_before(kind.start);
    if (token.empty()) return 0;
    std::size_t start = token.start;
    if (is(view(token), {"o"}) && start >= 2 && (text_.substr(start - 2, 2) == "P." || text_.substr(start - 2, 2) == "p.")) start -= 2;
    else if (!is(view(token), {"po"})) return 0;
    std::size_t end = kind.end;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '#')) ++end;
    const std::size_t number = end;
    while (end < text_.size() && is_ascii_digit(text_[end])) ++end;
    if (end == number) return 0;
    end = place_after(end);
    add(start, end);
    return end;
  }

  // "Hauptstrasse 12", "Hauptstr. 12b", "Hauptstraße 12"
  std::size_t german(Piece word) {
    const std::string_view letters = view(word);
    std::size_t end = word.end;
    const bool sharp = letters.size() >= 6 && letters.ends_with("stra") && text_.substr(end).starts_with("\u00dfe");
    if (sharp) end += 3;
    else if (letters.size() >= 6 && letters.ends_with("str") && text_.substr(end).starts_with('.')) end += 1;
    else if (letters.size() < 10 || !letters.ends_with("strasse")) return 0;
    if (!text_.substr(end).starts_with(' ')) return 0;
    const std::size_t number = ++end;
    while (end < text_.size() && end - number < 4 && is_ascii_digit(text_[end])) ++end;
    if (end == number) return 0;
    if (end < text_.size() && is_ascii_letter(text_[end])) ++end;
    if (goes_on(end)) return 0;
    std::size_t start = word.start;
    while (start > 0 && in_token(text_[start - 1])) --start;
    add(start, end);
    return end;
  }

  std::size_t blanks(std::size_t at) const {
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == ',')) ++at;
    return at;
  }
  Piece word_at(std::size_t at) const {
    std::size_t end = at;
    while (end < text_.size() && in_token(text_[end])) ++end;
    return {at, end};
  }

  // Direction and unit, then the place.
  std::size_t rest_after(std::size_t at) const {
    std::size_t end = at;
    if (end < text_.size() && text_[end] == '.' && at + 1 < text_.size() && (text_[at + 1] == ' ' || text_[at + 1] == ',')) {
      const Piece next = word_at(blanks(at + 1));
      if (!next.empty() && (is_ascii_digit(text_[next.start]) || is(view(next), {"apt", "suite", "ste", "unit"}) || text_[at + 1] == ',')) ++end;
    }
    if (const Piece next = word_at(blanks(end)); is(view(next), {"n", "s", "e", "w", "nw", "ne", "sw", "se", "north", "south", "east", "west"}) &&
                                                  (is_capital(text_[next.start]) || next.end - next.start > 2))
      end = next.end;
    std::size_t number = blanks(end);
    bool unit = number < text_.size() && text_[number] == '#';
    if (unit) number = blanks(number + 1);
    else if (const Piece next = word_at(number); is_unit(view(next))) {
      unit = true;
      number = next.end;
      while (number < text_.size() && (text_[number] == ' ' || text_[number] == '.' || text_[number] == '#')) ++number;
    }
    if (const Piece value = word_at(number); unit && !value.empty() && value.end - value.start <= 5) end = value.end;
    return place_after(end);
  }

  // ", San Francisco, CA 94103": only as far as a state or postal code bears it out.
  std::size_t place_after(std::size_t at) const {
    std::size_t end = at, next = at;
    bool small = false;
    for (std::size_t words = 0; words < 4; ++words) {
      const std::size_t from = blanks(next);
      const Piece word = word_at(from);
      if (from == next || word.empty()) break;
      const std::string_view found = view(word);
      const bool code = found.size() == 5 && std::ranges::all_of(found, is_ascii_digit);
      const bool state = found.size() == 2 && is_capital(found[0]) && is_capital(found[1]) && words > 0;
      if (code) return zip_plus(word.end);
      if (state && !small) end = word.end;
      if (!is_capital(found[0])) {  // in small letters only what leads to a postal code
        const bool state_like = found.size() == 2 && words > 0;  // "springfield or 97477"
        if (!is_ascii_letter(found[0]) || (is_ordinary(found) && !state_like)) break;
        small = true;
      }
      next = word.end;
    }
    return end;
  }
  // 94103-1234
  std::size_t zip_plus(std::size_t at) const {
    if (at + 5 > text_.size() || text_[at] != '-') return at;
    return std::ranges::all_of(text_.substr(at + 1, 4), is_ascii_digit) && (at + 5 == text_.size() || !is_ascii_digit(text_[at + 5])) ? at + 5 : at;
  }

  std::string_view text_;
  std::vector<PiiSpan>& spans_;
};

}  // namespace

void find_addresses(std::string_view text, std::vector<PiiSpan>& spans) { AddressReader(text, spans).run(); }

}  // namespace aybiza::privacy
