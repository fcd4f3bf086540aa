#include "privacy/tokenizer.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

const Tokenizer tokenizer("a test key of enough bytes");

void check(std::string_view text, std::string_view digits, std::string_view country, std::string_view home = "1") {
  const auto number = parse_phone(text, home);
  ASSERT_TRUE(number.has_value()) << text;
  EXPECT_EQ(number->digits, digits) << text;
  EXPECT_EQ(number->country, country) << text;
}

TEST(ParsePhone, spellings) {
  check("+14155550100", "14155550100", "1");
  check("+1 (415) 555-0100", "14155550100", "1");
  check("(415) 555-0100", "14155550100", "1");
  check("4155550100", "14155550100", "1");
  check("1-415-555-0100", "14155550100", "1");
  check("tel:+1-415-555-0100;ext=5", "14155550100", "1");
  check("sip:+14155550100@pbx.example.com", "14155550100", "1");
  check("+1 415 555 0100 ext. 12", "14155550100", "1");
  check("0049 30 1234567", "49301234567", "49");
  check("+49 (0)30 1234567", "49301234567", "49");
  check("030 1234567", "49301234567", "49", "49");
  check("030 1234567", "0301234567", "0");
  check("+351 21 123 4567", "351211234567", "351");
  check("+7 495 123 45 67", "74951234567", "7");
  check("\uFF0B14155550100", "14155550100", "1");
  check("5550100", "5550100", "0");
  for (const auto text : {"anonymous", "", "+", "12345", "agent-4155550100", "1234567890123456", "2026-11-21T00:00"})
    EXPECT_FALSE(parse_phone(text).has_value()) << text;
}

TEST(Tokenizer, one_number_one_token) {
  const std::string token = tokenizer.phone_field("+14155550100");
  EXPECT_TRUE(is_token(token)) << token;
  EXPECT_TRUE(token.starts_with("tel_") && token.ends_with("_00_1")) << token;
  EXPECT_LE(token.size(), 64u);
  for (const auto text : {"+1 (415) 555-0100", "tel:+1-415-555-0100", "0014155550100", "4155550100", "1 415 555 0100"})
    EXPECT_EQ(tokenizer.phone_field(text), token) << text;
  EXPECT_EQ(tokenizer.phone_field(token), token);
  EXPECT_EQ(tokenizer.mask_label(token), token);
  EXPECT_NE(tokenizer.phone_field("+14155550101"), token);
  EXPECT_NE(Tokenizer("another key of enough bytes").phone_field("+14155550100"), token);
}

// HMAC-SHA256 in another implementation, base32 of its first 16 bytes.
TEST(Tokenizer, is_the_hmac_it_says) {
  EXPECT_EQ(tokenizer.phone_field("+14155550100"), "tel_etnkfb6xvfm7mpq65dpmng4xjy_00_1");
}

TEST(Tokenizer, fields_and_labels) {
  EXPECT_EQ(tokenizer.phone_field("anonymous"), "anonymous");
  EXPECT_EQ(tokenizer.phone_field(""), "");
  EXPECT_TRUE(is_token(tokenizer.phone_field("12345")));  // a short code
  EXPECT_EQ(tokenizer.mask_label("agent-7"), "agent-7");
  EXPECT_EQ(tokenizer.mask_label("550e8400-e29b-41d4-a716-446655440000"), "550e8400-e29b-41d4-a716-446655440000");
  EXPECT_TRUE(is_token(tokenizer.mask_label("John.Doe@example.com")));
  EXPECT_EQ(tokenizer.mask_label("John.Doe@example.com"), tokenizer.mask_label("john.doe@example.com"));
  EXPECT_EQ(tokenizer.mask_label("4111 1111 1111 1111"), tokenizer.mask_label("4111111111111111"));
  EXPECT_EQ(tokenizer.mask_label("call-_+14155550100_x"), "call-_" + tokenizer.phone_field("+14155550100") + "_x");
  const std::string error = tokenizer.mask_label("dial failed for +14155550100: busy");
  EXPECT_EQ(error.find("4155550100"), std::string::npos);
  EXPECT_EQ(tokenizer.mask_label(error), error);
}

}  // namespace
}  // namespace aybiza
