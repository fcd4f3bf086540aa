// Figures in the notation of their language, and reasons in its words.
#include "dashboard/show.h"

#include <gtest/gtest.h>

#include "dashboard/board.h"
#include "dashboard/reasons.h"
#include "dashboard/report.h"

namespace aybiza::dashboard {
namespace {

TEST(Show, Figures) {
  const Texts& en = texts_of("en");
  const auto check = [](std::string got, std::string_view expected) { EXPECT_EQ(got, expected); };
  check(show_count(en, 999), "999");
  check(show_count(en, 8412), "8\u202f412");
  check(show_count(en, 1234567), "1\u202f234\u202f567");
  check(show_count(en, -1234), "-1\u202f234");
  check(show_rate(en, 4.21), "4.2");
  check(show_rate(en, 1204), "1\u202f204");
  check(show_bytes(en, 999), "999 B");
  check(show_bytes(en, 1'400), "1.4 kB");
  check(show_bytes(en, 256e6), "256 MB");
  check(show_bytes(en, 999.9e6), "1.0 GB");
  check(show_span(en, 84), "84 ms");
  check(show_span(en, 3'200), "3.2 s");
  check(show_span(en, 720e3), "12 min");
  check(show_span(en, 18e6), "5 h");
  check(show_span(en, 260e6), "3 d");
  check(show_ms(en, 84), "84 ms");
  check(show_ms(en, 1350), "1.35 s");
  check(show_ms(en, 185'000), "3:05 min");
  check(show_usd(en, 0.0012), "$0.0012");
  check(show_usd(en, 12.5), "$12.50");
  check(show_usd(en, std::nullopt), "–");
  check(show_score(en, -0.314), "−0.31");
  check(show_score(en, -0.001), "0.00");
  check(show_share(en, 0.924), "92.4 %");
  check(show(en, Format::count, std::nullopt), "–");
}

TEST(Show, GermanFigures) {
  const Texts& de = texts_of("de");
  const auto check = [](std::string got, std::string_view expected) { EXPECT_EQ(got, expected); };
  check(show_count(de, 999), "999");
  check(show_count(de, 1234567), "1.234.567");
  check(show_count(de, -1234), "-1.234");
  check(show_rate(de, 4.21), "4,2");
  check(show_bytes(de, 999.9e6), "1,0 GB");
  check(show_span(de, 3'200), "3,2 s");
  check(show_ms(de, 84), "84 ms");
  check(show_ms(de, 1350), "1,35 s");
  check(show_ms(de, 185'000), "3:05 min");
  check(show_usd(de, 0.0012), "0,0012\u00a0$");
  check(show_usd(de, 12.5), "12,50\u00a0$");
  check(show_usd(de, 12345), "12.345\u00a0$");
  check(show_usd(de, std::nullopt), "–");
  check(show_score(de, -0.314), "−0,31");
  check(show_share(de, 0.924), "92,4 %");
  check(show_bound(de, 0.005), "± 0,5 %");
  check(show_bound(de, 0), "");
  check(show_interval(de, "90,1", "94,2"), "[90,1; 94,2]");
  check(in_notation(de, "1.5e-05"), "1,5e-05");
  check(show(de, Format::rating, 4.5), "4,50");
  check(show(de, Format::count, std::nullopt), "–");
}

TEST(Show, ALanguageWithoutNotationWritesAsEnglishDoes) {
  const Texts bare("language.code = xx\nnumber.written = 12345\n");
  EXPECT_EQ(show_count(bare, 1234), "1\u202f234");
  EXPECT_EQ(show_usd(bare, 1.5), "$1.50");
}

// Each is what the code says, so that a reason whose words change without its text is found here.
TEST(Reasons, AreSaidInTheReadersLanguage) {
  const Texts& de = texts_of("de");
  const auto check = [&](std::string_view english, std::string_view german) {
    EXPECT_EQ(reason_of(de, english), german);
    EXPECT_EQ(reason_of(texts_of("en"), english), english);
  };
  Report report{.id = {}, .name = "Costs", .page = "/costs", .pdf = false, .to = {"ada"}, .when = {}, .customer = "*", .on = true, .since = {}, .person = "local", .by = "ada"};
  check(checked_report(report).error().message, "An: „ada“ ist keine Mailadresse; schreiben Sie name@host");
  report.to = {"ada@example.com"}, report.when.minute = -1;
  check(checked_report(report).error().message, "Um: eine Uhrzeit wie 07:30");
  report.name = "";
  check(checked_report(report).error().message, "Name: 1 bis 100 Bytes ohne Steuerzeichen");
  const auto board = [](std::string_view tile) { return parse_board(fmt::format(R"({{"version":1,"name":"n","tiles":[{}]}})", tile)).error().message; };
  check(board(R"({"formula":"calls","picture":"pye"})"), "tiles[0].picture: „pye“ ist kein Bild; schreiben Sie number, line, bar, pie, table");
  check(board(R"({"formula":"calls","width":13})"), "tiles[0].width: 13 ist keine Breite; schreiben Sie 1 bis 12 Spalten");
  check(board(R"({"formula":"1 + 2"})"), "tiles[0].formula: an Zeichen 6: nennt keine Größe; schreiben Sie zum Beispiel errors / calls");
  check(check_board_name("a/b").error().message, "Name: enthält ein „/“, das in keiner Adresse stehen kann; nehmen Sie ein anderes Zeichen");
  check("opening segment 7: disk is full", "opening segment 7: disk is full");  // the program's inside
  check("", "");
}

}  // namespace
}  // namespace aybiza::dashboard
