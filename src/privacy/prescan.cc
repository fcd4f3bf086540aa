#include "privacy/prescan.h"

#include <array>

#include "privacy/addresses.h"
#include "privacy/glyph.h"
#include "privacy/numbers.h"
#include "privacy/scanner.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t shortest = 6;  // "a@b.co"
constexpr std::size_t uuid_bytes = 36;

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
        case Byte::digit: add(1), ++at; break;
        case Byte::joins: ++at; break;
        case Byte::parts: digits_ = 0, ++at; break;
        case Byte::at: signs_.email = true, digits_ = 0, ++at; break;
        case Byte::wide: at = wide(at); break;
      }
    }
    return signs_;
  }

 private:
  void add(std::size_t digits) {
    digits_ += digits;
    if (digits_ >= fewest_digits) signs_.number = true;
  }

  std::size_t word(std::size_t at) {
    std::size_t end = at + 1;
    while (end < text_.size() && byte_at(text_, end) == Byte::letter) ++end;
    const std::size_t size = end - at;
    if (size == 2 && at + shortest_iban <= text_.size() && is_iban_start(text_, at)) signs_.iban = true;
    if (size == 3 && (text_[at] | 0x20) == 'd' && (text_[at + 1] | 0x20) == 'o' && (text_[at + 2] | 0x20) == 't') signs_.spoken_email = true;
    const Spoken spoken = size <= 6 ? spoken_at(text_, at) : Spoken{};
    if (spoken.bytes == 0) digits_ = 0;
    else add(spoken.repeat > 1 ? spoken.repeat - 1u : 1u);
    return end;
  }

  std::size_t wide(std::size_t at) {
    const Glyph glyph = wide_glyph_at(text_, at);
    if (glyph.kind == Kind::at) signs_.email = true;
    if (glyph.kind == Kind::digit) add(1);
    else if (glyph.kind == Kind::letter || glyph.kind == Kind::other || glyph.kind == Kind::at) digits_ = 0;
    return at + glyph.bytes;
  }

  std::string_view text_;
  Signs signs_;
  std::size_t digits_ = 0;  // since something that ends a run
};

}  // namespace

Signs prescan(std::string_view text) { return text.size() < shortest ? Signs{} : Prescan(text).run(); }

}  // namespace aybiza::privacy
