// JSON, forms, addresses, routes and tokens.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "liveview/router.h"
#include "liveview/text.h"
#include "liveview/token.h"

namespace aybiza::liveview {
namespace {

using namespace std::chrono_literals;

std::string round_trip(std::string_view text) {
  const auto json = parse_json(text);
  return json ? to_json(*json) : "refused";
}

TEST(Json, RoundTrips) {
  for (const char* text : {R"({"a":[1,-2,true,null,"x\n\"\\"],"b":{}})", "[]", "7", "\"\\u0001\"", "1.5"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip("[1,"), "refused");
  EXPECT_EQ(round_trip("\"\xC3\""), "refused");
  EXPECT_EQ(round_trip("18446744073709551615"), "1.8446744073709552e+19");
}

TEST(Json, ReadsNumbersOutOfTexts) {
  const auto json = parse_json(R"({"a":"5","b":"5x","c":5,"d":"","e":"1.5","f":true})");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"].integer(), 5);
  EXPECT_EQ((*json)["b"].integer(), std::nullopt);
  EXPECT_EQ((*json)["c"].number(), 5.0);
  EXPECT_EQ((*json)["d"].integer(), std::nullopt);
  EXPECT_EQ((*json)["e"].number(), 1.5);
  EXPECT_EQ((*json)["f"].boolean(), true);
  EXPECT_TRUE((*json)["none"]["deeper"].is_null());
}

TEST(JsonWriter, WritesUnknownAsNull) {
  EXPECT_EQ(JsonWriter().begin_array().number(1.5).number(0.0 / 0.0).integer(-3).boolean(false).end_array().str(),
            "[1.5,null,-3,false]");
}

TEST(Text, JsonStringsAreValidUtf8) {
  std::string out;
  append_json_string(out, "a\xFF\x01\"");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\\u0001\\\"\"");
}

void check_form(std::string_view encoded, const std::string& nested) {
  EXPECT_EQ(to_json(Form::decode(encoded).nested()), nested) << encoded;
}

TEST(Form, DecodesAndNests) {
  check_form("", "{}");
  check_form("a=1&b=x+y", R"({"a":"1","b":"x y"})");
  check_form("name=Zo%C3%AB", "{\"name\":\"Zo\xC3\xAB\"}");
  check_form("user[name]=a&user[tags][]=x&user[tags][]=y", R"({"user":{"name":"a","tags":["x","y"]}})");
  check_form("a=1&a=2", R"({"a":"2"})");
  check_form("a=1&a[b]=2", R"({"a":{"b":"2"}})");  // of conflicting names the later wins
  check_form("a[b]=2&a=1", R"({"a":"1"})");
  check_form("a[=1&]=2&[x]=3&a]b=4", R"({"a[":"1","]":"2","[x]":"3","a]b":"4"})");
  check_form("a%5Bb%5D=1", R"({"a":{"b":"1"}})");
  check_form("a=%&b=%zz&c=%4", R"({"a":"%","b":"%zz","c":"%4"})");
  check_form("a=%FF", "{\"a\":\"\xEF\xBF\xBD\"}");
  check_form("&&a&=b&", R"({"a":""})");
  std::string deep = "a";
  for (int i = 0; i < 40; ++i) deep += "[b]";
  check_form(deep + "=1", "{}");
}

TEST(Form, KnowsUntouchedInputs) {
  const Form form = Form::decode("name=x&_unused_mail=&mail=");
  EXPECT_TRUE(form.used("name"));
  EXPECT_FALSE(form.used("mail"));
  EXPECT_FALSE(form.used("other"));
}

TEST(Form, FieldsAreBounded) {
  std::string many;
  for (std::size_t i = 0; i < limits::liveview_form_fields + 5; ++i) many += "a=1&";
  EXPECT_EQ(Form::decode(many).fields().size(), limits::liveview_form_fields);
}

void check_uri(std::string_view text, const std::string& expected) {
  const auto uri = parse_uri(text);
  EXPECT_EQ(uri ? uri->str() : "none", expected) << text;
}

TEST(Uri, TakesPathAndQueryOnly) {
  check_uri("http://h:8080/dash?tab=one#x", "/dash?tab=one");
  check_uri("https://evil/dash", "/dash");
  check_uri("http://h", "/");
  check_uri("http://h?a=b", "/?a=b");
  check_uri("/a/b?x=%20y", "/a/b?x=%20y");
  check_uri("", "none");
  check_uri("javascript:alert(1)", "none");
}

TEST(Uri, LocalTargets) {
  for (const char* target : {"/", "/a?b=c", "/a//b"}) EXPECT_TRUE(is_local(target)) << target;
  for (const char* target : {"", "a", "//evil", "/\\evil", "http://evil", "/a\nb", "\\/evil"}) {
    EXPECT_FALSE(is_local(target)) << target;
  }
}

TEST(Router, MatchesSegments) {
  Router router;
  const ViewFactory none = [](const Visitor&) { return nullptr; };
  router.add({"/", "home", "app", none}).add({"/calls", "calls", "app", none}).add({"/calls/:id", "call", "app", none});
  const auto found = [&](std::string_view path) -> std::string {
    const auto match = router.find(parse_uri(path).value_or(Uri{.path = "", .query = {}}));
    return match ? match->route->view + std::string(match->location.param("id")) : "none";
  };
  EXPECT_EQ(found("/"), "home");
  EXPECT_EQ(found("/calls"), "calls");
  EXPECT_EQ(found("/calls/"), "calls");
  EXPECT_EQ(found("/calls/a%2Fb"), "calla/b");
  EXPECT_EQ(found("/calls//"), "none");
  EXPECT_EQ(found("/calls/a/b"), "none");
  EXPECT_EQ(found("/call"), "none");
  EXPECT_EQ(found("nowhere"), "none");
}

TEST(Token, SignsAndVerifies) {
  const Signer signer(std::string(32, 'a')), other(std::string(32, 'b')), rotated(std::string(32, 'b'), std::string(32, 'a'));
  const std::string token = signer.sign("p", "body");
  EXPECT_EQ(signer.verify("p", token), "body");
  EXPECT_EQ(rotated.verify("p", token), "body");
  EXPECT_EQ(other.verify("p", token), std::nullopt);
  EXPECT_EQ(signer.verify("q", token), std::nullopt);
  EXPECT_EQ(signer.verify("p", ""), std::nullopt);
  EXPECT_EQ(signer.verify("p", "."), std::nullopt);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string bad = token;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(signer.verify("p", bad), std::nullopt) << i;
    EXPECT_EQ(signer.verify("p", token.substr(0, i)), std::nullopt) << i;
  }
  EXPECT_EQ(signer.verify("p", token + "A"), std::nullopt);
}

TEST(Token, EveryLengthSurvives) {
  const Signer signer(std::string(32, 'a'));
  for (int n = 0; n < 70; ++n) {
    const std::string body(static_cast<std::size_t>(n), static_cast<char>(200 + n % 50));
    EXPECT_EQ(signer.verify("p", signer.sign("p", body)), body);
  }
}

TEST(Token, CsrfBelongsToTheSid) {
  const Signer signer(std::string(32, 'a')), rotated(std::string(32, 'b'), std::string(32, 'a'));
  EXPECT_TRUE(signer.csrf_valid("s", signer.csrf("s")));
  EXPECT_TRUE(rotated.csrf_valid("s", signer.csrf("s")));
  EXPECT_FALSE(signer.csrf_valid("s", rotated.csrf("s")));
  EXPECT_FALSE(signer.csrf_valid("t", signer.csrf("s")));
  EXPECT_FALSE(signer.csrf_valid("", signer.csrf("")));
}

TEST(Token, SessionsAndFlashesExpire) {
  const Signer signer(std::string(32, 'a'));
  const Instant now = from_micros(1'800'000'000'000'000);
  const std::string session = sign_session(signer, {"id", "view", "app", "hash", "user", now});
  EXPECT_EQ(verify_session(signer, session, now + 13 * 24h)->view, "view");
  EXPECT_FALSE(verify_session(signer, session, now + 15 * 24h));
  EXPECT_FALSE(verify_session(signer, sign_flash(signer, "{}", now), now));
  const std::string flash = sign_flash(signer, R"({"info":"x"})", now);
  EXPECT_EQ(verify_flash(signer, flash, now + 59s), R"({"info":"x"})");
  EXPECT_FALSE(verify_flash(signer, flash, now + 61s));
}

}  // namespace
}  // namespace aybiza::liveview
