#include "privacy/numbers.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "privacy/glyph.h"
#include "privacy/run.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t context_bytes = 40;
constexpr unsigned phone_gaps = gap::space | gap::dash | gap::dot | gap::paren | gap::slash;

bool luhn(std::string_view digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto digit = unsigned(digits[digits.size() - 1 - i] - '0');
    sum += i % 2 == 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
  }
  return sum % 10 == 0;
}

bool is_year(const Group& group) {
  return group.length == 4 && (group.text().starts_with("19") || group.text().starts_with("20"));
}

// 2026-11-21, 21.11.2026, 11/21/2026
bool is_date(const Run& run, std::size_t at) {
  if (at + 3 > run.size) return false;
  const Group &a = run.groups[at], &b = run.groups[at + 1], &c = run.groups[at + 2];
  return (is_year(a) && b.length <= 2 && c.length <= 2) || (a.length <= 2 && b.length <= 2 && is_year(c));
}

bool is_ip(const Window& window) {
  if (window.size() != 4 || window.gaps != gap::dot) return false;
  for (std::size_t i = 0; i < 4; ++i)
    if (window[i].length > 3) return false;
  return true;
}

class Rules {
 public:
  Rules(std::string_view text, std::string_view context, std::vector<PiiSpan>& spans)
      : text_(text), context_(context), spans_(spans) {}

  void apply(const Run& run) {
    for (std::size_t at = 0; at < run.size; ++at) {
      card(run, at);
      if (run.groups[at].plus) international(run, at);
      if (is_date(run, at)) continue;
      zero_zero(run, at);
      north_american(run, at);
      trunk_zero(run, at);
      local(run, at);
      social_security(run, at);
      announced(run, at);
    }
    one_by_one(run);
  }

 private:
  void add(PiiClass pii, const Window& window) {
    spans_.push_back({pii, window[0].start, window.run->groups[window.last].end});
  }
  // The words before a group; the field's name counts as long as nothing else stands between.
  std::string before(const Group& group) const {
    const std::size_t from = group.start > context_bytes ? group.start - context_bytes : 0;
    std::string words;
    if (from == 0) words.append(context_.substr(context_.size() > context_bytes ? context_.size() - context_bytes : 0)).append(" ");
    return words.append(text_.substr(from, group.start - from));
  }
  static bool touches_word(const Window& window) {
    return window[0].word_before || window.run->groups[window.last].word_after;
  }

  // 13 to 19 digits, a major industry of banks (2-6), Luhn; solid, in groups of three and more, or in equal groups.
  void card(const Run& run, std::size_t at) {
    const char issuer = run.groups[at].length > 0 ? run.groups[at].digits[0] : '0';
    if (issuer < '2' || issuer > '6') return;
    bool wide = true, equal = true;  // of the groups before the last
    windows_from(run, at, 19, [&](const Window& window) {
      const Group& last = run.groups[window.last];
      equal = equal && last.length == window[0].length;
      if (window.digits >= 13 && (wide || equal) && window.only(gap::space | gap::dash | gap::dot | (window[0].length <= 2 ? gap::comma : 0u)) &&
          luhn(window.text()))
        add(PiiClass::card, window);
      wide = wide && last.length >= 3;
    });
  }

  // "+" makes a phone of 7 to 15 digits; "+1" ends after eleven.
  void international(const Run& run, std::size_t at) {
    if (run.groups[at].length == 0 || run.groups[at].digits[0] == '0') return;
    std::optional<Window> best;
    bool complete = false;
    windows_from(run, at, 15, [&](const Window& window) {
      if (complete || window.digits < 7 || !window.only(phone_gaps)) return;
      best = window;
      complete = window[0].digits[0] == '1' && window.digits == 11;
    });
    if (best) add(PiiClass::phone, *best);
  }

  void zero_zero(const Run& run, std::size_t at) {
    const std::string_view first = run.groups[at].text();
    if (!first.starts_with("00") || first.starts_with("000") || run.groups[at].word_before) return;
    std::optional<Window> best;
    windows_from(run, at, 17, [&](const Window& window) {
      if (window.digits >= 10 && window.only(phone_gaps)) best = window;
    });
    if (!best || (best->size() == 1 && (best->operator[](0).word_after || announces_other(before(run.groups[at]))))) return;
    add(PiiClass::phone, *best);
  }

  // (415) 555-0100, 1-415-555-0100, 415.555.0100, 4155550100. Solid digits may be something else.
  void north_american(const Run& run, std::size_t at) {
    windows_from(run, at, 11, [&](const Window& window) {
      if (window.digits < 10 || !window.only(phone_gaps) || window[0].money) return;
      const std::string digits = window.text();
      const std::string_view national = window.digits == 11 ? std::string_view(digits).substr(1) : digits;
      if ((window.digits == 11 && digits[0] != '1') || national[0] < '2' || national[3] < '2') return;
      if (window.size() == 1) {
        const bool fraction = at > 0 && window[0].gap == gap::dot;
        if (!fraction && !touches_word(window) && !announces_other(before(window[0]))) add(PiiClass::phone, window);
        return;
      }
      const std::size_t skip = window.digits == 11 && window[0].length == 1 ? 1 : 0;
      if (window[0].word_before) return;
      const auto length = [&](std::size_t i) { return skip + i < window.size() ? window[skip + i].length : 0; };
      const bool three = window.size() - skip == 3 && (length(0) == 3 || length(0) == 4) && length(1) == 3 && length(2) == 4;
      const bool two = window.size() - skip == 2 && (window.gaps & gap::dot) == 0 &&
                       ((length(0) == 3 && length(1) == 7) || (length(0) == 6 && length(1) == 4));
      const bool solid = window.size() - skip == 1;  // 1 4155550100
      if (three || two || solid) add(PiiClass::phone, window);
    });
  }

  // 030 1234567, 020 7946 0958, 06 12 34 56 78: a trunk zero and 9 to 12 digits.
  void trunk_zero(const Run& run, std::size_t at) {
    const Group& first = run.groups[at];
    if (first.length < 2 || first.digits[0] != '0' || first.digits[1] == '0' || first.word_before || first.money) return;
    std::optional<Window> best;
    windows_from(run, at, 12, [&](const Window& window) {
      const bool decimal = window.size() == 2 && window.gaps == gap::dot;
      if (window.digits >= 9 && window.only(phone_gaps) && !decimal) best = window;
    });
    if (!best || (best->size() == 1 && (touches_word(*best) || announces_other(before(first))))) return;
    add(PiiClass::phone, *best);
  }

  // 555-0100
  void local(const Run& run, std::size_t at) {
    if (at > 0 && run.groups[at].gap == gap::dash) return;  // the tail of something longer
    windows_from(run, at, 7, [&](const Window& window) {
      if (window.size() != 2 || window[0].length != 3 || window[1].length != 4 || window.gaps != gap::dash) return;
      if (window[0].digits[0] < '2' || touches_word(window) || window[0].money || announces_other(before(window[0]))) return;
      if (window.last + 1 < run.size && run.groups[window.last + 1].gap == gap::dash) return;
      add(PiiClass::phone, window);
    });
  }

  void social_security(const Run& run, std::size_t at) {
    windows_from(run, at, 9, [&](const Window& window) {
      if (window.size() != 3 || window[0].length != 3 || window[1].length != 2 || window[2].length != 4) return;
      if (window.gaps != gap::dash && window.gaps != gap::space) return;
      const std::string digits = window.text();
      const std::string_view view = digits;
      if (view.starts_with("000") || view.starts_with("666") || view[0] == '9' || view.substr(3, 2) == "00" ||
          view.substr(5) == "0000" || touches_word(window))
        return;
      static const RE2 announced_ssn("(?i)\\b(?:social|ssn)\\b");
      if (window.gaps == gap::space && !RE2::PartialMatch(before(window[0]), announced_ssn)) return;
      add(PiiClass::ssn, window);
    });
  }

  // "call me on 12 34 567": whatever its grouping, because somebody said so.
  void announced(const Run& run, std::size_t at) {
    const Group& first = run.groups[at];
    if (touches_or_follows(run, at)) return;
    std::optional<Window> best;
    bool stopped = false;
    windows_from(run, at, 15, [&](const Window& window) {
      stopped = stopped || (window.last > at && is_date(run, window.last));
      if (!stopped && window.digits >= 7 && window.only(phone_gaps) && !run.groups[window.last].word_after) best = window;
    });
    if (!best || is_ip(*best)) return;
    const std::string words = before(first);
    if (!announces_other(words) && announces_phone(words)) add(PiiClass::phone, *best);
  }
  static bool touches_or_follows(const Run& run, std::size_t at) {
    return run.groups[at].word_before || run.groups[at].money || (at > 0 && run.groups[at].gap != gap::space);
  }

  // "4 1 5 5 5 5 0 1 0 0", "four one five ...": seven or more digits named one at a time.
  void one_by_one(const Run& run) {
    const auto single = [&](std::size_t i) { return run.groups[i].length == 1 || run.groups[i].spoken; };
    for (std::size_t at = 0; at < run.size; ++at) {
      if (!single(at)) continue;
      Window window{.run = &run, .first = at};
      std::size_t end = at, spoken = 0;
      bool counting = true;  // one, two, three, ...
      for (; end < run.size && single(end); ++end) {
        spoken += run.groups[end].spoken;
        if (end > at) counting = counting && run.groups[end].digits[0] == run.groups[end - 1].digits[0] + 1;
      }
      if (spoken > 0 && end - at >= 3) {  // "four one five 555 0100"
        const std::size_t said = end - at;
        while (end < run.size && (single(end) || run.groups[end].length <= 4)) ++end;
        while (window.first > 0 && run.groups[window.first - 1].length <= 4) --window.first;
        counting = counting && end - window.first == said;
      }
      for (std::size_t i = window.first; i < end; ++i) window.digits += run.groups[i].length;
      window.last = end - 1;
      if (window.digits >= 7 && !counting) add(PiiClass::phone, window);
      at = end - 1;
    }
  }

  std::string_view text_, context_;
  std::vector<PiiSpan>& spans_;
};

bool is_uuid(std::string_view text) {
  if (text.size() < 36) return false;
  for (std::size_t i = 0; i < 36; ++i) {
    const char c = ascii_lower(text[i]);
    if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !is_ascii_digit(c) && (c < 'a' || c > 'f')) return false;
  }
  return text.size() == 36 || !(is_ascii_letter(text[36]) || is_ascii_digit(text[36]));
}

// Walks the text once and hands every run to the rules.
class Scanner {
 public:
  Scanner(std::string_view text, Rules& rules) : text_(text), rules_(rules) {}

  void scan(const std::vector<PiiSpan>& taken) {
    std::size_t skip = 0;
    for (std::size_t at = 0; at < text_.size();) {
      if (skip < taken.size() && at >= taken[skip].start) {
        flush();
        at = std::max<std::size_t>(at, taken[skip++].end);
        touching_ = false;
        continue;
      }
      at = step(at);
    }
    flush();
  }

 private:
  std::size_t step(std::size_t at) {
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

  std::size_t leave(std::size_t to, bool touching) {
    flush();
    touching_ = touching;
    return to;
  }

  std::size_t separator(std::size_t at, Glyph glyph, unsigned bit) {
    // "abc-123": the dash ties the digits to the word. A space unties.
    if (bit != gap::dash || !touching_) touching_ = false;
    if (run_.size > 0) touching_ = false;
    gap_ |= std::uint8_t(bit);
    if (glyph.kind == Kind::paren && !plus_) lead_ = at, has_lead_ = true;
    else if (glyph.kind != Kind::plus && glyph.kind != Kind::paren && !plus_) has_lead_ = false;
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

  std::size_t letters(std::size_t at, Glyph glyph) {
    const bool joined = touching_ || (run_.size > 0 && gap_glyphs_ == 0 && !run_.groups[run_.size - 1].spoken);
    if (!joined && is_ascii_letter(text_[at])) {
      if (is_uuid(text_.substr(at))) return leave(at + 36, true);
      if (const Spoken spoken = spoken_at(text_, at); spoken.bytes > 0) {
        const std::size_t end = at + spoken.bytes;
        const bool word_goes_on = end < text_.size() && glyph_at(text_, end).kind == Kind::letter;
        if (!word_goes_on) return say(at, spoken);
      }
    }
    if (run_.size > 0 && gap_glyphs_ == 0 && ascii_lower(text_[at]) != 'x') run_.groups[run_.size - 1].word_after = true;
    flush();
    touching_ = true;
    std::size_t end = at + glyph.bytes;
    while (end < text_.size() && is_ascii_letter(text_[end])) ++end;
    return end;
  }

  std::size_t say(std::size_t at, Spoken spoken) {
    const std::size_t end = at + spoken.bytes;
    if (spoken.repeat > 1) {
      repeat_ = spoken.repeat;
      if (!has_lead_) lead_ = at, has_lead_ = true;
      return end;
    }
    Group& group = open(at);
    group.spoken = true;
    for (unsigned i = 0; i < repeat_; ++i) group.digits[group.length++] = char('0' + spoken.digit);
    repeat_ = 1;
    close(end);
    return end;
  }

  std::size_t digits(std::size_t at) {
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
      group.spoken = true;
    }
    repeat_ = 1;
    close(end);
    return at;
  }

  Group& open(std::size_t at) {
    if (run_.size == Run::groups_max) {
      rules_.apply(run_);
      std::move(run_.groups.end() - Run::overlap, run_.groups.end(), run_.groups.begin());
      run_.size = Run::overlap;
    }
    Group& group = run_.groups[run_.size++];
    group = {};
    group.start = std::uint32_t(plus_ || has_lead_ ? lead_ : at);
    group.gap = gap_;
    group.plus = plus_;
    group.money = money_;
    group.word_before = touching_;
    return group;
  }

  void close(std::size_t end) {
    run_.groups[run_.size - 1].end = std::uint32_t(end);
    gap_ = 0;
    gap_glyphs_ = 0;
    plus_ = has_lead_ = money_ = touching_ = false;
  }

  void flush() {
    if (run_.size > 0) rules_.apply(run_);
    run_.size = 0;
    gap_ = 0;
    gap_glyphs_ = 0;
    plus_ = has_lead_ = money_ = false;
    repeat_ = 1;
  }

  std::string_view text_;
  Rules& rules_;
  Run run_;
  std::size_t lead_ = 0;  // where '+' or '(' before the next group stands
  unsigned gap_glyphs_ = 0, repeat_ = 1;
  std::uint8_t gap_ = 0;
  bool plus_ = false, has_lead_ = false, money_ = false;
  bool touching_ = false;  // a letter stands right before
};

std::string words_only(std::string_view before) {
  std::string lower(before);
  for (char& c : lower) c = c == '_' ? ' ' : ascii_lower(c);
  return lower;
}

}  // namespace

bool announces_phone(std::string_view before) {
  static const RE2 pattern(
      "\\b(?:phones?|telephone|call(?:er|ed|back|ing)?|mobile|cell(?:phone)?|tel|fax|reach(?:ed|able)?|text|dial|contact|whatsapp|number|"
      "phonenumber|callernumber)\\W+(?:\\w+\\W+){0,4}$");
  return RE2::PartialMatch(words_only(before), pattern);
}

bool announces_other(std::string_view before) {
  static const RE2 pattern(
      "(?:\\b(?:orders?|tracking|ticket|confirmation|reservation|booking|invoice|reference|ref|case|claim|serial|sku|isbn|"
      "item|part|flight|version|transaction|account|policy|duration|bytes|time|timestamp|offset)\\W+(?:\\w+\\W+){0,3}|#\\s*)$");
  return RE2::PartialMatch(words_only(before), pattern);
}

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

void find_numbers(std::string_view text, std::string_view context, const std::vector<PiiSpan>& taken,
                  std::vector<PiiSpan>& spans) {
  Rules rules(text, context, spans);
  Scanner(text, rules).scan(taken);
}

}  // namespace aybiza::privacy
