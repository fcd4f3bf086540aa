#include "auth/livekit_token.h"

#include <gtest/gtest.h>

#include <string>

namespace aybiza::auth {
namespace {

std::string base64url(std::string_view text) {
  std::string out = to_base64(text);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (!out.empty() && out.back() == '=') out.pop_back();
  return out;
}
std::string token(std::string_view payload, std::string_view secret = "secret", std::string_view head = R"({"alg":"HS256","typ":"JWT"})") {
  const std::string signed_part = base64url(head) + "." + base64url(payload);
  return signed_part + "." + base64url(hmac(HashAlgorithm::sha256, secret, signed_part));
}

TEST(LiveKitToken, Verdicts) {
  const Instant now = from_micros(1'790'000'000'000'000);
  const std::string good = R"({"iss":"key","exp":1790000600,"nbf":1789999990,"observability":{"write":true}})";
  const auto check = [&](std::string_view text, Verdict expected, std::string_view key = "key") {
    EXPECT_EQ(verify_livekit_upload(text, key, "secret", now), expected) << text;
  };
  check(token(good), Verdict::good);
  check(token(good), Verdict::good, "");
  check("", Verdict::missing);
  check("abc", Verdict::malformed);
  check(token(good, "other"), Verdict::mismatch);
  check(token(good), Verdict::mismatch, "another-key");
  check(token(R"({"iss":"key","exp":1790000600})"), Verdict::mismatch);                                           // no grant
  check(token(R"({"iss":"key","exp":1790000600,"observability":{"write":false}})"), Verdict::mismatch);
  check(token(R"({"iss":"key","exp":1789999900,"observability":{"write":true}})"), Verdict::expired);
  check(token(R"({"iss":"key","observability":{"write":true}})"), Verdict::expired);                              // never ends: not believed
  check(token(R"({"iss":"key","exp":1790000600,"nbf":1790000100,"observability":{"write":true}})"), Verdict::expired);
  check(token(good, "secret", R"({"alg":"none"})"), Verdict::malformed);
  EXPECT_EQ(verify_livekit_upload(token(good, ""), "key", "", now), Verdict::mismatch);  // an empty secret signs nothing
}

}  // namespace
}  // namespace aybiza::auth
