// The words that matter to masking: spoken digits and numbers, what people say between them, and kinds of streets.
//
// Shape    one table without collisions to speak of, looked up by the folded letters of a word; most words miss at once.
// Cost     about 2 ns a word.
// Threads  constant data; pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace aybiza::privacy {

enum class Said : std::uint8_t {
  none,
  digit,     // "seven", "oh"
  repeat,    // "double", "triple": the next digit so many times
  teen,      // "ten" to "nineteen": two digits
  tens,      // "twenty" to "ninety": two digits, the second may follow
  hundred,   // two zeros after a digit
  thousand,  // three
  filler,    // "dash", "um", "then": between digits, no end of them
};
// brief: "st", "ct" are streets too where nothing but the rest of an address follows; weak: "drive", "way" only where written like
// names, or where somebody says where they live. said: no street, but a word that says so.
enum class Street : std::uint8_t { none, strong, brief, weak, said };

struct WordSense {
  Said said = Said::none;
  std::uint8_t value = 0;
  Street street = Street::none;
};

inline constexpr std::size_t sense_bytes_max = 9;

// REQUIRES: text[at, at + size) are ASCII letters, size > 0.
WordSense sense_of(std::string_view text, std::size_t at, std::size_t size);

// The spoken number or filler that starts here and ends with the word. bytes = 0: none. REQUIRES: at < text.size().
struct Spoken {
  std::uint8_t bytes = 0;
  Said said = Said::none;
  std::uint8_t value = 0;
};
Spoken spoken_at(std::string_view text, std::size_t at);

}  // namespace aybiza::privacy
