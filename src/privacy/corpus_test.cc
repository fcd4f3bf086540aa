// What callers and agents say, with what must be hidden and what must survive, one line each.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "privacy/mask.h"

namespace aybiza {
namespace {

struct Line {
  std::string_view text, expected;  // "~" stands for the ellipsis; an empty expectation for no change
};

constexpr Line phones[] = {
    {"my number is four one five, five five five, oh one double zero", "my number is [phone:~00]"},
    {"it's four one five dash five five five dash oh one two three", "it's [phone:~23]"},
    {"eight hundred five five five twelve thirty four", "[phone:~34]"},
    {"one eight hundred, five five five, oh one nine nine", "[phone:~99]"},
    {"four one five, um, five five five, uh, twenty-two thirty three", "[phone:~33]"},
    {"triple five double seven oh nine", "[phone:~09]"},
    {"nine one seven double five five oh one oh two thanks", "[phone:~02] thanks"},
    {"oh two oh seven nine four six oh nine five eight", "[phone:~58]"},
    {"call 4 1 5, 5 5 5, 0 1 2 2", "call [phone:~22]"},
    {"double 5 5 one two 3 4 5", "[phone:~45]"},
    {"eight hundred, five fifty five, twelve thirty", "[phone:~30]"},
    {"oh six twelve thirty four fifty six seventy eight", "[phone:~78]"},
    {"text me on 07700 900123", "text me on [phone:~23]"},
    {"ring +44 7700 900123 or 0044 7700 900124", "ring [phone:~23] or [phone:~24]"},
};

constexpr Line cards[] = {
    {"it's 5500 0000 0000 0004 and the code is 123", "it's [card:~04] and the code is 123"},
    {"four two four two, four two four two, four two four two, four two four two", "[card:~42]"},
    {"forty-two forty-two forty-two forty-two forty-two forty-two forty-two forty-two", "[card:~42]"},
    {"3782-822463-10005", "[card:~05]"},
    {"6011111111111117.", "[card:~17]."},
};

constexpr Line ibans[] = {
    {"FR14 2004 1010 0505 0001 3M02 606", "[iban]"},
    {"iban: NL91ABNA0417164300", "iban: [iban]"},
    {"pay to CH93-0076-2011-6238-5295-7 today", "pay to [iban] today"},
    {"NO9386011117947", "[iban]"},
    {"IBAN GB 82 WEST 12345698765432", "IBAN [iban]"},
    {"it's de 89 3704 0044 0532 0130 00.", "it's [iban]."},
    {"FR-14-20041010050500013M02606", "[iban]"},
    {"at 40 people came to the meeting", ""},  // has Austria's length, and its check digits are right
    {"NL92ABNA0417164300", ""},  // the check digits say no
    {"DE12 is the model, 3456 the size", ""},
};

constexpr Line numbers_of_persons[] = {
    {"my social is 123 45 6789", "my social is [ssn]"},
    {"social security number 123456789", "social security number [ssn]"},
    {"my social is one two three, four five, six seven eight nine", "my social is [ssn]"},
    {"SSN 078-05-1120", "SSN [ssn]"},
    {"000-12-3456", ""},
    {"666-12-3456", ""},
};

constexpr Line places[] = {
    {"I live at 1339 Jacklin Road, Milpitas", "I live at [address], Milpitas"},
    {"send it to 221B Baker Street please", "send it to [address] please"},
    {"12 Elm St.", "[address]."},
    {"350 5th Ave, Apt 4B, New York, NY 10118", "[address]"},
    {"it's 1600 Pennsylvania Avenue NW, Washington, DC 20500.", "it's [address]."},
    {"twelve thirty four main street", "[address]"},
    {"45 north main street apartment 7", "[address]"},
    {"2855 Stevens Creek Blvd #2100", "[address]"},
    {"77 Massachusetts Ave. Suite 3, Cambridge, MA 02139-4307", "[address]"},
    {"10 Downing Street", "[address]"},
    {"88 Sunset Drive", "[address]"},
    {"P.O. Box 1234", "[address]"},
    {"PO box 77, Reno, NV 89501", "[address]"},
    {"Hauptstr. 12b in Berlin", "[address] in Berlin"},
    {"Musterstra\u00dfe 5, 10115 Berlin", "[address], 10115 Berlin"},
    {"a 10 minute drive", ""},
    {"the 5 Star Way to travel", ""},
    {"20 minutes down the road", ""},
    {"I have 2 court dates", ""},
    {"5 miles from Oak Street", ""},
    {"is it on Main Street?", ""},
    {"one way or two way street", ""},
    {"3 tickets for the place", ""},
    {"4 people drive there", ""},
    {"take the 4 lane highway", ""},
    {"12 boxes, 1 box", ""},
};

constexpr Line survivors[] = {
    {"order number 1234567", ""}, {"Order #98765432", ""}, {"my ticket is 5551234567", ""}, {"confirmation code 8005550199", ""},
    {"flight 1234567 to Rome", ""}, {"it costs $1,299.00", ""}, {"EUR 12.345.678,90", ""}, {"twenty one thousand five hundred dollars", ""},
    {"on 2026-11-21 at 11:45", ""}, {"11/21/2026 10:30 to 12:45", ""}, {"from 9 to 5, 24/7", ""}, {"at ten thirty on the twenty first", ""},
    {"nineteen eighty four and two thousand twelve", ""}, {"one two three four five six seven", ""}, {"two rooms, three nights, four people", ""},
    {"claude-sonnet-4-5-20250929", ""}, {"gpt-4o-2024-08-06", ""}, {"iPhone 15 Pro 256 GB", ""}, {"model XR-2045-77", ""},
    {"v1.22.333.4444", ""}, {"ISBN 978-3-16-148410-0", ""}, {"192.168.100.200:8080", ""}, {"51.507351, -0.127758", ""},
    {"sim7-19aa41f9800-12345-17", ""}, {"req_011CSHoEeqs5C35K2UUqR7Fy", ""}, {"CA00000000000000000000000000000001", ""},
    {"4bf92f3577b34da6a3ce929d0e0e4736", ""}, {"zip code 94103", ""}, {"94103-1234", ""}, {"gate 22, seat 14C, row 3", ""},
    {"1.5 million in 2025", ""}, {"room 1204, floor 12", ""}, {"score 3 2 1", ""}, {"SKU 0123456789", ""},
    {"order number forty one fifty five fifty five twenty six seventy one", ""}, {"my booking reference is four fifteen five fifty five twenty six seventy one", ""},
    {"twenty twenty four, twenty twenty five, twenty twenty six", ""}, {"nineteen ninety nine, two thousand five, twenty ten", ""},
    {"three thirty, four fifteen, ten twenty", ""}, {"nine thirty, ten fifteen, two forty five or three", ""}, {"five fifty five, six oh five, twelve ten", ""},
    {"ten twenty thirty forty fifty", ""}, {"twenty thirty forty fifty sixty seventy eighty", ""}, {"five ten fifteen twenty twenty five", ""},
    {"seven eight nine ten eleven twelve thirteen fourteen", ""}, {"two three four five six seven eight nine ten eleven twelve thirteen", ""},
    {"two thousand three hundred forty five dollars and sixty seven cents", ""}, {"five thousand two hundred twenty five, or six thousand", ""},
    {"two hundred fifty, three hundred fifty, four hundred fifty", ""}, {"five thousand two hundred dollars", ""},
    {"the total is four hundred fifteen dollars and fifty five cents", ""}, {"two hundred fifty, three hundred, nine hundred twenty five", ""},
    {"one million two hundred thirty four thousand five hundred sixty seven", ""}, {"born on ten twenty one nineteen eighty four", ""},
    {"flight twelve thirty four at nine forty five from gate twenty two", ""}, {"table for twenty, seat fourteen, row thirty one", ""},
    {"then six or seven of them", ""}, {"a hundred thousand times", ""}, {"nine eleven", ""},
};

template <std::size_t Size>
void check(const Line (&lines)[Size]) {
  for (const Line& line : lines) {
    std::string want;
    for (const char c : line.expected.empty() ? line.text : line.expected) want += c == '~' ? std::string("\u2026") : std::string(1, c);
    std::string out, again;
    mask_text(line.text, out);
    EXPECT_EQ(out, want) << line.text;
    mask_text(out, again);
    EXPECT_EQ(again, out);
  }
}

TEST(MaskCorpus, phones) { check(phones); }
TEST(MaskCorpus, cards) { check(cards); }
TEST(MaskCorpus, ibans) { check(ibans); }
TEST(MaskCorpus, social_security) { check(numbers_of_persons); }
TEST(MaskCorpus, addresses) { check(places); }
TEST(MaskCorpus, what_must_survive) { check(survivors); }

// Numbers said aloud, by chance but the same each time.
class Speaker {
 public:
  enum Style { singles, pairs, dashed, paused, hundreds, styles };

  std::string digits(std::string_view start, std::size_t size) {
    std::string made(start);
    while (made.size() < size) made += char('0' + random_() % 10);
    return made;
  }
  std::string card() {
    constexpr std::string_view issuers[] = {"4", "51", "55", "2221", "2720", "6011", "34", "37"};
    const std::string_view issuer = issuers[random_() % std::size(issuers)];
    std::string made = digits(issuer, issuer[0] == '3' ? 15 : 16);
    for (made.back() = '0'; !luhn(made); ++made.back()) {}
    return made;
  }
  std::string phone() {
    std::string made = digits("", 10);
    for (const std::size_t at : {0u, 3u}) made[at] = char('2' + random_() % 8);
    return made;
  }
  // Parts of these sizes, each in pairs from its end: "four fifteen", "forty one eleven".
  std::string say(std::string_view number, std::initializer_list<std::size_t> parts, Style style) {
    std::string out;
    for (const std::size_t size : parts) {
      if (!out.empty()) out += style == paused ? ", " : " ";
      out += part(number.substr(0, size), style);
      number.remove_prefix(size);
    }
    return out;
  }

 private:
  static bool luhn(std::string_view digits) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const int digit = digits[digits.size() - 1 - i] - '0';
      sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
    }
    return sum % 10 == 0;
  }
  static std::string one(char digit) {
    constexpr std::string_view names[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    return std::string(names[std::size_t(digit - '0')]);
  }
  std::string pair(char a, char b, Style style) {
    constexpr std::string_view teens[] = {"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
    constexpr std::string_view tens[] = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
    constexpr std::string_view none[] = {"zero zero", "oh oh", "double zero", "double oh"};
    if (a == '0') return b == '0' ? std::string(none[random_() % 4]) : (random_() % 2 == 0 ? "oh " : "zero ") + one(b);
    if (a == '1') return std::string(teens[std::size_t(b - '0')]);
    return std::string(tens[std::size_t(a - '0')]) + (b == '0' ? "" : (style == dashed ? "-" : " ") + one(b));
  }
  std::string part(std::string_view digits, Style style) {
    std::string out;
    const auto add = [&](const std::string& words) { out += (out.empty() ? "" : " ") + words; };
    for (std::size_t at = 0; at < digits.size();) {
      const std::size_t left = digits.size() - at;
      if (style == hundreds && at > 0 && left == 2 && digits.substr(at) == "00" && digits[at - 1] != '0') add("hundred"), at += 2;
      else if (style == singles || left % 2 == 1) add(one(digits[at])), at += 1;
      else add(pair(digits[at], digits[at + 1], style)), at += 2;
    }
    return out;
  }
  std::mt19937_64 random_{20261122};
};

TEST(MaskCorpus, cards_said_aloud) {
  Speaker speaker;
  for (int style = 0; style < Speaker::styles; ++style)
    for (int i = 0; i < 100; ++i) {
      const std::string card = speaker.card();
      const auto way = Speaker::Style(style);
      const std::string said = card.size() == 16 ? speaker.say(card, {4, 4, 4, 4}, way) : speaker.say(card, {4, 6, 5}, way);
      std::string out;
      mask_text("sure it's " + said, out);
      EXPECT_EQ(out, "sure it's [card:\u2026" + card.substr(card.size() - 2) + "]") << said;
    }
}

TEST(MaskCorpus, phones_said_aloud) {
  Speaker speaker;
  for (int style = 0; style < Speaker::styles; ++style)
    for (int i = 0; i < 100; ++i) {
      const std::string phone = speaker.phone();
      const auto way = Speaker::Style(style);
      const std::string said = i % 4 == 0 ? speaker.say("1" + phone, {1, 3, 3, 4}, way) : speaker.say(phone, {3, 3, 4}, way);
      std::string out;
      mask_text("yes, it's " + said + ".", out);
      EXPECT_EQ(out, "yes, it's [phone:\u2026" + phone.substr(8) + "].") << said;
    }
}

TEST(MaskCorpus, counts_by_class) {
  std::string out;
  const MaskReport report = mask_text("12 Elm St, a@b.com, c@d.org, 415-555-0100, 4111 1111 1111 1111, NO9386011117947, 123-45-6789", out);
  EXPECT_EQ(report.counts, (std::array<std::uint32_t, pii_class_count>{1, 2, 1, 1, 1, 1}));
}

}  // namespace
}  // namespace aybiza
