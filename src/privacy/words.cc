#include "privacy/words.h"

#include <array>
#include <bit>
#include <cstring>

#include "privacy/glyph.h"

namespace aybiza::privacy {

namespace {

static_assert(std::endian::native == std::endian::little, "the first letter is the lowest byte");

struct Listed {
  std::string_view word;
  WordSense sense;
};

constexpr WordSense number(Said said, int value) { return {said, std::uint8_t(value), Street::none}; }
constexpr WordSense street(Street kind) { return {Said::none, 0, kind}; }
constexpr WordSense filler = number(Said::filler, 0), strong = street(Street::strong), brief = street(Street::brief), weak = street(Street::weak), said = street(Street::said);

constexpr Listed listed[] = {
    {"zero", number(Said::digit, 0)},      {"oh", number(Said::digit, 0)},        {"o", number(Said::digit, 0)},
    {"nought", number(Said::digit, 0)},    {"naught", number(Said::digit, 0)},    {"one", number(Said::digit, 1)},
    {"two", number(Said::digit, 2)},       {"three", number(Said::digit, 3)},     {"four", number(Said::digit, 4)},
    {"five", number(Said::digit, 5)},      {"six", number(Said::digit, 6)},       {"seven", number(Said::digit, 7)},
    {"eight", number(Said::digit, 8)},     {"nine", number(Said::digit, 9)},      {"niner", number(Said::digit, 9)},
    {"double", number(Said::repeat, 2)},   {"triple", number(Said::repeat, 3)},   {"ten", number(Said::teen, 10)},
    {"eleven", number(Said::teen, 11)},    {"twelve", number(Said::teen, 12)},    {"thirteen", number(Said::teen, 13)},
    {"fourteen", number(Said::teen, 14)},  {"fifteen", number(Said::teen, 15)},   {"sixteen", number(Said::teen, 16)},
    {"seventeen", number(Said::teen, 17)}, {"eighteen", number(Said::teen, 18)},  {"nineteen", number(Said::teen, 19)},
    {"twenty", number(Said::tens, 20)},    {"thirty", number(Said::tens, 30)},    {"forty", number(Said::tens, 40)},
    {"fifty", number(Said::tens, 50)},     {"sixty", number(Said::tens, 60)},     {"seventy", number(Said::tens, 70)},
    {"eighty", number(Said::tens, 80)},    {"ninety", number(Said::tens, 90)},    {"hundred", number(Said::hundred, 0)},
    {"thousand", number(Said::thousand, 0)}, {"dash", filler}, {"hyphen", filler}, {"um", filler}, {"uh", filler}, {"er", filler},
    {"erm", filler}, {"then", filler},
    {"street", strong}, {"avenue", strong}, {"ave", strong}, {"road", strong}, {"rd", strong}, {"boulevard", strong}, {"blvd", strong},
    {"lane", strong}, {"parkway", strong}, {"pkwy", strong}, {"highway", strong}, {"hwy", strong}, {"terrace", strong},
    {"crescent", strong}, {"strasse", strong}, {"str", strong}, {"box", strong},
    {"st", brief}, {"ct", brief}, {"ln", brief}, {"cir", brief}, {"dr", brief},
    {"drive", weak}, {"way", weak}, {"place", weak}, {"pl", weak}, {"court", weak},
    {"square", weak}, {"sq", weak}, {"circle", weak}, {"trail", weak}, {"plaza", weak}, {"row", weak},
    {"live", said}, {"lives", said}, {"living", said}, {"reside", said}, {"resides", said}, {"address", said}, {"located", said},
};

constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;

// Eight letters and, of nine, the last one spread over all bits. Words longer than that are not asked for.
constexpr std::uint64_t key_of(std::uint64_t letters, std::size_t size, char last) {
  return size > 8 ? letters ^ (std::uint64_t(std::uint8_t(last)) * odd) : letters;
}

constexpr std::size_t slots = 512;
constexpr std::size_t slot_of(std::uint64_t key) { return std::size_t((key * odd) >> 55); }

struct Slot {
  std::uint64_t key = 0;
  WordSense sense;
};

constexpr std::array<Slot, slots> table = [] {
  std::array<Slot, slots> made{};
  for (const Listed& entry : listed) {
    std::uint64_t letters = 0;
    for (std::size_t i = 0; i < entry.word.size() && i < 8; ++i) letters |= std::uint64_t(std::uint8_t(entry.word[i])) << (8 * i);
    const std::uint64_t key = key_of(letters, entry.word.size(), entry.word.back());
    std::size_t at = slot_of(key);
    while (made[at].key != 0) at = (at + 1) % slots;
    made[at] = {key, entry.sense};
  }
  return made;
}();

std::uint64_t letters_at(std::string_view text, std::size_t at, std::size_t size) {
  constexpr std::uint64_t lower = 0x2020202020202020u;
  std::uint64_t letters = 0;
  if (at + 8 > text.size()) {
    for (std::size_t i = 0; i < size; ++i) letters |= std::uint64_t(std::uint8_t(text[at + i]) | 0x20u) << (8 * i);
    return letters;
  }
  std::memcpy(&letters, text.data() + at, 8);
  return size >= 8 ? letters | lower : (letters | lower) & ((std::uint64_t(1) << (8 * size)) - 1);
}

}  // namespace

WordSense sense_of(std::string_view text, std::size_t at, std::size_t size) {
  if (size > sense_bytes_max) return {};
  const std::uint64_t key = key_of(letters_at(text, at, size), size, char(text[at + size - 1] | 0x20));
  for (std::size_t slot = slot_of(key); table[slot].key != 0; slot = (slot + 1) % slots)
    if (table[slot].key == key) return table[slot].sense;
  return {};
}

Spoken spoken_at(std::string_view text, std::size_t at) {
  std::size_t size = 0;
  while (size <= sense_bytes_max && at + size < text.size() && is_ascii_letter(text[at + size])) ++size;
  if (size == 0 || size > sense_bytes_max) return {};
  const WordSense sense = sense_of(text, at, size);
  return sense.said == Said::none ? Spoken{} : Spoken{std::uint8_t(size), sense.said, sense.value};
}

}  // namespace aybiza::privacy
