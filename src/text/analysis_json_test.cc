#include "text/analysis_json.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

TEST(AnalysisJson, says_everything_of_a_text) {
  std::string out;
  append_analysis_json("", "", out);
  EXPECT_EQ(out, R"({"sentiment":0,"sentiment_class":"neutral","confidence":0,"emotion":"neutral","intent":null,"topics":[],"entities":[],)"
                 R"("features":{"length":0,"word_count":0,"exclamation_count":0,"question_count":0,"caps_ratio":0,"politeness_score":0,)"
                 R"("tfidf":{}}})");
  out.clear();
  append_analysis_json("Thank you! My bill of $20 is great, call 415-555-0100", "Thank you! My bill of $20 is great, call [phone:\u202600]", out);
  EXPECT_NE(out.find(R"("sentiment_class":"positive")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("emotion":"satisfied","intent":"thank_you")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("billing")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"([{"class":"amount","start":22,"end":25,"text":"$20"},{"class":"phone")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("word_count":10,"exclamation_count":1)"), std::string::npos) << out;
  EXPECT_EQ(out.find("555"), std::string::npos) << out;
}

}  // namespace
}  // namespace aybiza
