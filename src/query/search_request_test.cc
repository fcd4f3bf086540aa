#include "query/search_request.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace aybiza {
namespace {

const Instant noon = from_micros(1'795'003'200'000'000);

std::string list_of(std::size_t count, std::string_view number) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(i == 0 ? "" : ",").append(number);
  return out;
}

void check_refused(std::string_view query, std::string_view code, std::string_view parameter) {
  const auto asked = parse_search(parse_query_string(query), noon);
  ASSERT_FALSE(asked) << query;
  EXPECT_EQ(asked.error().code, code) << query;
  EXPECT_EQ(asked.error().parameter, parameter) << query;
}

void check_refused_body(std::string_view body, std::string_view code, std::string_view parameter) {
  const auto asked = parse_search_json(body, noon);
  ASSERT_FALSE(asked) << body;
  EXPECT_EQ(asked.error().code, code) << body;
  EXPECT_EQ(asked.error().parameter, parameter) << body;
}

TEST(SearchRequest, Words) {
  const auto asked = parse_search(parse_query_string("q=Refund+the%20REFUND&k=7&match=all&speaker=caller&intent=a|b&window=1h"), noon);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->search.by, TurnSearch::By::words);
  EXPECT_EQ(asked->search.words, (std::vector<std::string>{"refund", "the"}));
  EXPECT_TRUE(asked->search.every_word);
  EXPECT_EQ(asked->search.hits, 7u);
  ASSERT_EQ(asked->search.where.size(), 2u);
  EXPECT_EQ(asked->search.where[1].values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(asked->search.to - asked->search.from, Duration(std::chrono::hours(1)));
}

TEST(SearchRequest, WithoutATimeAMonth) {
  const auto asked = parse_search({{"q", "refund"}}, noon);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->search.from, noon - limits::search_window);
  EXPECT_EQ(asked->search.to, noon + limits::time_future_max);
  EXPECT_EQ(asked->search.hits, limits::search_hits_default);
}

TEST(SearchRequest, Bodies) {
  const auto topic = parse_search_json(R"({"like":"my bill is wrong","k":3,"customer_id":["acme","globex"],"exact":true,"version":"lsa1-x"})", noon);
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_EQ(topic->search.by, TurnSearch::By::topic);
  EXPECT_EQ(topic->like, "my bill is wrong");
  EXPECT_EQ(topic->version, "lsa1-x");
  EXPECT_TRUE(topic->search.exact);
  EXPECT_EQ(topic->search.where.front().values.size(), 2u);
  const auto embedding = parse_search_json(R"({"vector":[)" + list_of(1536, "0.5") + "]}", noon);
  ASSERT_TRUE(embedding) << embedding.error().message;
  EXPECT_EQ(embedding->search.by, TurnSearch::By::embedding);
  const auto hundred = parse_search_json(R"({"vector":[)" + list_of(100, "-1e-3") + "]}", noon);
  ASSERT_TRUE(hundred);
  EXPECT_EQ(hundred->search.by, TurnSearch::By::topic);
  EXPECT_EQ(parse_search({{"vector", "[" + list_of(100, "0.25") + "]"}}, noon)->search.vector, std::vector<float>(100, 0.1f));
  for (const char* number : {"3e38", "1e-30", "1"})  // however long, it is taken as one of length 1
    EXPECT_EQ(parse_search({{"vector", list_of(100, number)}}, noon)->search.vector, std::vector<float>(100, 0.1f)) << number;
}

TEST(SearchRequest, Refusals) {
  check_refused("", "missing_parameter", "q");
  check_refused("q=a&like=b", "incompatible", "q");
  check_refused("q=...", "invalid_value", "q");
  check_refused("q=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q", "too_large", "q");
  check_refused("like=" + std::string(limits::search_text_bytes + 1, 'x'), "too_large", "like");
  check_refused("q=a&k=0", "invalid_value", "k");
  check_refused("q=a&k=201", "invalid_value", "k");
  check_refused("q=a&k=7x", "invalid_value", "k");
  check_refused("q=a&match=some", "invalid_value", "match");
  check_refused("q=a&exact=1", "invalid_value", "exact");
  check_refused("q=a&version=lsa1-x", "incompatible", "version");
  check_refused("q=a&colour=red", "unknown_parameter", "colour");
  check_refused("q=a&topic=weather", "invalid_value", "topic");
  check_refused("q=a&call_id=call-1", "invalid_value", "call_id");
  check_refused("q=a&speaker=", "invalid_value", "speaker");
  check_refused("q=a&q=b", "duplicate", "q");
  check_refused("q=a&from=yesterday", "invalid_time", "from");
  check_refused("vector=1,2,3", "invalid_vector", "vector");
  check_refused("vector=1,two", "invalid_vector", "vector");
  check_refused("vector=" + list_of(100, "nan"), "invalid_vector", "vector");
  check_refused("vector=" + list_of(100, "inf"), "invalid_vector", "vector");
  check_refused("vector=" + list_of(100, "0"), "invalid_vector", "vector");
  check_refused("vector=" + list_of(2'000, "1"), "invalid_vector", "vector");
  check_refused("vector=" + list_of(100, "1e39"), "invalid_vector", "vector");
  check_refused("vector=1,,2", "invalid_vector", "vector");
  check_refused("vector=1&like=b", "incompatible", "q");
  check_refused_body("[]", "invalid_json", "body");
  check_refused_body("{", "invalid_json", "body");
  check_refused_body(R"({"vector":[)" + list_of(1535, "1") + "]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(1537, "1") + "]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(1535, "1") + ",1e39]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(1535, "1") + ",null]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(100'000, "1") + "]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(100, R"("1")") + "]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[)" + list_of(100, "[1]") + "]}", "invalid_vector", "vector");
  check_refused_body(R"({"vector":[]})", "invalid_vector", "vector");
  check_refused_body(R"({"vector":"1,2"})", "invalid_vector", "vector");
  check_refused_body(R"({"q":{"a":1}})", "invalid_value", "q");
  check_refused_body(R"({"q":"a","q":"b"})", "duplicate", "q");
}

TEST(SearchRequest, Snippets) {
  EXPECT_EQ(snippet_of("short", {"word"}), "short");
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xC3\xA4 filler ";
  text += "the refund is here ";
  for (int i = 0; i < 100; ++i) text += "more \xC3\xA4";
  const std::string found = snippet_of(text, {"refund"});
  EXPECT_NE(found.find("the refund is here"), found.npos);
  EXPECT_LE(found.size(), limits::search_snippet_bytes + 8);
  EXPECT_TRUE(found.starts_with("…") && found.ends_with("…"));
  EXPECT_TRUE(snippet_of(text, {"nothing"}).starts_with("\xC3\xA4 filler"));
  EXPECT_LE(snippet_of(std::string(400, '\x9e') + " refund", {"refund"}).size(), limits::search_snippet_bytes + 8);  // no text at all
}

}  // namespace
}  // namespace aybiza
