#include "privacy/rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "privacy/announce.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t context_bytes = 40;  // read before a number, and of the context it came with
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

bool touches_word(const Window& window) {
  return window[0].word_before || window.run->groups[window.last].word_after;
}

unsigned value_of(const Group& group) {
  unsigned value = 0;
  for (const char c : group.text().substr(0, 6)) value = value * 10 + unsigned(c - '0');
  return value;
}

// "eight nine ten eleven", "twenty thirty forty": somebody counts.
bool is_series(const Window& window) {
  if (window.size() < 3) return false;
  const unsigned step = value_of(window[1]) - value_of(window[0]);
  for (std::size_t i = 2; i < window.size(); ++i)
    if (value_of(window[i]) - value_of(window[i - 1]) != step) return false;
  return step != 0;
}

// "five thousand two hundred twenty five"
bool is_amount(const Window& window) {
  return window.size() < 3 || (window.digits <= 9 && window[0].said && window[0].length == 4 && window[0].text().ends_with("000"));
}

// A pause: what stands before a group is more than a space or a dash.
bool pauses_before(const Group& group) { return (group.gap & ~unsigned(gap::space | gap::dash)) != 0; }

// "three thirty, four fifteen, ten oh five", "two hundred fifty, three hundred": pauses part it into times of day at fives
// or into amounts in hundreds; never some of each.
bool is_list(const Window& window) {
  std::size_t things = 0, amounts = 0;
  for (std::size_t at = 0; at < window.size(); ++things) {
    std::size_t end = at + 1;
    while (end < window.size() && !pauses_before(window[end])) ++end;
    const unsigned hour = value_of(window[at]);
    if (end - at <= 2 && window[at].said && window[at].length == 3 && hour % 100 == 0) {
      at = end, ++amounts;
      continue;
    }
    const bool plain = end - at == 2 && window[at + 1].length == 2, oh = end - at == 3 && value_of(window[at + 1]) == 0;
    if (hour < 1 || hour > 12 || (!plain && !oh)) return false;
    if (const unsigned minute = value_of(window[end - 1]); minute > 55 || minute % 5 != 0) return false;
    at = end;
  }
  return things > 1 && (amounts == 0 || amounts == things);
}

// Ten digits of North America or eleven with its 1, or as many with a trunk zero.
bool is_national(std::string_view digits) {
  if (digits.size() != 10 && digits.size() != 11) return false;
  if (digits[0] == '0') return digits[1] != '0';
  const std::string_view national = digits.substr(digits.size() - 10);
  return (digits.size() == 10 || digits[0] == '1') && national[0] >= '2' && national[3] >= '2';
}

// The digits of said groups where tens and the digit after them are two words of two parts, as in "two twenty, five fifty
// five" without the pause: at each of `ends` (a bit for each number of digits before), or nothing.
std::optional<Digits> taken_apart(const Window& window, unsigned ends) {
  Digits all;
  unsigned done = 0;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const std::string_view text = window[i].text();
    if (all.size + text.size() + 1 > Digits::digits_max) return std::nullopt;
    const unsigned end = window[i].merged ? ends & (1u << (all.size + 2)) : 0;
    for (std::size_t d = 0; d < text.size(); ++d) {
      if (d == 1 && end != 0) all.held[all.size++] = '0';
      all.held[all.size++] = text[d];
    }
    done |= end;
  }
  return done == ends ? std::optional(all) : std::nullopt;
}

bool says_national(const Window& window) {
  for (const unsigned skip : {0u, 1u})  // the 1 of North America
    for (const unsigned ends : {0u, 1u << 3, 1u << 6, 1u << 3 | 1u << 6})  // of area code and exchange
      if (const auto digits = taken_apart(window, ends << skip); digits && digits->size == 10 + skip && is_national(*digits)) return true;
  return false;
}

// "... seventy | seven ninety three fourteen": 4, 6 and 5 digits in pairs
bool says_amex(const Window& window) {
  if (window.digits != 14 || window[0].digits[0] != '3') return false;
  const auto digits = taken_apart(window, 1u << 10);
  return digits && luhn(*digits);
}

static bool touches_or_follows(const Run& run, std::size_t at) {
  return run.groups[at].word_before || run.groups[at].money || (at > 0 && (run.groups[at].gap & ~gap::word) != gap::space);
}

}  // namespace

void Rules::apply(const Run& run) {
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
  in_pairs(run);
}

void Rules::add(PiiClass pii, const Window& window) {
  spans_.push_back({pii, window[0].start, window.run->groups[window.last].end});
}

// What judge() says of the words before a group; the context they came with counts as long as nothing else stands between.
template <typename Judge>
bool Rules::said_before(const Group& group, Judge&& judge) const {
  const std::size_t from = group.start > context_bytes ? group.start - context_bytes : 0;
  const std::string_view words = text_.substr(from, group.start - from);
  if (from > 0 || context_.empty()) return judge(words);
  std::array<char, 2 * context_bytes + 1> both;
  const std::string_view context = context_.substr(context_.size() > context_bytes ? context_.size() - context_bytes : 0);
  char* end = std::ranges::copy(context, both.begin()).out;
  *end++ = ' ';
  end = std::ranges::copy(words, end).out;
  return judge(std::string_view(both.data(), std::size_t(end - both.data())));
}

// 13 to 19 digits, a major industry of banks (2-6), Luhn; solid, in groups of three and more, in equal groups, or said.
void Rules::card(const Run& run, std::size_t at) {
  const char issuer = run.groups[at].length > 0 ? run.groups[at].digits[0] : '0';
  if (issuer < '2' || issuer > '6') return;
  bool wide = true, equal = true;  // of the groups before the last
  bool said = true;
  windows_from(run, at, 19, [&](const Window& window) {
    const Group& last = run.groups[window.last];
    equal = equal && last.length == window[0].length;
    said = said && last.said;
    const unsigned gaps = gap::space | gap::dash | gap::dot | (said || window[0].length <= 2 ? gap::comma : 0u) | (said ? gap::word : 0u);
    if (window.digits >= 13 && (wide || equal || (said && !is_series(window))) && window.only(gaps) && (luhn(window.text()) || (said && says_amex(window))))
      add(PiiClass::card, window);
    wide = wide && last.length >= 3;
  });
}

// "+" makes a phone of 7 to 15 digits; "+1" ends after eleven.
void Rules::international(const Run& run, std::size_t at) {
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

void Rules::zero_zero(const Run& run, std::size_t at) {
  const std::string_view first = run.groups[at].text();
  if (!first.starts_with("00") || first.starts_with("000") || run.groups[at].word_before) return;
  std::optional<Window> best;
  windows_from(run, at, 17, [&](const Window& window) {
    if (window.digits >= 10 && window.only(phone_gaps)) best = window;
  });
  if (!best || (best->size() == 1 && (best->operator[](0).word_after || said_before(run.groups[at], announces_other)))) return;
  add(PiiClass::phone, *best);
}

// (415) 555-0100, 1-415-555-0100, 415.555.0100, 4155550100. Solid digits may be something else.
void Rules::north_american(const Run& run, std::size_t at) {
  windows_from(run, at, 11, [&](const Window& window) {
    if (window.digits < 10 || !window.only(phone_gaps) || window[0].money) return;
    const Digits held = window.text();
    const std::string_view digits = held, national = digits.substr(window.digits == 11 ? 1 : 0);
    if ((window.digits == 11 && digits[0] != '1') || national[0] < '2' || national[3] < '2') return;
    if (window.size() == 1) {
      const bool fraction = at > 0 && window[0].gap == gap::dot;
      if (!fraction && !touches_word(window) && !said_before(window[0], announces_other)) add(PiiClass::phone, window);
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
void Rules::trunk_zero(const Run& run, std::size_t at) {
  const Group& first = run.groups[at];
  if (first.length < 2 || first.digits[0] != '0' || first.digits[1] == '0' || first.word_before || first.money) return;
  std::optional<Window> best;
  windows_from(run, at, 12, [&](const Window& window) {
    const bool decimal = window.size() == 2 && window.gaps == gap::dot;
    if (window.digits >= 9 && window.only(phone_gaps) && !decimal) best = window;
  });
  if (!best || (best->size() == 1 && (touches_word(*best) || said_before(first, announces_other)))) return;
  add(PiiClass::phone, *best);
}

// 555-0100
void Rules::local(const Run& run, std::size_t at) {
  if (at > 0 && run.groups[at].gap == gap::dash) return;  // the tail of something longer
  windows_from(run, at, 7, [&](const Window& window) {
    if (window.size() != 2 || window[0].length != 3 || window[1].length != 4 || window.gaps != gap::dash) return;
    if (window[0].digits[0] < '2' || touches_word(window) || window[0].money || said_before(window[0], announces_other)) return;
    if (window.last + 1 < run.size && run.groups[window.last + 1].gap == gap::dash) return;
    add(PiiClass::phone, window);
  });
}

// 123-45-6789; with spaces or solid only where somebody said what it is.
void Rules::social_security(const Run& run, std::size_t at) {
  windows_from(run, at, 9, [&](const Window& window) {
    const bool solid = window.size() == 1;
    const bool parts = window.size() == 3 && window[0].length == 3 && window[1].length == 2 && window[2].length == 4;
    if (window.digits != 9 || (!solid && !parts) || !window.only(gap::dash | gap::space) || (window.gaps & (window.gaps - 1)) != 0) return;
    const Digits held = window.text();
    const std::string_view view = held;
    if (view.starts_with("000") || view.starts_with("666") || view[0] == '9' || view.substr(3, 2) == "00" ||
        view.substr(5) == "0000" || touches_word(window))
      return;
    if ((solid || window.gaps == gap::space) && !said_before(window[0], announces_social)) return;
    add(PiiClass::ssn, window);
  });
}

// "call me on 12 34 567": whatever its grouping, because somebody said so.
void Rules::announced(const Run& run, std::size_t at) {
  const Group& first = run.groups[at];
  if (touches_or_follows(run, at)) return;
  std::optional<Window> best;
  bool stopped = false;
  windows_from(run, at, 15, [&](const Window& window) {
    stopped = stopped || (window.last > at && is_date(run, window.last));
    if (!stopped && window.digits >= 7 && window.only(phone_gaps) && !run.groups[window.last].word_after) best = window;
  });
  if (!best || is_ip(*best)) return;
  if (said_before(first, [](std::string_view words) { return !announces_other(words) && announces_phone(words); })) add(PiiClass::phone, *best);
}

// "4 1 5 5 5 5 0 1 0 0", "four one five ...": seven or more digits named one at a time.
void Rules::one_by_one(const Run& run) {
  const auto single = [&](std::size_t i) { return run.groups[i].length == 1 || run.groups[i].spoken; };
  for (std::size_t at = 0; at < run.size; ++at) {
    if (!single(at)) continue;
    Window window{.run = &run, .first = at};
    std::size_t end = at, spoken = 0;
    for (; end < run.size && single(end); ++end) spoken += run.groups[end].spoken;
    if (spoken > 0 && end - at >= 3) {  // "four one five 555 0100"
      while (end < run.size && (single(end) || run.groups[end].length <= 4)) ++end;
      while (window.first > 0 && run.groups[window.first - 1].length <= 4) --window.first;
    }
    for (std::size_t i = window.first; i < end; ++i) window.digits += run.groups[i].length;
    window.last = end - 1;
    const bool social = window.digits == 9 && said_before(window[0], announces_social);
    const bool counting = is_series(window) && value_of(window[1]) == value_of(window[0]) + 1;
    if (window.digits >= 7 && (social || (!counting && !is_amount(window) && !is_list(window)))) add(social ? PiiClass::ssn : PiiClass::phone, window);
    at = end - 1;
  }
}

// "four fifteen five fifty five twenty six seventy one": words in pairs, from one pause or end to another.
void Rules::in_pairs(const Run& run) {
  for (std::size_t at = 0, end = 0; at < run.size; at = std::max(end, at + 1)) {
    bool pairs = false;
    for (end = at; end < run.size && run.groups[end].said; ++end) pairs = pairs || !run.groups[end].spoken;
    for (std::size_t first = at; pairs && first < end; ++first) {
      if (first > at && !pauses_before(run.groups[first])) continue;
      windows_from(run, first, 11, [&](const Window& window) {
        if (window.last >= end || window.digits < 8 || (window.last + 1 < end && !pauses_before(run.groups[window.last + 1]))) return;
        if (says_national(window) && !is_series(window) && !is_list(window) && !said_before(window[0], announces_other)) add(PiiClass::phone, window);
      });
    }
  }
}

}  // namespace aybiza::privacy
