// The headline figures of a report: the page's own, exact, in the reader's language; what is not known is a dash.
#include "server/report_mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace aybiza {
namespace {

using testing::ElementsAre;

const Instant now = from_micros(1'800'000'000'000'000);

// Answers each measure by its name; a measure that is not here is not known.
struct Fleet {
  std::map<std::string, double, std::less<>> figures;
  std::map<std::string, std::map<std::string, double, std::less<>>, std::less<>> by_speaker = {};
  std::vector<Filter> where = {};  // of the last question

  Answered<Answer> operator()(const Question& q) {
    where = q.where;
    Answer answer;
    if (q.step > Duration(0)) return answer;
    if (q.by.empty()) answer.rows.push_back(row_of(q, figures, {}));
    if (q.by.size() == 1 && q.by[0].dimension == Dimension::speaker)
      for (const auto& [speaker, own] : by_speaker) answer.rows.push_back(row_of(q, own, {Figure(speaker)}));
    return answer;
  }

  static std::vector<Figure> row_of(const Question& q, const std::map<std::string, double, std::less<>>& known, std::vector<Figure> row) {
    for (const Measure& measure : q.measures) {
      const auto at = known.find(measure.text);
      row.push_back(at == known.end() ? Figure{} : Figure(at->second));
    }
    return row;
  }
};

std::vector<std::string> lines(Fleet& fleet, std::string_view page, std::string_view language = "en") {
  const AskRows rows = [](const LearningQuestion&) -> Answered<LearningPartial> { return std::unexpected(Refusal{"unavailable", "", "away"}); };
  std::vector<std::string> out;
  for (const Headline& one : headlines({[&fleet](const Question& q) { return fleet(q); }, rows}, page, {}, dashboard::texts_of(language), now)) out.push_back(one.title + ": " + one.figure);
  return out;
}

TEST(ReportMail, HeadlinesAreThePagesOwn) {
  Fleet fleet{{{"calls", 1204}, {"success_rate", 0.925}, {"avg_sentiment", -0.314}, {"cost_usd", 3.5}, {"cost_per_call", 0.0029}, {"resolved_calls", 7}, {"cache_read_tokens", 30}, {"input_tokens", 10},
               {"resolution_rate", 0.5}, {"avg_satisfaction", 4.25}, {"intervened_calls", 301}, {"error_rate", 0.045}, {"knowledge_nodes", 11780}},
              {{"agent", {{"interruptions", 3}, {"turns", 300}}}, {"caller", {{"interruptions", 6}, {"turns", 300}}}}};
  EXPECT_THAT(lines(fleet, "/"), ElementsAre("Calls: 1\u202f204", "Success rate: 92.5 %", "p95 voice latency: –", "Average sentiment: −0.31", "Cost: $3.50"));
  EXPECT_THAT(lines(fleet, "/costs?range=24h"), ElementsAre("Spend: $3.50", "Cost per call: $0.0029", "Cost per resolved call: $0.50", "Read from cache: 75.0 %"));
  EXPECT_THAT(lines(fleet, "/costs", "de"), ElementsAre("Ausgaben: 3,50\u00a0$", "Kosten je Anruf: 0,0029\u00a0$", "Kosten je gelöstem Anruf: 0,50\u00a0$", "Aus dem Cache gelesen: 75,0 %"));
  EXPECT_THAT(lines(fleet, "/conversations"), ElementsAre("Avg sentiment: −0.31", "Resolution rate: 50.0 %", "Satisfaction: 4.25 of 5", "Intervention rate: 25.0 %", "Callers cut in: 1.0 %", "Agents cut in: 2.0 %"));
  EXPECT_THAT(lines(fleet, "/learning"), ElementsAre("Success rate: 92.5 %", "Error rate: 4.5 %", "Efficiency: –", "Patterns discovered: –", "Patterns replicated: –", "Improvements told: –",
                                                     "Knowledge: 11\u202f780 nodes", "Unanswered questions: –"));
}

TEST(ReportMail, UnknownIsNeverZero) {
  Fleet nothing;
  for (const std::string_view page : {"/", "/costs", "/conversations", "/learning", "/system"})
    for (const std::string& line : lines(nothing, page)) EXPECT_TRUE(line.ends_with(": –")) << page << " " << line;
}

TEST(ReportMail, AnAgentsPageHasThatAgentsFigures) {
  Fleet fleet{{{"calls", 3}}};
  EXPECT_EQ(lines(fleet, "/agents/agent%201?range=24h").front(), "Calls: 3");
  ASSERT_EQ(fleet.where.size(), 1u);
  EXPECT_EQ(fleet.where[0].group.dimension, Dimension::agent_id);
  EXPECT_EQ(fleet.where[0].values, std::vector<std::string>{"agent 1"});
  lines(fleet, "/agents");
  EXPECT_TRUE(fleet.where.empty());
}

}  // namespace
}  // namespace aybiza
