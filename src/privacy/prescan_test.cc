#include "privacy/prescan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "privacy/addresses.h"
#include "privacy/numbers.h"
#include "privacy/streets.h"

namespace aybiza::privacy {
namespace {

using Finder = void (*)(std::string_view, std::vector<PiiSpan>&);

std::size_t found_by(Finder find, std::string_view text) {
  std::vector<PiiSpan> spans;
  find(text, spans);
  return spans.size();
}
void numbers(std::string_view text, std::vector<PiiSpan>& spans) { find_numbers(text, "phone", spans); }

// The rival: every detector, asked of every text.
void check(std::string_view text) {
  const Signs signs = prescan(text);
  EXPECT_TRUE(signs.email || found_by(find_emails, text) == 0) << text;
  EXPECT_TRUE(signs.spoken_email || found_by(find_spoken_emails, text) == 0) << text;
  EXPECT_TRUE(signs.iban || found_by(find_ibans, text) == 0) << text;
  EXPECT_TRUE(signs.address || found_by(find_addresses, text) == 0) << text;
  EXPECT_TRUE(signs.number || found_by(numbers, text) == 0) << text;
}

TEST(Prescan, denies_nothing_that_a_detector_finds) {
  constexpr std::string_view parts[] = {
      "415", "555", "0100", " ", "-", ".", "(", ")", "+", "4111 1111 1111 1111", "one", "two ", "oh ", "double ", "triple five ", "fifty ",
      "fifty-five ", "twelve ", "hundred ", "eight hundred ", "dash ", " um ", "@", "example.com", "a@b.co", " dot ", " at ", "com",
      "call me at ", "social ", "#", "/", ",", "$", "\u20ac", "\u0661", "\uff20", "\uff0b", "\u200b", "\u00a0", "DE89370400440532013000",
      "GB82WEST12345698765432", "de89", "123-45-6789", "_", "x", "f", "a-", "7", "00", "2026", ":", "12 Elm Street", "Hauptstr. 5",
      "Hauptstra\u00dfe 5", "PO Box 12", "12 ", "Oak Way", "550e8400-e29b-41d4-a716-446655440000", "\xff", "\xc3"};
  std::mt19937_64 random(17);
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (std::size_t left = 1 + random() % 12; left > 0; --left) {
      if (random() % 8 == 0) text += char(random() % 256);
      else text += parts[random() % std::size(parts)];
      if (random() % 3 == 0) text += ' ';
    }
    check(text);
  }
}

TEST(Prescan, lets_ordinary_text_pass) {
  for (const std::string_view text :
       {"I would like two tickets for 7 pm on the 9th", "sim7-19aa41f9800-123-5", "550e8400-e29b-41d4-a716-446655440000",
        "4bf92f3577b34da6a3ce929d0e0e4736", "agent-00012", "us-east", "claude-sonnet-4-5", "2.1", "", "Aya 12", "on 11/21 at 10:30",
        "autumn-renewal", "customer-5", "deepgram"})
    EXPECT_FALSE(prescan(text).any()) << text;
}

}  // namespace
}  // namespace aybiza::privacy
