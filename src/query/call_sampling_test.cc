// Sampled calls against all of them: figures stay right within the error they tell, that error is the true one, and live state,
// stores, rollups and the oracle tell the same of them.
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <deque>
#include <filesystem>
#include <random>

#include "aggregate/shard.h"
#include "query/live_answer.h"
#include "query/oracle.h"
#include "query/rollup_answer.h"
#include "query/rollup_repair.h"
#include "query/sql_answer.h"
#include "store/test_engine.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Instant begin = from_micros(1'795'000'000'000'000 - 1'795'000'000'000'000 % 3'600'000'000);
constexpr std::int64_t one_in = 10;

// One event, with the bytes it views.
struct Told {
  Event event;
  std::deque<std::string> texts;
  std::vector<Value> values;

  Told(EventType type, std::uint64_t call, std::uint64_t id, Instant time, std::vector<std::pair<Field, std::string>> words,
       const std::vector<std::pair<Field, std::int64_t>>& numbers = {}) {
    words.emplace_back(Field::call_id, fmt::format("call-{}", call));
    for (auto& [field, text] : words) {
      const std::string_view kept = texts.emplace_back(std::move(text));
      const auto word = info(field).kind == Kind::word ? find_word(field, kept) : std::nullopt;
      values.push_back({.field = field, .number = word.value_or(0), .text = kept});
    }
    for (const auto& [field, number] : numbers) values.push_back({.field = field, .number = number});
    std::ranges::sort(values, {}, &Value::field);
    event.type = type, event.rank = native_rank(type), event.time = time, event.id = {.high = call + 1, .low = id};
    event.call = {.high = 7, .low = call + 1};
    event.agent = {.high = 3, .low = call % 11 + 1};
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
};
using Life = std::deque<Told>;

// A call: its start, turns, usage, end; some are rated or priced much later, some go on.
void live(Life& out, std::uint64_t call, std::mt19937_64& random, Duration spread) {
  const auto below = [&](std::uint64_t bound) { return std::int64_t(random() % bound); };
  const Instant start = begin + Duration(below(std::uint64_t(spread.count())));
  std::uint64_t id = 0;
  const char* const regions[] = {"eu", "us", "ap"};
  const char* const outcomes[] = {"successful", "successful", "failed", "transferred", "unknown"};
  out.emplace_back(EventType::call_started, call, ++id, start,
                   std::vector<std::pair<Field, std::string>>{{Field::customer_id, call % 4 ? "acme" : "beta"}, {Field::agent_id, fmt::format("a-{}", call % 11)},
                                                              {Field::region, regions[below(3)]}, {Field::model_used, "m-1"}});
  const std::int64_t turns = 1 + below(14), pace = 4 + below(20);
  for (std::int64_t i = 0; i < turns; ++i) {
    const bool agent = i % 2 == 1;
    std::vector<std::pair<Field, std::int64_t>> numbers{{Field::turn_number, i}, {Field::interrupted, below(4) == 0}};
    if (agent) numbers.insert(numbers.end(), {{Field::response_time_ms, 200'000 + below(2'000'000)}, {Field::llm_latency_ms, below(900'000)}});
    else numbers.push_back({Field::sentiment_score, below(20'001) - 10'000});
    out.emplace_back(EventType::turn, call, ++id, start + std::chrono::seconds(1 + i * pace),
                     std::vector<std::pair<Field, std::string>>{{Field::speaker, agent ? "agent" : "caller"}, {Field::state, below(2) ? "ask" : "answer"}}, numbers);
    if (agent)
      out.emplace_back(EventType::usage, call, ++id, start + std::chrono::seconds(2 + i * pace), std::vector<std::pair<Field, std::string>>{{Field::model, below(3) ? "m-1" : "m-2"}},
                       std::vector<std::pair<Field, std::int64_t>>{{Field::input_tokens, below(3000)}, {Field::output_tokens, below(300)}, {Field::cost_usd, below(40'000'000)}});
  }
  if (below(20) == 0) return;  // it goes on
  const Instant end = start + std::chrono::seconds(2 + turns * pace);
  out.emplace_back(EventType::call_ended, call, ++id, end, std::vector<std::pair<Field, std::string>>{{Field::call_outcome, outcomes[below(5)]}, {Field::resolution_status, below(3) ? "resolved" : "unresolved"}},
                   std::vector<std::pair<Field, std::int64_t>>{{Field::total_duration_ms, (end - start).count()}, {Field::error_count, below(3)}});
  if (below(4) == 0)
    out.emplace_back(EventType::call_rated, call, ++id, end + 3min, std::vector<std::pair<Field, std::string>>{}, std::vector<std::pair<Field, std::int64_t>>{{Field::customer_satisfaction_score, 10'000 + 10'000 * below(5)}});
  if (below(6) == 0)  // late
    out.emplace_back(EventType::turn, call, ++id, start + 1s, std::vector<std::pair<Field, std::string>>{{Field::speaker, "caller"}},
                     std::vector<std::pair<Field, std::int64_t>>{{Field::turn_number, turns + 1}, {Field::sentiment_score, below(10'000)}});
  if (below(8) == 0)
    out.emplace_back(EventType::usage, call, ++id, start + 2s, std::vector<std::pair<Field, std::string>>{}, std::vector<std::pair<Field, std::int64_t>>{{Field::output_tokens, below(900)}, {Field::cost_usd, below(9'000'000)}});
  if (below(8) == 0)
    out.emplace_back(EventType::call_updated, call, ++id, end + 4min, std::vector<std::pair<Field, std::string>>{{Field::region, "us"}}, std::vector<std::pair<Field, std::int64_t>>{{Field::cost_usd, below(900'000'000)}});
}

std::int64_t weight_of(std::uint64_t call, std::uint64_t seed) {
  return hash64({reinterpret_cast<const char*>(&call), sizeof call}, seed) % std::uint64_t(one_in) == 0 ? one_in : 0;
}

void weigh(Life& life, std::int64_t weight) {
  if (weight <= 1) return;
  for (Told& told : life) {
    told.values.push_back({.field = Field::sample_weight, .number = weight});
    told.event.values = told.values;
  }
}

Question ask(std::string_view text) {
  const auto question = parse_question(parse_query_string(text), begin + 12h);
  EXPECT_TRUE(question) << text << " " << question.error().message;
  return *question;
}

Answered<Answer> answer_live(const Shard& shard, const Question& question, Instant now) {
  return answer_from_live(question, [&](const LiveQuestion& live, Instant at) -> Answered<LivePartial> {
    EXPECT_TRUE(shard.covers(live, at).covered);
    return shard.ask(live, at);
  }, {}, now, {});
}

double number(const Answer& answer, std::size_t row, std::size_t column) {
  const auto* value = std::get_if<double>(&answer.rows.at(row).at(column));
  return value ? *value : std::nan("");
}

// What each call adds to some measures, to say what the error is in truth.
struct Truth {
  std::vector<double> turns, tokens, cost, duration;
};

class OfAllCalls : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, OfAllCalls, ::testing::Values(1u, 2u, 3u));

TEST_P(OfAllCalls, FiguresOfOneInTenAreRightWithinTheErrorTheyTell) {
  Shard all, some;
  std::mt19937_64 random(GetParam());
  Truth truth;
  std::uint64_t offset = 0, kept = 0;
  constexpr std::uint64_t calls = 20'000;
  for (std::uint64_t call = 0; call < calls; ++call) {
    Life life;
    live(life, call, random, 2h);
    const std::int64_t weight = weight_of(call, GetParam());
    kept += weight > 0;
    double turns = 0, tokens = 0;
    for (Told& told : life) {
      told.event.values = told.values;
      all.apply(told.event, ++offset, told.event.time);
      turns += told.event.type == EventType::turn;
      for (const Value& value : told.values) tokens += value.field == Field::input_tokens || value.field == Field::output_tokens ? double(value.number) : 0;
      for (const Value& value : told.values)
        if (value.field == Field::total_duration_ms) truth.duration.push_back(double(value.number) / 1e3);
    }
    truth.turns.push_back(turns), truth.tokens.push_back(tokens);
    if (weight == 0) continue;
    weigh(life, weight);
    for (const Told& told : life) some.apply(told.event, offset, told.event.time), ++offset;
  }
  ASSERT_NEAR(double(kept), double(calls) / one_in, 200);
  const char* const words = "calls,successful_calls,success_rate,resolved_calls,escalation_rate,errors,error_rate,rated_calls,avg_satisfaction,cost_per_call,quality_score,"
                            "efficiency_score,avg_duration_ms,avg_voice_latency_ms,turns,interruptions,avg_sentiment,avg_response_time_ms,cost_usd,tokens,input_tokens,output_tokens";
  const Question question = ask(fmt::format("select={}&from={}&to={}", words, format_rfc3339(begin - 1h), format_rfc3339(begin + 4h)));
  const Instant now = begin + 4h;
  const auto want = answer_live(all, question, now), got = answer_live(some, question, now);
  ASSERT_TRUE(want && got);
  EXPECT_TRUE(want->estimate.empty());
  ASSERT_EQ(got->estimate.size(), got->columns.size());
  for (std::size_t c = 0; c < got->columns.size(); ++c) {
    ASSERT_TRUE(got->estimate[c] && got->standard_error[0][c]) << got->columns[c];
    const double error = *got->standard_error[0][c];
    EXPECT_GT(error, 0) << got->columns[c];
    EXPECT_LE(std::abs(number(*got, 0, c) - number(*want, 0, c)), 4 * error) << got->columns[c] << " " << number(*got, 0, c) << " " << number(*want, 0, c);
  }
  // Of all calls: the variance of a sum is (n - 1) X^2 over them, that of a mean the same of X - mean, divided by their number squared.
  const auto error_of = [&](std::string_view column) { return *got->standard_error[0][std::size_t(std::ranges::find(got->columns, column) - got->columns.begin())]; };
  const auto of_sum = [](const std::vector<double>& values) {
    double variance = 0;
    for (const double value : values) variance += (one_in - 1) * value * value;
    return std::sqrt(variance);
  };
  EXPECT_NEAR(error_of("calls") / std::sqrt(double(calls) * (one_in - 1)), 1, 0.1);
  EXPECT_NEAR(error_of("turns") / of_sum(truth.turns), 1, 0.1);
  EXPECT_NEAR(error_of("tokens") / of_sum(truth.tokens), 1, 0.1);
  double mean = 0;
  for (const double value : truth.duration) mean += value / double(truth.duration.size());
  std::vector<double> off;
  for (const double value : truth.duration) off.push_back((value - mean) / double(truth.duration.size()));
  EXPECT_NEAR(error_of("avg_duration_ms") / of_sum(off), 1, 0.1);
}

bool close(double a, double b, double part) { return std::abs(a - b) <= part * std::max(std::abs(a), std::abs(b)) + 1e-9; }

class EveryWay : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Engines, EveryWay, ::testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

// Half of the customers' calls are sampled, the rest is whole; in between the shard is written, read again and written on.
TEST_P(EveryWay, TellsTheSameOfSampledCalls) {
  TestEngine engine(GetParam());
  if (!engine.missing().empty()) GTEST_SKIP() << engine.missing();
  const SystemClock clock;
  auto store = engine.open(clock);
  ASSERT_TRUE(store) << store.error().message;
  Shard shard;
  Oracle oracle;
  std::mt19937_64 random(5);
  std::uint64_t offset = 0, stored = 0;
  std::vector<std::unique_ptr<Life>> lives;
  std::vector<const Told*> log;
  for (std::uint64_t call = 0; call < 900; ++call) {
    Life& life = *lives.emplace_back(std::make_unique<Life>());
    live(life, call, random, 90min);
    const std::int64_t weight = call % 4 ? weight_of(call, 1) : 1;
    if (weight == 0) continue;
    for (Told& told : life) told.event.values = told.values;
    weigh(life, weight);
    for (const Told& told : life) log.push_back(&told);
  }
  std::ranges::stable_sort(log, {}, [](const Told* told) { return told->event.time + (told->event.id.low > 20 ? Duration(4min) : Duration(0)); });
  Instant received = begin;
  const auto write = [&] {
    RowBatch batch;
    batch.from = stored, batch.to = offset;
    shard.collect(batch);
    const auto done = (*store)->apply(batch);
    ASSERT_TRUE(done) << done.error().message;
    stored = offset;
  };
  for (const Told* told : log) {
    received = std::max(received, told->event.time);
    shard.apply(told->event, ++offset, received);
    oracle.add(told->event, received);
    shard.advance(received);
    if (offset % 700 != 0) continue;
    write();
    const std::string bytes = shard.snapshot();
    const std::string before = shard.canonical_dump();
    shard = Shard();
    ASSERT_TRUE(shard.restore(bytes));
    EXPECT_EQ(shard.canonical_dump(), before);
  }
  write();
  EXPECT_TRUE((*store)->samples());
  const RowSet rows = oracle.rows(received);
  const Instant now = begin + 3h;
  const auto compare = [&](const Question& question, const Answer& got, const Answer& want, bool whole, const std::string& what) {
    ASSERT_EQ(got.rows.size(), want.rows.size()) << what;
    EXPECT_EQ(got.estimate, want.estimate) << what;
    const std::size_t first = want.columns.size() - question.measures.size();
    for (std::size_t r = 0; r < want.rows.size(); ++r)
      for (std::size_t c = first; c < want.columns.size(); ++c) {
        const std::string place = fmt::format("{} row {} {}\ngot  {}\nwant {}", what, r, want.columns[c], to_json(got).substr(0, 3000), to_json(want).substr(0, 3000));
        const Figure &x = got.rows[r][c], &y = want.rows[r][c];
        ASSERT_EQ(x.index(), y.index()) << place;
        const bool quantile = want.columns[c].starts_with("max") || (want.columns[c][0] == 'p' && std::isdigit(want.columns[c][1]));
        if (const auto* value = std::get_if<double>(&x)) {
          ASSERT_TRUE(close(*value, std::get<double>(y), quantile ? 0.0051 : 1e-9)) << place;
        }
        if (want.estimate.empty()) continue;
        const auto &mine = got.standard_error[r][c], &exact = want.standard_error[r][c];
        ASSERT_EQ(mine.has_value(), exact.has_value()) << place;
        if (!mine) continue;
        if (whole || entity_of(question.measures[c - first]) == Entity::call) {
          ASSERT_TRUE(close(*mine, *exact, 1e-6)) << *mine << " " << *exact << place;
        } else if (want.columns[c].find("avg") == std::string::npos) {
          ASSERT_GE(*mine, *exact * (1 - 1e-6) - 1e-9) << place;  // never told too small
        }
      }
  };
  const auto check = [&](const std::string& text, bool whole, bool live = true) {
    const Question question = ask(text + (text.find("from=") == std::string::npos ? fmt::format("&from={}&to={}", format_rfc3339(begin - 1h), format_rfc3339(begin + 3h)) : ""));
    const auto want = answer_from_rows(question, rows, now, "rows");
    ASSERT_TRUE(want);
    ASSERT_FALSE(want->estimate.empty()) << text;
    const auto in_sql = answer_from_sql(question, **store, now, no_deadline);
    ASSERT_TRUE(in_sql) << in_sql.error().message;
    compare(question, *in_sql, *want, whole, "store " + text);
    const auto grid = Grid::of(question, *Zone::load(question.zone));
    const auto rolled = answer_from_rollups(question, *grid, **store, now, no_deadline, Duration(0));
    ASSERT_TRUE(rolled);
    if (*rolled) compare(question, **rolled, *want, whole, "rollups " + text);
    if (!live) return;
    const auto of_live = answer_live(shard, question, now);
    ASSERT_TRUE(of_live) << of_live.error().message;
    compare(question, *of_live, *want, whole, "live " + text);
  };
  const std::string of_calls = "select=calls,successful_calls,success_rate,resolved_calls,resolution_rate,escalated_calls,errors,error_rate,rated_calls,avg_satisfaction,"
                               "cost_per_call,quality_score,efficiency_score,avg_duration_ms,p50_duration_ms,max_duration_ms";
  const std::string of_turns = "select=turns,interruptions,avg_sentiment,avg_response_time_ms,p90_response_time_ms", of_usage = "select=cost_usd,tokens,input_tokens,output_tokens";
  for (int round = 0; round < 2; ++round) {
    for (const char* by : {"", "&by=region", "&by=customer_id", "&by=agent_id", "&by=call_outcome", "&by=region,customer_id", "&where=region:us", "&step=10m", "&step=1h"}) check(of_calls + by, false);
    for (const char* by : {"", "&by=customer_id", "&by=region", "&by=agent_id", "&where=customer_id:acme"}) check(of_turns + by, true), check(of_usage + by, true);
    for (const char* by : {"&by=state", "&by=speaker", "&by=sentiment_class", "&step=1m", "&step=10m", "&by=state,region"}) check(of_turns + by, false);
    for (const char* by : {"&by=model_used", "&step=1m"}) check(of_usage + by, false);
    check("select=calls,turns,cost_usd,active_calls,active_agents&step=10m", false, false);
    check("select=active_calls,active_agents&by=region", false);
    check("select=calls,turns&by=hour_of_day", false, false);
    check("select=ma_calls,calls&step=10m&ma=30m", false, false);
    check(fmt::format("{}&from={}&to={}", of_usage, format_rfc3339(begin + 20min), format_rfc3339(begin + 63min)), false);
    if (::testing::Test::HasFailure()) return;
    if (!(*store)->keeps_rollups()) break;
    const auto repaired = repair_rollups(**store, {.now = now, .elapsed = Duration(0), .at_once = true}, [] { return false; });
    ASSERT_TRUE(repaired) << repaired.error().message;
  }
  // Who asks for what no sampled call is in gets what is exact.
  const auto beta = answer_from_sql(ask(of_calls + fmt::format("&where=customer_id:beta&from={}&to={}", format_rfc3339(begin - 1h), format_rfc3339(begin + 3h))), **store, now, no_deadline);
  ASSERT_TRUE(beta);
  EXPECT_TRUE(beta->estimate.empty());
}

}  // namespace
}  // namespace aybiza
