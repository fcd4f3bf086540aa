#include "privacy/scanner.h"

#include <algorithm>

#include "privacy/numbers.h"

namespace aybiza::privacy {

bool is_uuid(std::string_view text) {
  if (text.size() < 36 || text[8] != '-' || text[13] != '-') return false;
  for (std::size_t i = 0; i < 36; ++i) {
    const char c = ascii_lower(text[i]);
    if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !is_ascii_digit(c) && (c < 'a' || c > 'f')) return false;
  }
  return text.size() == 36 || !(is_ascii_letter(text[36]) || is_ascii_digit(text[36]));
}

void Scanner::scan(const std::vector<PiiSpan>& spans, std::size_t taken) {
  std::size_t skip = 0;
  for (std::size_t at = 0; at < text_.size();) {
    if (skip < taken && at >= spans[skip].start) {
      flush();
      at = std::max<std::size_t>(at, spans[skip++].end);
      touching_ = false;
      continue;
    }
    at = step(at);
  }
  flush();
}

std::size_t Scanner::step(std::size_t at) {
  const Glyph glyph = glyph_at(text_, at);
  switch (glyph.kind) {
    case Kind::digit:
      if (!touching_ && is_uuid(text_.substr(at))) return leave(at + 36, true);
      return digits(at);
    case Kind::letter: return letters(at, glyph);
    case Kind::ignorable: return at + glyph.bytes;
    case Kind::space: return separator(at, glyph, gap::space);
    case Kind::dash: return separator(at, glyph, gap::dash);
    case Kind::dot: return separator(at, glyph, gap::dot);
    case Kind::paren: return separator(at, glyph, gap::paren);
    case Kind::slash: return separator(at, glyph, gap::slash);
    case Kind::comma: return separator(at, glyph, gap::comma);
    case Kind::plus:
      plus_ = true;
      lead_ = at;
      return separator(at, glyph, 0);
    case Kind::at:
    case Kind::other: break;
  }
  const char c = text_[at];
  const bool money = c == '$' || std::uint8_t(c) >= 128;
  leave(at, false);
  money_ = money;
  return at + glyph.bytes;
}

std::size_t Scanner::leave(std::size_t to, bool touching) {
  flush();
  touching_ = touching;
  return to;
}

std::size_t Scanner::separator(std::size_t at, Glyph glyph, unsigned bit) {
  // "abc-123": the dash ties the digits to the word. A space unties.
  if (bit != gap::dash || !touching_) touching_ = false;
  if (run_.size > 0) touching_ = false;
  gap_ |= std::uint8_t(bit);
  if (glyph.kind == Kind::paren && !plus_) lead_ = at, has_lead_ = true;
  else if (glyph.kind != Kind::plus && glyph.kind != Kind::paren && !plus_ && repeat_ == 1) has_lead_ = false;
  if (++gap_glyphs_ > 4 && run_.size > 0) {
    const bool plus = plus_;
    const std::size_t lead = lead_;
    flush();
    plus_ = plus;
    lead_ = lead;
  }
  if (plus_ && at - lead_ > 8) plus_ = false;
  return at + glyph.bytes;
}

std::size_t Scanner::letters(std::size_t at, Glyph glyph) {
  const bool joined = touching_ || (run_.size > 0 && gap_glyphs_ == 0 && !run_.groups[run_.size - 1].spoken);
  if (!joined && is_ascii_letter(text_[at])) {
    if (is_uuid(text_.substr(at))) return leave(at + 36, true);
    if (const Spoken spoken = spoken_at(text_, at); spoken.bytes > 0) {
      const std::size_t end = at + spoken.bytes;
      const bool word_goes_on = end < text_.size() && glyph_at(text_, end).kind == Kind::letter;
      if (!word_goes_on && in_place(spoken)) return say(at, spoken);
    }
  }
  if (run_.size > 0 && gap_glyphs_ == 0 && ascii_lower(text_[at]) != 'x') run_.groups[run_.size - 1].word_after = true;
  flush();
  touching_ = true;
  std::size_t end = at + glyph.bytes;
  while (end < text_.size() && is_ascii_letter(text_[end])) ++end;
  return end;
}

// Whether the word here belongs to the number word before it: nothing but one space or dash between.
bool Scanner::follows_on() const {
  return run_.size > 0 && gap_glyphs_ == 1 && (gap_ & ~(gap::space | gap::dash)) == 0;
}

std::size_t Scanner::say(std::size_t at, Spoken spoken) {
  const std::size_t end = at + spoken.bytes;
  Group* last = follows_on() ? &run_.groups[run_.size - 1] : nullptr;
  switch (spoken.said) {
    case Said::repeat:
      repeat_ = spoken.value;
      if (!has_lead_) lead_ = at, has_lead_ = true;
      return end;
    case Said::filler:
      gap_ |= gap::word;
      has_lead_ = false;
      return end;
    case Said::hundred:
    case Said::thousand:
      for (unsigned i = spoken.said == Said::hundred ? 2 : 3; i > 0; --i) last->digits[last->length++] = '0';
      close(end);
      return end;
    case Said::digit:
      if (last == nullptr || !tens_ || spoken.value == 0) break;  // "twenty oh five" is 20 and 05
      last->digits[last->length - 1] = char('0' + spoken.value);
      last->merged = gap_ == gap::space;
      close(end);
      return end;
    default: break;
  }
  Group& group = open(at);
  group.said = true;
  if (spoken.said == Said::digit) {
    group.spoken = true;
    for (unsigned i = 0; i < repeat_; ++i) group.digits[group.length++] = char('0' + spoken.value);
  } else {
    group.digits[group.length++] = char('0' + spoken.value / 10);
    group.digits[group.length++] = char('0' + spoken.value % 10);
  }
  repeat_ = 1;
  close(end);
  tens_ = spoken.said == Said::tens;
  return end;
}

// Fillers and "hundred" mean something only within a number.
bool Scanner::in_place(Spoken spoken) const {
  if (spoken.said == Said::filler) return run_.size > 0 && gap_glyphs_ > 0;
  if (spoken.said != Said::hundred && spoken.said != Said::thousand) return true;
  if (!follows_on()) return false;
  const Group& last = run_.groups[run_.size - 1];
  return last.said && (last.length == 1 || (last.length == 2 && spoken.said == Said::hundred));  // "forty one hundred"
}

std::size_t Scanner::digits(std::size_t at) {
  Group& group = open(at);
  std::size_t end = at;
  while (at < text_.size()) {
    const Glyph glyph = glyph_at(text_, at);
    if (glyph.kind != Kind::digit && glyph.kind != Kind::ignorable) break;
    at += glyph.bytes;
    if (glyph.kind == Kind::ignorable) continue;
    if (group.length < group.digits.size()) group.digits[group.length] = char('0' + glyph.digit);
    ++group.length;
    end = at;
  }
  if (repeat_ > 1 && group.length == 1) {  // "double 5"
    for (unsigned i = 1; i < repeat_; ++i) group.digits[group.length++] = group.digits[0];
    group.spoken = group.said = true;
  }
  repeat_ = 1;
  close(end);
  return at;
}

Group& Scanner::open(std::size_t at) {
  if (run_.size == Run::groups_max) {
    rules_.apply(run_);
    std::move(run_.groups.end() - Run::overlap, run_.groups.end(), run_.groups.begin());
    run_.size = Run::overlap;
  }
  Group& group = run_.groups[run_.size++];
  group.start = std::uint32_t(plus_ || has_lead_ ? lead_ : at);
  group.length = 0;
  group.gap = gap_;
  group.plus = plus_;
  group.spoken = group.said = group.merged = false;
  group.money = money_;
  group.word_before = touching_;
  group.word_after = false;
  return group;
}

void Scanner::close(std::size_t end) {
  run_.groups[run_.size - 1].end = std::uint32_t(end);
  gap_ = 0;
  gap_glyphs_ = 0;
  plus_ = has_lead_ = money_ = touching_ = tens_ = false;
}

void Scanner::flush() {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < run_.size; ++i) digits += run_.groups[i].length;
  if (digits >= fewest_digits) rules_.apply(run_);
  run_.size = 0;
  gap_ = 0;
  gap_glyphs_ = 0;
  plus_ = has_lead_ = money_ = tens_ = false;
  repeat_ = 1;
}

}  // namespace aybiza::privacy
