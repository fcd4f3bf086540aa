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

void check_cut(std::string_view text, std::size_t bytes, std::string_view expected) { EXPECT_EQ(cut_text(text, bytes), expected) << text; }

TEST(Utf8, NothingPersonalIsCutInTwo) {
  check_cut("short 4539 1488", 15, "short 4539 1488");
  check_cut("plain words all over", 12, "plain words ");
  check_cut("plain words all over", 14, "plain words al");
  check_cut("caf\xC3\xA9", 4, "caf");
  check_cut("my card is 4539 1488 0343 6467", 20, "my card is");
  check_cut("my card is 4539 1488 0343 6467", 21, "my card is");
  check_cut("my card is 4539148803436467", 20, "my card is");
  check_cut("write to jane.canary@example.com", 14, "write to");  // the address begins before the cut and shows after it
  check_cut("write to jane.canary@example.com now", 30, "write to");
  check_cut(std::string(300, 'v'), 256, std::string(256, 'v'));
  check_cut(std::string(300, '7'), 256, std::string(192, '7'));
  check_cut("4539148803436467", 8, "");
  check_cut("", 0, "");
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
