// Rollups against the rows they were made of: answers from them are those of the walk over all rows, whatever changed since
// and whatever has been repaired; and repaired piece by piece they are what they are when made at once.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "query/rollup_answer.h"
#include "query/rollup_repair.h"
#include "query/rows_scan.h"
#include "store/rerate.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant base = from_micros(1'795'000'000'000'000);  // rows lie in the two hours after it
const RepairTime at_once{.now = base, .elapsed = Duration(0), .at_once = true, .thin_rows = 0};
const auto never_stop = [] { return false; };

class Rollups : public OnEngine {
 protected:
  Rollups() : OnEngine(base) {}
  static void repair(Store& store, const RepairTime& time = at_once) {
    const auto done = repair_rollups(store, time, never_stop);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  // Without what SampleRows makes up: rollups that are of no rows.
  static RowBatch next(SampleRows& sample, std::size_t events) {
    RowBatch batch = sample.next(events);
    batch.rollups.clear();
    return batch;
  }
  static std::vector<std::string> rollups(Store& store) {
    return row_texts(store.rows({.tables = bit(Table::rollups), .call = {}, .customer = {}, .step = {}, .dimension = {}}).value());
  }

};
INSTANTIATE_TEST_SUITE_P(Engines, Rollups, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

RowSet row_set(RowBatch batch) {
  return {std::move(batch.calls), std::move(batch.turns), std::move(batch.usage), {}, {}, {}, {}, {}, {}};
}

std::string random_question(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  static const char* const calls[] = {"calls", "successful_calls", "success_rate", "resolved_calls", "resolution_rate", "escalated_calls", "escalation_rate",
                                      "intervened_calls", "errors", "error_rate", "rated_calls", "avg_satisfaction", "cost_per_call", "quality_score",
                                      "efficiency_score", "avg_duration_ms", "p50_duration_ms", "p95_voice_latency_ms", "p99_cost_usd", "min_duration_ms",
                                      "max_cost_usd", "cost_usd", "tokens", "input_tokens", "output_tokens", "cache_read_tokens"};
  static const char* const turns[] = {"turns", "interruptions", "avg_sentiment", "sentiment_confidence", "avg_response_time_ms", "p90_stt_latency_ms",
                                      "p50_llm_latency_ms", "max_tts_latency_ms"};
  static const char* const of_calls[] = {"customer_id", "agent_id", "agent_type", "region", "model_used", "campaign", "direction", "call_outcome", "end_reason"};
  static const char* const of_turns[] = {"intent", "state", "speaker", "emotion", "topic", "sentiment_class"};
  const bool turn = below(3) == 0;
  std::string select, by;
  for (std::uint64_t i = 0; i <= below(4); ++i) {
    const std::string word = turn ? turns[below(std::size(turns))] : calls[below(std::size(calls))];
    if (select.find(word) == std::string::npos) select += (select.empty() ? "" : ",") + word;
  }
  if (below(3) != 0) by = turn && below(2) == 0 ? of_turns[below(std::size(of_turns))] : of_calls[below(std::size(of_calls))];
  if (by != "customer_id" && below(3) == 0) by += by.empty() ? "customer_id" : ",customer_id";
  const Instant from = base + std::chrono::seconds(below(4000)) - 600s, to = from + std::chrono::seconds(1 + below(9000));
  const char* const steps[] = {"", "&step=1m", "&step=10m", "&step=1h", "&step=1d&tz=Europe/Berlin"};
  std::string text = "select=" + select + (by.empty() ? "" : "&by=" + by) + "&from=" + format_rfc3339(from) + "&to=" + format_rfc3339(to) + "&limit=100000" + steps[below(5)];
  const bool free = by.empty() || by == "customer_id" || by.starts_with("region");
  if (free && below(2) == 0) text += std::string("&where=") + (below(2) == 0 ? "!" : "") + "region:d-1|d-2" + (below(2) == 0 ? "|" : "");
  if (below(4) == 0) text += "&where=customer_id:customer-1";
  return text;
}

bool same(const Figure& got, const Figure& want, bool quantile) {
  if (got.index() != want.index()) return false;
  if (const auto* text = std::get_if<std::string>(&got)) return *text == std::get<std::string>(want);
  const auto* x = std::get_if<double>(&got);
  if (!x) return true;  // unknown, both
  const double y = std::get<double>(want), off = quantile ? 0.005 : 1e-9;
  return std::abs(*x - y) <= off * std::max(std::abs(*x), std::abs(y)) + 1e-9;
}

// How many of `count` random questions rollups answered; all of those as the rows do.
int compare(Store& store, std::mt19937_64& random, int count) {
  int answered = 0;
  const RowSet set = row_set(store.rows({}).value());
  for (int i = 0; i < count; ++i) {
    const std::string text = random_question(random);
    const auto question = parse_question(parse_query_string(text), base + 4h);
    EXPECT_TRUE(question.has_value()) << text << " " << question.error().message;
    if (!question) return 0;
    const auto grid = Grid::of(*question, Zone::load(question->zone).value());
    const auto got = answer_from_rollups(*question, *grid, store, base + 4h, no_deadline, Duration(0));
    EXPECT_TRUE(got.has_value()) << text << " " << got.error().message;
    if (!got || !*got) continue;
    ++answered;
    const auto want = answer_from_rows(*question, set, base + 4h, "rows");
    bool agree = (*got)->rows.size() == want->rows.size();
    for (std::size_t r = 0; agree && r < want->rows.size(); ++r)
      for (std::size_t c = 0; c < want->columns.size(); ++c)
        agree = agree && same((*got)->rows[r][c], want->rows[r][c], want->columns[c].starts_with('p') && std::isdigit(want->columns[c][1]));
    EXPECT_TRUE(agree) << text << "\ngot  " << to_json(**got).substr(0, 1500) << "\nwant " << to_json(*want).substr(0, 1500);
    if (!agree) return answered;
  }
  return answered;
}

TEST_P(Rollups, AnswerAsTheRowsWhateverHasChangedSince) {
  auto store = open();
  SampleRows sample(5);
  std::mt19937_64 random(17);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(store->apply(next(sample, 500)).has_value());
  compare(*store, random, 20);  // nothing is made yet: from the rows, or not at all
  repair(*store);
  EXPECT_TRUE(store->dirty_rollups().empty());
  EXPECT_GT(compare(*store, random, 200), 60);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(store->apply(next(sample, 5)).has_value());  // a few buckets change
    EXPECT_FALSE(store->dirty_rollups().empty());
    compare(*store, random, 40);
    if (i == 2) store.reset(), store = open();  // marks outlive a restart
    if (i % 2 == 1) repair(*store);
  }
}

TEST_P(Rollups, PieceByPieceIsAsAtOnce) {
  auto store = open();
  SampleRows sample(6);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(store->apply(next(sample, 60)).has_value());
    repair(*store);
  }
  const auto piecewise = rollups(*store);
  ASSERT_GT(piecewise.size(), 500u);
  ASSERT_TRUE(store->mark_rollups(Instant::min(), Instant::max()).has_value());
  EXPECT_GT(store->dirty_rollups().size(), 100u);
  repair(*store);
  EXPECT_EQ(rollups(*store), piecewise);
}

TEST_P(Rollups, WhatChangesWhileItIsReadStaysMarked) {
  auto store = open();
  SampleRows sample(7);
  ASSERT_TRUE(store->apply(next(sample, 100)).has_value());
  auto claims = store->dirty_rollups();
  std::erase_if(claims, [](const DirtyBucket& claim) { return claim.step == 1h; });  // an hour would take its minutes with it
  ASSERT_TRUE(store->apply(next(sample, 20)).has_value());
  ASSERT_TRUE(store->put_rollups(claims, {}).has_value());
  const auto left = store->dirty_rollups();
  const auto taken = std::count_if(claims.begin(), claims.end(), [&](const DirtyBucket& claim) {
    return std::none_of(left.begin(), left.end(), [&](const DirtyBucket& one) { return one.step == claim.step && one.bucket == claim.bucket; });
  });
  EXPECT_GT(taken, 0);  // minutes that only the first batch had
  const auto is_day = [](const DirtyBucket& bucket) { return bucket.step == 24h; };
  EXPECT_TRUE(std::any_of(left.begin(), left.end(), is_day));  // both had the day
}

TEST_P(Rollups, AreMadeWhenTheirTimeIsOverAndTheirRowsRest) {
  auto store = open();
  CallRow call;
  call.call_id = {1, 1};
  call.start = call.updated = floor_to(base, 1h) + 30min;
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .calls = {call}}).has_value());
  const auto waiting = [&](Duration after_start, Duration since_marked) {
    repair(*store, {.now = call.start + after_start, .elapsed = clock_.elapsed() + since_marked, .thin_rows = 0});
    return store->dirty_rollups().size();
  };
  EXPECT_EQ(waiting(2min, 61s), 3u);         // the minute has not been over for long enough
  EXPECT_EQ(waiting(3min, 59s), 3u);         // and not left alone
  EXPECT_EQ(waiting(3min, 60s), 2u);         // the minute
  EXPECT_EQ(waiting(32min, 61s), 1u);        // the hour
  EXPECT_EQ(waiting(26h, 61s), 0u);          // the day
  EXPECT_EQ(rollups(*store).size(), 1u + 19u + 19u);  // region; the total and all eighteen dimensions of a call
}

// Hours with and without minutes, made again and again as rows come, and others whose minutes are wanted: every answer is that of the rows.
TEST_P(Rollups, OfFewRowsHaveNoMinutes) {
  auto store = open();
  SampleRows sample(9);
  std::mt19937_64 random(23);
  const auto minutes = [&] { return store->rows({.tables = bit(Table::rollups), .call = {}, .customer = {}, .step = Duration(1min), .dimension = {}})->rollups; };
  const auto hours = [&] {
    std::set<Instant> of;
    for (const RollupRow& row : minutes()) of.insert(floor_to(row.bucket, 1h));
    return of;
  };
  const auto repaired = [&](std::int64_t thin_rows, Instant minutes_before = Instant::min()) {
    repair(*store, {.now = base, .elapsed = Duration(0), .at_once = true, .thin_rows = thin_rows, .minutes_before = minutes_before});
  };
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(store->apply(next(sample, 300)).has_value());
  repaired(1'000'000);
  EXPECT_TRUE(minutes().empty());
  EXPECT_TRUE(store->dirty_rollups().empty());
  const auto bare = first_without_minutes(*store, base - 240h, base + 240h);
  ASSERT_TRUE(bare && *bare);
  EXPECT_GT(compare(*store, random, 150), 0);

  ASSERT_TRUE(store->apply(next(sample, 10)).has_value());  // some hours get minutes at a late row, all of them or none
  repaired(0);
  const auto all = hours();
  ASSERT_FALSE(all.empty());
  for (const RollupRow& row : minutes()) EXPECT_TRUE(all.contains(floor_to(row.bucket, 1h)));
  compare(*store, random, 100);
  ASSERT_TRUE(store->mark_rollups(Instant::min(), Instant::max()).has_value());
  repaired(1'000'000, base + 240h);  // their rows are to go
  const auto full = hours();
  EXPECT_GE(full.size(), all.size());
  EXPECT_FALSE(first_without_minutes(*store, base - 240h, base + 240h).value().has_value());
  EXPECT_GT(compare(*store, random, 150), 0);

  ASSERT_TRUE(store->apply(next(sample, 10)).has_value());  // and lose them
  repaired(1'000'000);
  EXPECT_LT(hours().size(), full.size());
  compare(*store, random, 100);
}

// A minute that is over is made before its hour is, where the hour has rows enough: and never alone in an hour that was made without.
TEST_P(Rollups, OfARunningHourAreMadeWhereItHasRowsEnough) {
  auto store = open();
  const Instant hour = floor_to(base, 1h);
  std::uint64_t number = 0;
  const auto calls_at = [&](Duration after, int count) {
    RowBatch batch{.from = number, .to = number + 1};
    for (int i = 0; i < count; ++i) {
      CallRow& call = batch.calls.emplace_back();
      call.call_id = {number + 1, std::uint64_t(i)};
      call.start = call.updated = hour + after;
    }
    ++number;
    ASSERT_TRUE(store->apply(batch).has_value());
  };
  const auto minutes_at = [&](Duration now) {
    repair(*store, {.now = hour + now, .elapsed = clock_.elapsed() + 61s, .thin_rows = 5});
    return store->rows({.tables = bit(Table::rollups), .call = {}, .customer = {}, .step = Duration(1min), .dimension = {}})->rollups.size();
  };
  calls_at(1min, 3);
  EXPECT_EQ(minutes_at(10min), 0u);  // three of five
  calls_at(5min, 2);
  EXPECT_EQ(minutes_at(11min), 2u);
  calls_at(70min, 2);
  EXPECT_EQ(minutes_at(124min), 2u);  // the next hour has two, and is made without
  calls_at(80min, 3);                 // late: five now
  EXPECT_EQ(minutes_at(119min), 2u);  // the minute is due and its hour is not: it is not made alone
  EXPECT_EQ(minutes_at(124min), 4u);
}

// A minute may hold more rows than the rest of the day: the engine sums those up faster than we fold them.
TEST_P(Rollups, LeaveItToTheRowsWhereMostOfThemHaveChanged) {
  auto store = open();
  RowBatch batch{.from = 0, .to = 1};
  for (std::uint64_t i = 0; i < rollup_folded_rows; ++i) {
    CallRow& call = batch.calls.emplace_back();
    call.call_id = {7, i};
    call.start = call.updated = floor_to(base, 1h) + 30min + std::chrono::milliseconds(i);
  }
  ASSERT_TRUE(store->apply(batch).has_value());
  const auto question = parse_question(parse_query_string("select=calls&from=" + format_rfc3339(base - 24h) + "&to=" + format_rfc3339(base + 24h)), base + 4h);
  ASSERT_TRUE(question.has_value());
  const auto grid = Grid::of(*question, Zone::load(question->zone).value());
  const auto ask = [&] { return answer_from_rollups(*question, *grid, *store, base + 4h, no_deadline, Duration(0)).value(); };
  EXPECT_FALSE(ask().has_value());
  repair(*store);
  const auto answer = ask();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(std::get<double>(answer->rows.at(0).at(0)), double(rollup_folded_rows));
}

// Calls are looked for among those of an hour, of a day and among all: turns and usage have their dimensions wherever they are found, and once.
TEST_P(Rollups, FindTheCallsOfTurnsHoweverLongTheyHaveLasted) {
  auto store = open();
  const Instant minute = floor_to(base, 1h) + 30min;
  RowBatch batch{.from = 0, .to = 1};
  const Duration ages[] = {20min, 40min, 61min, 5h, 23h, 25h, 80h, -5min, -50min, -2h};
  for (std::uint64_t i = 0; i < std::size(ages); ++i) {
    CallRow& call = batch.calls.emplace_back();
    call.call_id = {1, i};
    call.start = call.updated = minute - ages[i];
    call.dims[Field::region] = fmt::format("region-{}", i);
    for (int n = 0; n <= int(i); ++n) {
      TurnRow& turn = batch.turns.emplace_back();
      turn.call_id = call.call_id, turn.turn_number = n, turn.time = turn.updated = minute + std::chrono::seconds(n);
    }
    batch.usage.push_back({.id = {2, i}, .call_id = call.call_id, .time = minute + 1s, .input_tokens = std::int64_t(i) + 1});
  }
  TurnRow& lonely = batch.turns.emplace_back();
  lonely.call_id = {9, 9}, lonely.time = lonely.updated = minute;
  ASSERT_TRUE(store->apply(batch).has_value());
  repair(*store);
  const RowSet set = row_set(store->rows({}).value());
  for (const char* select : {"turns", "tokens", "calls"}) {
    const auto question = parse_question(parse_query_string(fmt::format("select={}&by=region&limit=1000&from={}&to={}", select, format_rfc3339(minute), format_rfc3339(minute + 1min))), base + 4h);
    ASSERT_TRUE(question.has_value());
    const auto got = answer_from_rollups(*question, *Grid::of(*question, *Zone::load("UTC")), *store, base + 4h, no_deadline, Duration(0));
    const auto want = answer_from_rows(*question, set, base + 4h, "rows");
    ASSERT_TRUE(got && *got && want.has_value());
    ASSERT_EQ((*got)->rows.size(), want->rows.size()) << to_json(**got) << to_json(*want);
    EXPECT_EQ(want->rows.size(), select == std::string_view("calls") ? 0 : std::size(ages) + (select == std::string_view("turns") ? 1 : 0));  // the lonely one is nowhere
    for (std::size_t r = 0; r < want->rows.size(); ++r)
      for (std::size_t c = 0; c < want->columns.size(); ++c) EXPECT_TRUE(same((*got)->rows[r][c], want->rows[r][c], false)) << to_json(**got) << to_json(*want);
  }
}

TEST_P(Rollups, FollowUsageThatIsPricedAnew) {
  auto store = open();
  CallRow call;
  call.call_id = {1, 1};
  call.start = call.updated = floor_to(base, 1h) + 30min;
  call.cost_nano = 5, call.cost_source = CostSource::priced;
  const UsageRow usage{.id = {2, 1}, .call_id = call.call_id, .time = call.start + 5min, .model = "claude-sonnet-4-5", .input_tokens = 1'000'000,
                       .cost_nano = 5, .cost_source = CostSource::priced};
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .calls = {call}, .usage = {usage}}).has_value());
  const auto cost = [&] {
    repair(*store);
    const auto question = parse_question(parse_query_string("select=cost_usd&from=" + format_rfc3339(base - 4h) + "&to=" + format_rfc3339(base + 4h)), base + 4h);
    const auto answer = answer_from_rollups(*question, *Grid::of(*question, *Zone::load("UTC")), *store, base, no_deadline, Duration(0));
    return answer && *answer ? std::get<double>((*answer)->rows[0][0]) : -1.0;
  };
  EXPECT_DOUBLE_EQ(cost(), 5e-9);
  EXPECT_TRUE(store->dirty_rollups().empty());
  ASSERT_TRUE(rerate_store(*store, {.from = base - 4h, .to = base + 4h}, PriceBook::built_in(), never_stop).has_value());
  EXPECT_EQ(store->dirty_rollups().size(), 4u);  // the minutes of the call and of its usage, their hour and day
  const auto row = store->rows({.tables = bit(Table::usage_events), .call = {}, .customer = {}, .step = {}, .dimension = {}})->usage.at(0);
  EXPECT_GT(*row.cost_nano, 1'000'000'000);
  EXPECT_DOUBLE_EQ(cost(), double(*row.cost_nano) / 1e9);
}

TEST_P(Rollups, OutliveTheRowsTheyWereMadeOf) {
  auto store = open();
  SampleRows sample(8);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(store->apply(next(sample, 200)).has_value());
  repair(*store);
  const auto before = rollups(*store);
  for (const Table table : {Table::call_analytics, Table::conversation_turns, Table::usage_events}) ASSERT_TRUE(store->forget(table, base + 3h).has_value());
  store.reset();
  store = open();
  ASSERT_TRUE(store->mark_rollups(Instant::min(), Instant::max()).has_value());
  EXPECT_TRUE(store->dirty_rollups().empty());
  repair(*store);
  EXPECT_EQ(rollups(*store), before);
}

}  // namespace
}  // namespace aybiza
