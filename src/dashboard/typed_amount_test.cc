// What people type into a form that asks for money, in both notations.
#include "dashboard/typed_amount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dashboard/reasons.h"

namespace aybiza::dashboard {
namespace {

TEST(TypedAmount, IsReadAsItsLanguageWritesIt) {
  struct Case {
    std::string_view typed;
    std::int64_t en, de;  // cents; 0: refused
  };
  constexpr Case cases[] = {
      {"12", 1'200, 1'200},
      {"12.50", 1'250, 1'250},  // two digits behind a mark are cents wherever one is
      {"12,50", 1'250, 1'250},
      {"12,5", 1'250, 1'250},
      {" $12.50 ", 1'250, 1'250},
      {"12,50 $", 1'250, 1'250},
      {"12,50\u00a0$", 1'250, 1'250},
      {"USD 12.50", 1'250, 1'250},
      {"1,250", 125'000, 0},  // a thousand, or one and a quarter
      {"1.250", 0, 125'000},
      {"1,250.50", 125'050, 125'050},
      {"1.250,50", 125'050, 125'050},
      {"1.234.567", 123'456'700, 123'456'700},
      {"1\u202f234\u202f567,8", 123'456'780, 123'456'780},
      {"12 500", 1'250'000, 1'250'000},
      {"12'500.05", 1'250'005, 1'250'005},
      {"0.01", 1, 1},
      {"", 0, 0},
      {"0", 0, 0},
      {"-5", 0, 0},
      {"1e3", 0, 0},
      {"12.345", 0, 1'234'500},
      {"12.3456", 0, 0},
      {"1234,567", 0, 0},
      {"1,2,3", 0, 0},
      {"1,250,50", 0, 0},
      {"1.250 000", 0, 0},
      {"12,", 0, 0},
      {".50", 0, 0},
      {"12,50 EUR", 0, 0},
      {"zwölf", 0, 0},
      {"99999999999", 0, 0},
  };
  for (const Case& c : cases)
    for (const auto& [language, cents] : {std::pair("en", c.en), std::pair("de", c.de)}) {
      const auto got = cents_of_typed(c.typed, texts_of(language));
      EXPECT_EQ(got.value_or(0), cents) << c.typed << ", " << language;
    }
}

TEST(TypedAmount, ARefusalSaysHowItIsWritten) {
  const auto reason = [](std::string_view typed, std::string_view language) { return reason_of(texts_of(language), cents_of_typed(typed, texts_of(language)).error().message); };
  EXPECT_EQ(reason("1.250", "en"), "'1.250' is not a sum of USD; write it as 1250.50");
  EXPECT_EQ(reason("1,250", "de"), "„1,250“ ist kein Betrag in USD; schreiben Sie ihn wie 1250,50");
  EXPECT_THAT(reason("0", "de"), testing::StartsWith("„0“ ist kein Betrag in USD von 0,01 bis"));
  EXPECT_LT(reason(std::string(5'000, '7'), "en").size(), 200u);
}

// Whatever is typed is refused or is what was meant: the digits, and at most two of them cents.
TEST(TypedAmount, NoDigitIsLostOrMade) {
  std::uint64_t seed = 7;
  const auto next = [&seed](std::uint64_t below) { 
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  };
  constexpr std::string_view alphabet = "0123456789.,' ";
  std::size_t read = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string typed;
    for (std::uint64_t left = next(9) + 1; left > 0; --left) typed += alphabet[next(alphabet.size())];
    const auto cents = cents_of_typed(typed, texts_of(round % 2 ? "de" : "en"));
    if (!cents) continue;
    ++read;
    std::string digits, got = std::to_string(*cents);
    for (const char c : typed)
      if (c >= '0' && c <= '9') digits += c;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    const bool same = got == digits || got == digits + "0" || got == digits + "00";
    ASSERT_TRUE(same) << typed << " as " << got;
  }
  EXPECT_GT(read, 10'000u);
}

}  // namespace
}  // namespace aybiza::dashboard
