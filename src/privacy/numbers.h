// Phones, cards and social security numbers among the digits of a text.
//
// Shape    scan (scanner.h) -> runs of digit groups joined by separators -> rules over the groups of a run -> spans. Every
//          rule adds what it finds; spans that overlap become one, so no rule can hide digits from another.
// Cost     linear; a run is looked at in windows of at most 64 groups, and only if it has enough digits for any rule.
// Threads  pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "privacy/mask.h"

namespace aybiza::privacy {

inline constexpr std::size_t fewest_digits = 7;  // of anything we look for

// Appends to `spans`; `taken` spans (ascending) at its front are skipped.
void find_numbers(std::string_view text, std::string_view context, std::vector<PiiSpan>& spans);

// The digits of a span, spoken ones and those of other scripts as ASCII.
std::string digits_of(std::string_view text);

}  // namespace aybiza::privacy
