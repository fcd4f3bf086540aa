// Postal addresses in free text: "1339 Jacklin Road, Apt 4", "12 Elm St", "Hauptstr. 5", "P.O. Box 12".
//
// Shape    from every kind of street (words.h) back over its name to a house number, then on over unit, city, state and postal
//          code. A house number is figures, or two number words and more. A weak kind ("drive", "way") counts only where
//          it and its name are written like names, or where somebody says where they live; a brief one ("st") also where nothing
//          but the rest of an address follows. Where somebody says so ("i live at 1200 broadway") no kind is needed.
// Cost     asked only when the text has a word for a kind of street; linear.
// Threads  pure functions.
// Source   USPS Publication 28 (suffixes and units), the ones people say.
#pragma once

#include <string_view>
#include <vector>

#include "privacy/mask.h"

namespace aybiza::privacy {

void find_addresses(std::string_view text, std::vector<PiiSpan>& spans);

}  // namespace aybiza::privacy
