#include "privacy/prescan.h"

#include <array>

#include "privacy/addresses.h"
#include "privacy/glyph.h"
#include "privacy/numbers.h"
#include "privacy/scanner.h"
#include "privacy/words.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t shortest = 6;  // "a@b.co"
constexpr std::size_t uuid_bytes = 36, fewest_card_digits = 13;

enum class Byte : std::uint8_t { parts, joins, letter, digit, at, wide };

constexpr std::array<Byte, 256> bytes = [] {
  std::array<Byte, 256> kinds{};
  for (std::size_t c = 0; c < 128; ++c) {
    switch (ascii_kinds[c]) {
      case Kind::letter: kinds[c] = c == '_' ? Byte::parts : Byte::letter; break;
      case Kind::digit: kinds[c] = Byte::digit; break;
      case Kind::at: kinds[c] = Byte::at; break;
      case Kind::other: kinds[c] = Byte::parts; break;
      default: kinds[c] = Byte::joins; break;
    }
  }
  for (std::size_t c = 128; c < 256; ++c) kinds[c] = Byte::wide;
  return kinds;
}();

Byte byte_at(std::string_view text, std::size_t at) { return bytes[std::uint8_t(text[at])]; }

class Prescan {
 public:
  explicit Prescan(std::string_view text) : text_(text) {}

  Signs run() {
    std::size_t at = is_uuid(text_) ? uuid_bytes : 0;
    while (at < text_.size()) {
      switch (byte_at(text_, at)) {
        case Byte::letter: at = word(at); break;
        case Byte::digit: at = figures(at); break;
        case Byte::joins: ++at; break;
        case Byte::parts: end_run(), ++at; break;
        case Byte::at: signs_.email = signs_.spoken_email = true, end_run(), ++at; break;
        case Byte::wide: at = wide(at); break;
      }
    }
    return signs_;
  }

 private:
  void add(std::size_t digits) {
    digits_ += digits;
    // Figures that touch a word ("f9800-123-5") are no part of any number but a card, or one that is spoken.
    const std::size_t loose = digits_ - (spoken_ ? 0 : attached_);
    if (loose >= fewest_digits || digits_ >= fewest_card_digits) signs_.number = true;
  }
  void say(std::size_t digits) {
    spoken_ = true;
    add(digits);
  }
  void end_run() {
    digits_ = attached_ = 0;
    spoken_ = false;
  }

  std::size_t figures(std::size_t at) {
    std::size_t end = at + 1;
    while (end < text_.size() && byte_at(text_, end) == Byte::digit) ++end;
    if (digits_ == 0 && end - at >= 2 && touches_word(at)) attached_ = end - at;
    add(end - at);
    return end;
  }
  bool touches_word(std::size_t at) const {
    const std::size_t dash = at > 0 && text_[at - 1] == '-' ? 1 : 0;
    return at > dash && (byte_at(text_, at - dash - 1) == Byte::letter || text_[at - dash - 1] == '_');
  }

  std::size_t word(std::size_t at) {
    std::size_t end = at + 1;
    while (end < text_.size() && byte_at(text_, end) == Byte::letter) ++end;
    const std::size_t size = end - at;
    if (size == 2 && at + shortest_iban <= text_.size() && is_iban_start(text_, at)) signs_.iban = true;
    if (size == 3 && (text_[at] | 0x20) == 'd' && (text_[at + 1] | 0x20) == 'o' && (text_[at + 2] | 0x20) == 't') signs_.spoken_email = true;
    if (size == 2 && (text_[at] | 0x20) == 'a' && (text_[at + 1] | 0x20) == 't' && names_host(text_, end)) signs_.spoken_email = true;
    const WordSense sense = sense_of(text_, at, size);
    if (sense.street != Street::none || ends_as_street(at, end)) signs_.address = true;
    switch (sense.said) {
      case Said::none: end_run(); break;
      case Said::digit: say(1); break;
      case Said::repeat: say(sense.value - 1u); break;
      case Said::teen:
      case Said::tens:
      case Said::hundred: say(2); break;
      case Said::thousand: say(3); break;
      case Said::filler: break;
    }
    return end;
  }

  // "Hauptstr.", "Hauptstrasse", "Hauptstra" before a sharp s
  bool ends_as_street(std::size_t at, std::size_t end) const {
    if (end - at < 6) return false;
    const char last = text_[end - 1];
    const std::string_view word = text_.substr(at, end - at);
    return (last == 'r' && word.ends_with("str")) || (last == 'a' && word.ends_with("stra")) || (last == 'e' && word.ends_with("strasse"));
  }

  std::size_t wide(std::size_t at) {
    const Glyph glyph = wide_glyph_at(text_, at);
    if (glyph.kind == Kind::at) signs_.email = true;
    if (glyph.kind == Kind::digit) add(1);
    else if (glyph.kind == Kind::letter || glyph.kind == Kind::other || glyph.kind == Kind::at) end_run();
    return at + glyph.bytes;
  }

  std::string_view text_;
  Signs signs_;
  std::size_t digits_ = 0;    // since something that ends a run
  std::size_t attached_ = 0;  // of them, those that touch a word before
  bool spoken_ = false;       // and some are words
};

}  // namespace

Signs prescan(std::string_view text) { return text.size() < shortest ? Signs{} : Prescan(text).run(); }

}  // namespace aybiza::privacy
