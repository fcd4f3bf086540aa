#include "privacy/mask.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

std::string masked(std::string_view text, std::string_view context = {}) {
  std::string out;
  const MaskReport report = mask_text(text, out, context);
  for (const PiiSpan& span : report.spans) {
    EXPECT_EQ(out.substr(span.start, 1 + to_string(span.pii).size()), "[" + std::string(to_string(span.pii)));
    EXPECT_EQ(out[span.end - 1], ']');
  }
  std::string again;
  mask_text(out, again, context);
  EXPECT_EQ(again, out);  // masked text is left alone
  return out;
}

// "…" is written as "~" in what is expected.
void check(std::string_view text, std::string_view expected) {
  std::string want;
  for (const char c : expected) want += c == '~' ? std::string("…") : std::string(1, c);
  EXPECT_EQ(masked(text), want) << text;
}
void stays(std::string_view text) { EXPECT_EQ(masked(text), text); }

TEST(Mask, phones) {
  check("+1 (415) 555-0100", "[phone:~00]");
  check("call +14155550100 now", "call [phone:~00] now");
  check("(415) 555-0123.", "[phone:~23].");
  check("my cell is 415-555-0100 ok", "my cell is [phone:~00] ok");
  check("415.555.0100", "[phone:~00]");
  check("415 555 0100", "[phone:~00]");
  check("1-800-555-0199", "[phone:~99]");
  check("1 415 555 0100", "[phone:~00]");
  check("It's 4155550100", "It's [phone:~00]");
  check("14155550100", "[phone:~00]");
  check("0049 30 1234567", "[phone:~67]");
  check("+49 30 1234567 or +44 (0)20 7946 0958", "[phone:~67] or [phone:~58]");
  check("tel:+1-415-555-0100", "tel:[phone:~00]");
  check("030 1234567", "[phone:~67]");
  check("020 7946 0958", "[phone:~58]");
  check("06 12 34 56 78", "[phone:~78]");
  check("030/1234567", "[phone:~67]");
  check("555-0100", "[phone:~00]");
  check("+1 415 555 0100 2026", "[phone:~00] 2026");
  check("room-+14155550100_x1", "room-[phone:~00]_x1");
  check("+14155550100, +14155550111", "[phone:~00], [phone:~11]");
  check("call me at 12 34 567 please", "call me at [phone:~67] please");
  check("it can be reached at 1 40 62 05 00.", "it can be reached at [phone:~00].");
  check("The number for the stadium is 2 8765 2000.", "The number for the stadium is [phone:~00].");
  check("call 415-555-0100x12", "call [phone:~00]x12");
  EXPECT_EQ(masked("5550100", "caller_number"), "[phone:…00]");
  EXPECT_EQ(masked("5550100", "order_id"), "5550100");
}

TEST(Mask, phones_in_other_digits_and_spaces) {
  check("+\u0661 415 555 0100", "[phone:~00]");                                   // Arabic-Indic one
  check("\uFF0B\uFF11 415\u00A0555\u20110100", "[phone:~00]");                    // full-width plus and one
  check("415\u200B555\u200B0100", "[phone:~00]");                                 // zero-width spaces do not split
  check("\u096A\u0967\u096B-\u096B\u096B\u096B-\u0966\u0967\u0966\u0966", "[phone:~00]");  // Devanagari
}

TEST(Mask, spoken) {
  check("it's four one five five five five oh one zero zero", "it's [phone:~00]");
  check("Four, one, five, five five five, zero one double zero thanks", "[phone:~00] thanks");
  check("4 1 5 5 5 5 0 1 0 0", "[phone:~00]");
  check("four one five 555 0100", "[phone:~00]");
  stays("one two three four five six seven eight");  // counting
  stays("for two nights, three rooms, one bed");
  stays("one of the seven or eight");
}

TEST(Mask, cards) {
  check("4111 1111 1111 1111", "[card:~11]");
  check("4111111111111111", "[card:~11]");
  check("4111-1111-1111-1111 exp 12/27", "[card:~11] exp 12/27");
  check("amex 3782 822463 10005.", "amex [card:~05].");
  check("order 12 4111 1111 1111 1111", "order 12 [card:~11]");
  check("four one one one one one one one one one one one one one one one", "[card:~11]");
  check("id 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "id [card:~11]");
  check("card4111111111111111", "card[card:~11]");
  stays("4111 1111 1111 1112");   // Luhn says no
  stays("1700000000000");         // milliseconds since 1970
  stays("1700000000000000000");
}

TEST(Mask, addresses) {
  check("john.doe@example.com", "[email]");
  check("Mail john.doe+x@mail.example.co.uk, please", "Mail [email], please");
  check("john4155550100@example.com", "[email]");
  check("john\uFF20example.com", "[email]");
  check("john dot doe at example dot com", "[email]");
  check("<a_b@x-y.org>", "<[email]>");
  stays("meet @ 5");
  stays("@handle said hi");
  stays("a@b");
  check("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban].");
  check("gb82west12345698765432", "[iban]");
  stays("DE88 3704 1044 1532 1130 10");
  check("ssn 123-45-6789", "ssn [ssn]");
  stays("987-65-4321");
}

TEST(Mask, mail_as_it_is_said) {
  check("john.smith at gmail.com", "[email]");
  check("john dot smith at gmail dot com", "[email]");
  check("it's john dot smith at gmail.com", "it's [email]");
  check("j smith 42 at outlook dot co dot uk", "[email]");
  check("its j o h n at gmail dot com", "its [email]");
  check("my email is john smith at gmail dot com", "my email is [email]");
  check("My email address is: mary at yahoo.com.", "My email address is: [email].");
  check("you can reach him at john dot smith at gmail dot com", "you can reach him at [email]");
  check("john_smith99 at company.co.uk", "[email]");
  check("jay doe at g mail dot com", "jay [email]");  // as recognisers write it
  check("my email is jay doe at hot mail dot com", "my email is [email]");
  check("john underscore smith at gmail dot com", "[email]");
  check("john @ gmail.com", "[email]");
  check("john.smith (at) gmail (dot) com", "[email]");
  check("forty two smith at aol dot com", "[email]");
  check("meet me at amazon dot com headquarters", "meet [email] headquarters");
  stays("I bought it at amazon.com");
  stays("visit us at example.com or call");
  stays("email me at support.com");
  stays("I have an account at gmail.com");
  stays("for 49.99 @ nokia.com");
  stays("table for 2 at 5 p.m.");
  stays("I am at home.Then we go");
}

TEST(Mask, streets_in_small_letters) {
  check("123 main st", "[address]");
  check("i live at 45 oak ave apt 3", "i live at [address]");
  check("i live at 45 oak ave apt 3 springfield il 62704 ok", "i live at [address] ok");
  check("45 oak ave, springfield 62704-1234", "[address]");
  check("send it to 221b baker street london", "send it to [address] london");
  check("ship it to 9 hill ct please", "ship it to [address] please");
  check("the address is 456 maple drive", "the address is [address]");
  check("the address is 7 old san pedro road unit 4", "the address is [address]");
  check("123 main st # 4", "[address]");
  stays("flight 123 leaves st louis at 9");
  stays("at 10 see dr smith");
  stays("it takes 10 min drive");
  stays("a 5 minute drive or a 3 star place");
  check("45 oak ave and i have 12345 points", "[address] and i have 12345 points");
}

TEST(Mask, addresses_that_are_announced) {
  check("we live at 1200 broadway", "we live at [address]");
  check("my home address is 4500 elm, springfield il 62704", "my home address is [address]");
  check("Address: 77 Massachusetts", "Address: [address]");
  check("It is located at 1 Embarcadero Center. It's a crime movie.", "It is located at [address]. It's a crime movie.");
  check("they are located at 820 East El Camino Real and open", "they are located at [address] and open");
  stays("i live at 5 minutes from here");
  stays("i live on 40 acres");
  stays("the address is 123 and the zip is 94103");
  stays("my ip address is 192.168.1.1");
  stays("we live at 9 now");
  stays("address 12 issues today");
  stays("live at 5 pm, live music at 8");
}

TEST(Mask, leaves_ordinary_numbers) {
  stays("");
  stays("2026-11-21");
  stays("2026-11-21T11:45:00.123456Z");
  stays("on 11/21/2026 at 11:45 am");
  stays("21.11.2026 20:15");
  stays("please call me on 2026-11-21");
  stays("from 2019-03-01 to 2019-03-08");
  stays("$1,299.00");
  stays("it costs $1,299,000.00 or 12.345.678,90 EUR");
  stays("flight 1234");
  stays("the 9th of March, 1st or 22nd");
  stays("in 1999 and 2026");
  stays("192.168.100.200");
  stays("call 192.168.100.200");
  stays("10.0.0.1:8080");
  stays("550e8400-e29b-41d4-a716-446655440000");
  stays("12345678-1234-4716-9716-446655440000");
  stays("order number 4155550100");
  stays("Order #4155550100");
  stays("your confirmation is 4155550100");
  stays("tracking 415-5550");
  stays("version 1.2.3.45678");
  stays("37.774929, -122.419418");
  stays("122.4194155555");
  stays("1 2 3 4");
  stays("zip 94103-1234");
  stays("room 1204 for 2 people, 3 nights");
  stays("50% of 1000000");
  stays("978-3-16-148410-0");
  stays("ratio 16:9, 24/7, 3/4");
  stays("sha 3f786850e387550fdab836ed7e6dc881de23001b");
  stays("+5 points, 2+2");
  stays("tel_abcdefghijklmnopqrstuvwxyz_00_1");
  stays("[phone:…00] and [email]");
}

TEST(Mask, any_bytes) {
  masked(std::string("\xff\xfe 4155550100 \xc3", 16));
  masked("\xEF\xBC");
  masked("@");
  masked("+");
  masked(std::string(5000, '4'));
  std::string many;
  for (int i = 0; i < 400; ++i) many += "12 ";
  many += "4111 1111 1111 1111";
  EXPECT_EQ(masked(many).find("1111"), std::string::npos);
  EXPECT_FALSE(may_hold_pii("I would like two tickets for 7 pm on the 9th"));
}

std::string json(std::string_view text, bool expected_change = true) {
  std::string out;
  MaskReport report;
  EXPECT_EQ(mask_json_strings(text, out, report), expected_change) << text;
  return out;
}

TEST(MaskJson, numbers_under_names_of_phones) {
  for (const std::string_view name : {"destination", "callee", "recipient", "transfer_to", "ani", "dnis", "msisdn", "e164", "to", "from", "To", "ANI"})
    for (const std::string_view number : {"14155552671", "4155552671", "491712345671", "447700900171"}) {
      const std::string member = "{\"" + std::string(name) + "\":";
      EXPECT_EQ(json(member + std::string(number) + ",\"n\":1}"), member + "\"[phone:…71]\",\"n\":1}");
    }
  EXPECT_EQ(json(R"({"to":[4155552671, 14155552600]})"), R"({"to":["[phone:…71]", "[phone:…00]"]})");
  EXPECT_EQ(json(R"({"callee":1790000000})"), R"({"callee":"[phone:…00]"})");
  EXPECT_EQ(json(R"({"from":2125550123,"to":4085550188})"), R"({"from":"[phone:…23]","to":"[phone:…88]"})");  // below the seconds of 2100
  EXPECT_EQ(json(R"({"from":2000000000,"to":2348012345678})"), R"({"from":"[phone:…00]","to":"[phone:…78]"})");
  for (const std::string_view stays : {R"({"from":1790000000,"to":1790003600})", R"({"from":1790000000000,"to":1790003600000})",
                                       R"({"from":1790000000000000,"to":1790003600000000000})", R"({"from":946684800,"to":1999999999})",
                                       R"({"to":123456789,"callee":5550100,"dnis":41555526.71,"ani":1790000000000000})",
                                       R"({"took":4155552671,"from_bytes":4155552671,"total":4155552671})"})
    EXPECT_EQ(json(stays, false), stays);
}

TEST(MaskJson, strings_keys_and_numbers) {
  EXPECT_EQ(json(R"({"a":"call +14155550100","n":12})"), R"({"a":"call [phone:…00]","n":12})");
  EXPECT_EQ(json(R"({"phone":4155550100,"duration_us":4155550100})"), R"({"phone":"[phone:…00]","duration_us":4155550100})");
  EXPECT_EQ(json(R"(["a\nb", "john@example.com"])"), R"(["a\nb", "[email]"])");
  EXPECT_EQ(json(R"({"x":"\u002b14155550100"})"), R"({"x":"[phone:…00]"})");
  EXPECT_EQ(json(R"({"x":"\"4111 1111 1111 1111\""})"), R"({"x":"\"[card:…11]\""})");
  EXPECT_EQ(json(R"({"+14155550100":true})"), R"({"[phone:…00]":true})");
  EXPECT_EQ(json(R"({"card":4111111111111111})"), R"({"card":"[card:…11]"})");
  EXPECT_EQ(json(R"({"caller_number":"5550100"})"), R"({"caller_number":"[phone:…00]"})");
  EXPECT_EQ(json(R"({"order_id":"4155550100"})", false), R"({"order_id":"4155550100"})");
  EXPECT_EQ(json(R"({"t":1700000000000,"v":-1.5e10,"d":"2026-11-21"})", false), R"({"t":1700000000000,"v":-1.5e10,"d":"2026-11-21"})");
  EXPECT_EQ(json(R"({"e":"caf\u00e9"})", false), R"({"e":"caf\u00e9"})");
  EXPECT_EQ(json(R"({"broken":"+14155550100)"), R"({"broken":"[phone:…00])");
}

}  // namespace
}  // namespace aybiza
