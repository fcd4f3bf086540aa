#include "codec/utf8.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {
using namespace std::string_view_literals;

void check_clean(std::string_view text, std::string_view expected) {
  Arena arena;
  EXPECT_EQ(clean_text(text, arena), expected);
}

TEST(Utf8, ControlCharactersGo) {
  check_clean("plain text of some length", "plain text of some length");
  check_clean("a\0b\x1f\x7f"sv, "ab");
  check_clean("two\nlines\r\nand\ta tab", "two lines and a tab");
  check_clean("next\xC2\x85line", "nextline");      // C1
  check_clean("caf\xC3\xA9 \xC2\xA0 \xC2\xB5", "caf\xC3\xA9 \xC2\xA0 \xC2\xB5");  // C2 that is no control stays
  check_clean("\0\0"sv, "");
}

TEST(Utf8, NeedsCleaningIsExactAtEveryPosition) {
  for (std::size_t at = 0; at < 20; ++at)
    for (unsigned c = 0; c < 256; ++c) {
      std::string text(20, 'x');
      text[at] = char(c);
      EXPECT_EQ(needs_cleaning(text), c < 0x20 || c == 0x7F || c == '\\' || c == 0xC2) << at << " " << c;
    }
}

TEST(Utf8, WellFormed) {
  EXPECT_TRUE(is_utf8("aé€😀"));
  for (const auto bad : {"\x80"sv, "\xC0\xAF"sv, "\xC3"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
                         "\xF8\x88\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv})
    EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace aybiza
