// Each SQL engine's answers against the walk over the rows: random rows, random questions, the same figures.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "query/rows_scan.h"
#include "query/sql_answer.h"
#include "store/sample_rows.h"
#include "store/test_engine.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const char* const call_measures[] = {"calls", "successful_calls", "success_rate", "resolved_calls", "resolution_rate",
                                     "escalated_calls", "escalation_rate", "intervened_calls", "errors", "error_rate",
                                     "rated_calls", "avg_satisfaction", "cost_per_call", "quality_score",
                                     "efficiency_score", "avg_duration_ms", "p50_duration_ms", "p95_voice_latency_ms",
                                     "p99_cost_usd", "min_duration_ms", "max_cost_usd", "hist_duration_ms",
                                     "active_calls", "active_agents", "utilization"};
const char* const turn_measures[] = {"turns", "interruptions", "avg_sentiment", "sentiment_confidence",
                                     "avg_response_time_ms", "p90_stt_latency_ms", "p50_llm_latency_ms",
                                     "max_tts_latency_ms", "hist_response_time_ms"};
const char* const usage_measures[] = {"cost_usd", "tokens", "input_tokens", "output_tokens", "cache_read_tokens"};
const char* const call_dimensions[] = {"customer_id", "agent_id", "agent_type", "region", "model_used", "campaign",
                                       "direction", "call_outcome", "resolution_status", "end_reason", "hour_of_day",
                                       "day_of_week"};
const char* const turn_dimensions[] = {"intent", "state", "speaker", "emotion", "topic", "sentiment_class"};

class Asker {
 public:
  explicit Asker(std::uint64_t seed) : random_(seed) {}
  std::string next() {
    std::string select, by;
    const int kind = below(4);
    for (int i = 0; i <= below(4); ++i) {
      std::string word = kind == 0 ? pick(call_measures) : kind == 1 ? pick(turn_measures) : kind == 2 ? pick(usage_measures)
                         : below(2) == 0 ? pick(call_measures) : pick(usage_measures);
      if (select.find(word) == std::string::npos) select += (select.empty() ? "" : ",") + word;
    }
    for (int i = 0; i < below(3); ++i) {
      std::string word = kind == 1 && below(2) == 0 ? pick(turn_dimensions) : pick(call_dimensions);
      if (by.find(word) == std::string::npos) by += (by.empty() ? "" : ",") + word;
    }
    // Sample rows lie in the two hours after this instant.
    const Instant base = from_micros(1'795'000'000'000'000);
    const Instant from = base + std::chrono::seconds(below(6000) - 600), to = from + std::chrono::seconds(1 + below(6000));
    std::string text = "select=" + select + (by.empty() ? "" : "&by=" + by) + "&from=" + format_rfc3339(from) +
                       "&to=" + format_rfc3339(to) + "&limit=100000";
    const char* const steps[] = {"", "&step=1m", "&step=10m", "&step=1h", "&step=1d&tz=Europe/Berlin"};
    text += steps[below(5)];
    if (below(3) == 0) text += std::string("&where=") + (below(2) == 0 ? "!" : "") + "region:region1|region2" + (below(2) == 0 ? "|" : "");
    if (kind == 1 && below(4) == 0) text += "&where=topic:billing|";
    return text;
  }

 private:
  int below(int bound) { return int(random_() % std::uint64_t(bound)); }
  template <std::size_t n>
  std::string pick(const char* const (&from)[n]) { return from[below(int(n))]; }
  std::mt19937_64 random_;
};

bool same(const Figure& a, const Figure& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<double>(&a)) {
    const double y = std::get<double>(b);
    return *x == y || std::abs(*x - y) <= 1e-9 * std::max(std::abs(*x), std::abs(y)) + 1e-12;
  }
  if (const auto* x = std::get_if<Histogram>(&a)) {
    const auto& y = std::get<Histogram>(b);
    if (x->size() != y.size()) return false;
    std::int64_t all_x = 0, all_y = 0;  // an edge value may fall to either side of a floating point edge
    for (std::size_t i = 0; i < y.size(); ++i) all_x += (*x)[i].count, all_y += y[i].count;
    return all_x == all_y;
  }
  return a.index() == 0 || std::get<std::string>(a) == std::get<std::string>(b);
}

RowSet row_set(RowBatch batch) {
  return {std::move(batch.calls), std::move(batch.turns), std::move(batch.usage), std::move(batch.agent_status),
          std::move(batch.metric_series), std::move(batch.metric_points), std::move(batch.metric_distributions)};
}

class SqlAnswer : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Engines, SqlAnswer, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

TEST_P(SqlAnswer, EqualsTheWalkOverTheRows) {
  TestEngine engine(GetParam());
  if (!engine.missing().empty()) GTEST_SKIP() << engine.missing();
  const SystemClock clock;
  auto store = engine.open(clock);
  ASSERT_TRUE(store) << store.error().message;
  SampleRows rows(42);
  for (int i = 0; i < 20; ++i) {
    const auto batch = rows.next(400);
    const auto applied = (*store)->apply(batch);
    ASSERT_TRUE(applied) << applied.error().message;
  }
  const auto all = (*store)->rows({});
  ASSERT_TRUE(all);
  const RowSet set = row_set(*all);
  ASSERT_GT(set.calls.size(), 100u);
  Asker asker(7);
  const Instant now = from_micros(1'795'000'000'000'000) + 2h;
  for (int i = 0; i < 300; ++i) {
    const std::string text = asker.next();
    const auto question = parse_question(parse_query_string(text), now);
    ASSERT_TRUE(question) << text << " " << question.error().message;
    const auto want = answer_from_rows(*question, set, now, "rows");
    const auto got = answer_from_sql(*question, **store, now, no_deadline);
    ASSERT_TRUE(want);
    ASSERT_TRUE(got) << text << " " << got.error().message;
    ASSERT_EQ(got->rows.size(), want->rows.size()) << text;
    for (std::size_t r = 0; r < want->rows.size(); ++r)
      for (std::size_t c = 0; c < want->columns.size(); ++c)
        ASSERT_TRUE(same(got->rows[r][c], want->rows[r][c]))
            << text << "\nrow " << r << " " << want->columns[c] << "\ngot  " << to_json(*got).substr(0, 2000) << "\nwant "
            << to_json(*want).substr(0, 2000);
  }
}

// Calls at work in a range that began long before it, or never ended: an engine need not read all there ever were to find them.
TEST_P(SqlAnswer, FindsCallsAtWorkThatBeganBeforeTheRange) {
  TestEngine engine(GetParam());
  if (!engine.missing().empty()) GTEST_SKIP() << engine.missing();
  const SystemClock clock;
  auto store = engine.open(clock);
  ASSERT_TRUE(store) << store.error().message;
  const Instant from = from_micros(1'795'000'000'000'000);
  RowBatch batch{.from = 0, .to = 1};
  const auto add = [&](Duration before, std::optional<Duration> lasts) {
    CallRow call;
    call.call_id = {3, batch.calls.size()}, call.agent_id = {4, batch.calls.size()}, call.start = call.updated = from - before;
    if (lasts) call.state = CallState::ended, call.ended = call.start + *lasts;
    batch.calls.push_back(std::move(call));
  };
  add(8 * 24h + 1s, std::nullopt);  // too long ago
  add(8 * 24h - 1s, std::nullopt);
  add(2h, 2h + 1s);
  add(2h, 2h);  // over when the range begins
  add(1h, 1h + 1us), add(1h + 1us, 1h + 2us), add(1h + 2us, 1h + 3us);  // about as long as what an engine looks for apart
  add(1h, 1h), add(1h + 1us, 1h + 1us), add(1h + 1us, 1h);
  ASSERT_TRUE((*store)->apply(batch));
  const RowSet set = row_set((*store)->rows({}).value());
  for (const char* select : {"active_calls", "active_agents", "utilization"}) {
    const auto question = parse_question(parse_query_string(fmt::format("select={}&from={}&to={}", select, format_rfc3339(from), format_rfc3339(from + 10s))), from + 10s);
    ASSERT_TRUE(question);
    const auto want = answer_from_rows(*question, set, from + 10s, "rows"), got = answer_from_sql(*question, **store, from + 10s, no_deadline);
    ASSERT_TRUE(want && got);
    EXPECT_TRUE(same(got->rows.at(0).at(0), want->rows.at(0).at(0))) << to_json(*got) << to_json(*want);
    if (std::string_view(select) != "utilization") {
      EXPECT_EQ(std::get<double>(got->rows.at(0).at(0)), 5) << select;
    }
  }
}

}  // namespace
}  // namespace aybiza
