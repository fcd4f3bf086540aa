// A whole number's digits at the end of a text, without a format to be read.
//
// Threads  pure.
#pragma once

#include <charconv>
#include <concepts>
#include <string>

namespace aybiza {

void append_number(std::integral auto value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace aybiza
