#include "server/analyze_json.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "text/lexicon.h"

namespace aybiza {
namespace {

std::string lexicon() { return R"("lexicon":{"name":"built-in","hash":")" + Lexicon::builtin().hash() + "\"}"; }

void check_refused(std::string_view body, std::string_view code, std::string_view parameter) {
  const auto answer = analyze_json(body);
  ASSERT_FALSE(answer) << body.substr(0, 100);
  EXPECT_EQ(answer.error().code, code) << body.substr(0, 100);
  EXPECT_EQ(answer.error().parameter, parameter) << body.substr(0, 100);
  EXPECT_FALSE(answer.error().message.empty());
}

TEST(AnalyzeJson, says_everything_of_a_text_and_nothing_personal) {
  EXPECT_EQ(analyze_json(R"({"text":"call 415 555 0100"})").value_or("refused"),
            "{\"result\":{\"masked\":\"call [phone:\u202600]\",\"sentiment\":0,\"sentiment_class\":\"neutral\",\"confidence\":0.5,\"emotion\":\"neutral\",\"intent\":\"inform\","
            "\"topics\":[],\"entities\":[{\"class\":\"phone\",\"start\":5,\"end\":18,\"text\":\"[phone:\u202600]\"}],"
            R"("features":{"length":17,"word_count":4,"exclamation_count":0,"question_count":0,"caps_ratio":0,"politeness_score":0,"tfidf":{}}},)" + lexicon() + "}");
}

TEST(AnalyzeJson, several_texts_have_several_answers) {
  const std::string answer = analyze_json(R"({"texts":["","I hate this bill"],"language":"en-GB"})").value_or("refused");
  EXPECT_TRUE(answer.starts_with(R"({"results":[{"masked":"","sentiment":0,)")) << answer;
  EXPECT_NE(answer.find(R"({"masked":"I hate this bill","sentiment":-)"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("billing")"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("note"), std::string::npos) << answer;
  EXPECT_EQ(analyze_json(R"({"texts":[]})").value_or("refused"), R"({"results":[],)" + lexicon() + "}");
  EXPECT_NE(analyze_json(R"({"text":"Bonjour","language":"fr"})").value_or("refused").find("\"note\":"), std::string::npos);
}

TEST(AnalyzeJson, names_what_is_wrong) {
  check_refused("", "invalid_json", "body");
  check_refused("{\"text\":\"\xff\"}", "invalid_json", "body");
  check_refused("[]", "invalid_type", "body");
  check_refused("{}", "missing_field", "text");
  check_refused(R"({"text":null})", "missing_field", "text");
  check_refused(R"({"text":"a","texts":["b"]})", "missing_field", "texts");
  check_refused(R"({"text":7})", "invalid_type", "text");
  check_refused(R"({"text":["a"]})", "invalid_type", "text");
  check_refused(R"({"texts":"a"})", "invalid_type", "texts");
  check_refused(R"({"texts":["a",null]})", "invalid_type", "texts[1]");
  check_refused(R"({"texts":["a",{}]})", "invalid_type", "texts[1]");
  check_refused(R"({"text":"a","model":"x"})", "unknown_member", "model");
  check_refused(R"({"text":"a","language":7})", "invalid_type", "language");
  check_refused(R"({"text":")" + std::string(limits::text_content_bytes + 1, 'a') + "\"}", "too_large", "text");
  std::string many = "{\"texts\":[\"\"";
  for (std::size_t i = 0; i < limits::analyze_texts; ++i) many += ",\"\"";
  check_refused(many + "]}", "too_large", "texts");
  check_refused(std::string(100'000, '['), "invalid_json", "body");
}

}  // namespace
}  // namespace aybiza
