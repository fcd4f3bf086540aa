// What a text could hold, decided in one pass: what this denies, no detector finds.
//
// Shape    a table names the kind of each byte; a word is looked up once (words.h). A number
//          needs seven digits, written or spoken, with nothing but separators between them, as the scanner's runs do.
// Cost     1 to 2 ns a byte and no allocation; nearly all labels and turns end here.
// Threads  pure functions.
#pragma once

#include <string_view>

namespace aybiza::privacy {

struct Signs {
  bool email = false, spoken_email = false, iban = false, number = false, address = false;
  bool any() const { return email || spoken_email || iban || number || address; }
};

Signs prescan(std::string_view text);

}  // namespace aybiza::privacy
