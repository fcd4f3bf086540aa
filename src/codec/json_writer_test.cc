#include "codec/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace aybiza {
namespace {

void check_string(std::string_view text, std::string_view expected) {
  std::string out;
  append_json_string(out, text);
  EXPECT_EQ(out, expected);
}
void check_number(double value, std::string_view expected) {
  std::string out;
  append_json_number(out, value);
  EXPECT_EQ(out, expected);
}

TEST(JsonWriter, Strings) {
  using namespace std::string_view_literals;
  check_string("", R"("")");
  check_string("plain", R"("plain")");
  check_string("a\"b\\c", R"("a\"b\\c")");
  check_string("a\nb\tc\rd", R"("a\nb\tc\rd")");
  check_string("\0\x1f"sv, R"("\u0000\u001f")");
  check_string("héé€😀", "\"héé€😀\"");
  check_string("a\xFF" "b", "\"a\xEF\xBF\xBD" "b\"");    // not UTF-8: replaced, never passed on
  check_string("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a surrogate
  check_string("\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // cut short
}

TEST(JsonWriter, Numbers) {
  check_number(0, "0");
  check_number(-0.0, "0");
  check_number(130000, "130000");
  check_number(1e6, "1000000");
  check_number(0.1, "0.1");
  check_number(-0.5, "-0.5");
  check_number(1e300, "1e+300");
  check_number(24567890123456789000.0, "2.456789012345679e+19");  // as digits it would be a whole number that no reader of 64 bits takes
  check_number(-123456789012345680000.0, "-1.2345678901234568e+20");
  check_number(std::nan(""), "null");
  check_number(std::numeric_limits<double>::infinity(), "null");
  std::string out;
  append_json_integer(out, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(out, "-9223372036854775808");
}

TEST(JsonWriter, DoublesReadBackTheSame) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    std::string out;
    append_json_number(out, value);
    EXPECT_EQ(std::strtod(out.c_str(), nullptr), value) << out;
  }
}

TEST(JsonWriter, CommasBetweenMembersAndElements) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("a", 1).member("b", "x").key("c").begin_array().integer(1).null().begin_object().end_object().end_array();
  json.member("d", true).member("e", 0.5).key("f").raw("{\"g\":[]}").key("h").number_or_null(std::nullopt);
  json.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x","c":[1,null,{}],"d":true,"e":0.5,"f":{"g":[]},"h":null})");
}

}  // namespace
}  // namespace aybiza
