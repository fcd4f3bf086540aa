// Phones, cards and social security numbers among the digits of a text.
//
// Shape    scan -> runs of digit groups joined by separators -> rules over the groups of a run -> spans. Every rule adds
//          what it finds; spans that overlap become one, so no rule can hide digits from another.
// Cost     linear; a run is looked at in windows of at most 64 groups.
// Threads  pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "privacy/mask.h"

namespace aybiza::privacy {

// Appends to `spans`; `taken` (ascending) is skipped.
void find_numbers(std::string_view text, std::string_view context, const std::vector<PiiSpan>& taken,
                  std::vector<PiiSpan>& spans);

// The digits of text in ASCII, whatever their script, spoken ones too.
std::string digits_of(std::string_view text);

// Whether the words at the end of `before` announce a phone number, or an order, ticket or other harmless number.
bool announces_phone(std::string_view before);
bool announces_other(std::string_view before);

}  // namespace aybiza::privacy
