// Events of calls that live state has let go, and rows that are superseded: on every engine.
#include "store/late.h"

#include <gtest/gtest.h>

#include "store/engine_fixture.h"

namespace aybiza {
namespace {

class Late : public OnEngine {};

LateRow late(const CallRow& call, EventType type, std::int64_t after_s) {
  LateRow row;
  row.id = {99, std::uint64_t(after_s)};
  row.call_id = call.call_id;
  row.time = call.start + std::chrono::seconds(after_s);
  row.type = type;
  row.rank = native_rank(type);
  return row;
}

TEST_P(Late, ALateRatingChangesItsCallAndItsScore) {
  auto store = open();
  CallRow call = a_call();
  call.state = CallState::ended;
  call.ended = call.start + std::chrono::seconds(60);
  call.duration_us = 60'000'000;
  call.call_outcome = "successful";
  call.quality_e4 = 10'000;
  must(store->apply({.from = 0, .to = 1, .calls = {call}}));
  LateRow rating = late(call, EventType::call_rated, 86'400);
  rating.numbers = {{Field::customer_satisfaction_score, 10'000}};
  must(store->apply({.from = 1, .to = 2, .late = {rating}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->calls.size(), 1u);
  EXPECT_EQ(found->calls[0].satisfaction_e4, 10'000);
  EXPECT_EQ(found->calls[0].quality_e4, 6'000);  // (30 x 1 + 20 x 0) / 50
  EXPECT_EQ(found->calls[0].call_outcome, "successful");
  EXPECT_EQ(found->calls[0].duration_us, 60'000'000);
  EXPECT_EQ(found->calls[0].updated, rating.time);
}

TEST_P(Late, ALateReportFillsAndMovesButAnOlderOneOnlyFills) {
  auto store = open();
  CallRow call = a_call();
  call.dims[Field::region] = "eu";
  call.updated = call.start + std::chrono::seconds(100);
  must(store->apply({.from = 0, .to = 1, .calls = {call}}));
  LateRow older = late(call, EventType::call_updated, 50);
  older.dims[Field::region] = "us";
  older.dims[Field::campaign] = "spring";
  must(store->apply({.from = 1, .to = 2, .late = {older}}));
  const auto filled = store->rows({});
  EXPECT_EQ(filled->calls.at(0).dims[Field::region], "eu");
  EXPECT_EQ(filled->calls.at(0).dims[Field::campaign], "spring");
  LateRow end = late(call, EventType::call_ended, 200);
  const Instant start = call.start - std::chrono::hours(2);
  end.numbers = {{Field::started_at, to_micros(start)}, {Field::total_duration_ms, 90'000'000}};
  end.texts = {{Field::call_outcome, "failed"}};
  must(store->apply({.from = 2, .to = 3, .late = {end}}));
  const auto moved = store->rows({});
  ASSERT_EQ(moved->calls.size(), 1u);
  EXPECT_EQ(moved->calls[0].start, start);
  EXPECT_EQ(moved->calls[0].ended, start + std::chrono::seconds(90));
  EXPECT_EQ(moved->calls[0].state, CallState::ended);
  EXPECT_EQ(moved->calls[0].call_outcome, "failed");
}

TEST_P(Late, LateTurnsAndUsageMoveMeansAndSums) {
  auto store = open();
  CallRow call = a_call();
  call.voice_latency_us = 1'000'000;
  call.tokens_consumed = 10;
  call.turns = 1;
  TurnRow turn{.call_id = call.call_id, .turn_number = 1, .time = call.start, .agent_speaks = true, .text_content = "hello",
               .updated = call.start, .response_time_us = 1'000'000};
  must(store->apply({.from = 0, .to = 3, .calls = {call}, .turns = {turn},
                     .usage = {{.id = {5, 5}, .call_id = call.call_id, .time = call.start, .input_tokens = 10}}}));
  LateRow second = late(call, EventType::turn, 5);
  second.numbers = {{Field::turn_number, 2}, {Field::response_time_ms, 3'000'000}};
  second.texts = {{Field::speaker, "agent"}, {Field::text_content, "and again"}};
  LateRow correction = late(call, EventType::turn, 6);
  correction.numbers = {{Field::turn_number, 1}, {Field::response_time_ms, 2'000'000}};
  LateRow usage = late(call, EventType::usage, 7);
  usage.numbers = {{Field::output_tokens, 5}, {Field::cost_usd, 1'000}};
  must(store->apply({.from = 3, .to = 6, .late = {second, correction, usage}}));
  must(store->apply({.from = 6, .to = 7, .late = {usage}}));  // counts once
  const auto found = store->rows({});
  ASSERT_EQ(found->turns.size(), 2u);
  EXPECT_EQ(found->turns[0].text_content, "and again");
  EXPECT_EQ(found->turns[1].text_content, "hello");
  EXPECT_EQ(found->turns[1].response_time_us, 2'000'000);
  ASSERT_EQ(found->usage.size(), 2u);
  ASSERT_EQ(found->calls.size(), 1u);
  EXPECT_EQ(found->calls[0].turns, 2);
  EXPECT_EQ(found->calls[0].voice_latency_us, 2'500'000);
  EXPECT_EQ(found->calls[0].tokens_consumed, 15);
  EXPECT_FALSE(found->calls[0].cost_nano);  // one usage has no known cost
}

TEST_P(Late, ATurnThatLeavesItsNumberAndAUsageThatIsSupersededGo) {
  auto store = open();
  CallRow call = a_call();
  TurnRow first{.call_id = call.call_id, .turn_number = 1, .time = call.start, .text_content = "first", .updated = call.start};
  UsageRow early{.id = {5, 5}, .call_id = call.call_id, .time = call.start, .input_tokens = 10};
  must(store->apply({.from = 0, .to = 3, .calls = {call}, .turns = {first}, .usage = {early}}));
  // Something earlier came late: what was 1 is 2 now, in one batch with the deletion, which stands first.
  TurnRow gone{.call_id = call.call_id, .turn_number = 1, .time = call.start, .stored_time = call.start, .removed = true};
  TurnRow earlier = first, moved = first;
  earlier.text_content = "earlier";
  moved.turn_number = 2;
  UsageRow superseded = early;
  superseded.stored = superseded.removed = true;
  UsageRow whole = early;
  whole.id = {6, 6};
  must(store->apply({.from = 3, .to = 5, .turns = {gone, earlier, moved}, .usage = {superseded, whole}}));
  auto found = store->rows({});
  ASSERT_EQ(found->turns.size(), 2u);
  EXPECT_EQ(found->turns[0].text_content, "earlier");
  EXPECT_EQ(found->turns[1].turn_number, 2);
  ASSERT_EQ(found->usage.size(), 1u);
  EXPECT_EQ(found->usage[0].id, (Id{6, 6}));
  // The same beside a late event of the call.
  TurnRow leaves{.call_id = call.call_id, .turn_number = 2, .time = call.start, .stored_time = call.start, .removed = true};
  LateRow rating = late(call, EventType::call_rated, 60);
  rating.numbers = {{Field::customer_satisfaction_score, 40'000}};
  must(store->apply({.from = 5, .to = 6, .turns = {leaves}, .late = {rating}}));
  found = store->rows({});
  ASSERT_EQ(found->turns.size(), 1u);
  EXPECT_EQ(found->turns[0].turn_number, 1);
}

TEST_P(Late, ACallThatIsPartOfAnotherGoesWithWhatIsItsOwn) {
  auto store = open();
  CallRow part = a_call(), whole = a_call();
  part.call_id = {9, 1}, whole.call_id = {9, 2};
  TurnRow said{.call_id = part.call_id, .turn_number = 1, .time = part.start, .text_content = "hello", .updated = part.start};
  UsageRow used{.id = {5, 5}, .call_id = part.call_id, .time = part.start, .input_tokens = 10};
  must(store->apply({.from = 0, .to = 3, .calls = {part}, .turns = {said}, .usage = {used}}));
  // It leaves and the other has all of it, usage under the same id, in one batch; a late event of what is gone becomes a raw one.
  CallRow gone = part;
  gone.stored_start = part.start;
  gone.removed = true;
  TurnRow left = said;
  left.stored_time = said.time;
  left.removed = true;
  UsageRow freed = used;
  freed.removed = true;
  said.call_id = used.call_id = whole.call_id;
  LateRow rating = late(part, EventType::call_rated, 60);
  rating.numbers = {{Field::customer_satisfaction_score, 40'000}};
  must(store->apply({.from = 3, .to = 5, .calls = {gone, whole}, .turns = {left, said}, .usage = {freed, used}, .late = {rating}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->calls.size(), 1u);
  EXPECT_EQ(found->calls[0].call_id, whole.call_id);
  ASSERT_EQ(found->turns.size(), 1u);
  EXPECT_EQ(found->turns[0].call_id, whole.call_id);
  ASSERT_EQ(found->usage.size(), 1u);
  EXPECT_EQ(found->usage[0].call_id, whole.call_id);
  EXPECT_EQ(found->raw.size(), 1u);
}

TEST_P(Late, ALatePartOfATextIsPutBesideTheOthers) {
  auto store = open();
  CallRow call = a_call();
  TurnRow turn{.call_id = call.call_id, .turn_number = 1, .time = call.start + std::chrono::seconds(10), .text_content = "in the middle",
               .updated = call.start + std::chrono::seconds(10)};
  must(store->apply({.from = 0, .to = 1, .calls = {call}, .turns = {turn}}));
  LateRow before = late(call, EventType::turn, 5), after = late(call, EventType::turn, 15);
  for (LateRow* part : {&before, &after}) part->numbers = {{Field::turn_number, 1}};
  before.texts = {{Field::text_content, "before,"}, {Field::turn_key, "xa"}};
  after.texts = {{Field::text_content, "after"}, {Field::turn_key, "xa"}};
  must(store->apply({.from = 1, .to = 3, .late = {before, after}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->turns.size(), 1u);
  EXPECT_EQ(found->turns[0].text_content, "before, in the middle after");
}

TEST_P(Late, ALateTurnOfALiveCallLeavesTheCallToTheFold) {
  auto store = open();
  CallRow call = a_call();
  must(store->apply({.from = 0, .to = 1, .calls = {call}}));
  call.stored_start = call.start;
  call.turns = 7;  // as the fold counts
  LateRow turn = late(call, EventType::turn, 5);
  turn.numbers = {{Field::turn_number, 9}};
  must(store->apply({.from = 1, .to = 2, .calls = {call}, .late = {turn}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->calls.size(), 1u);
  EXPECT_EQ(found->calls[0].turns, 7);
  EXPECT_EQ(found->turns.size(), 1u);
}

TEST_P(Late, ALateEventOfAnUnknownCallIsKeptRaw) {
  auto store = open();
  LateRow rating = late(a_call(), EventType::call_rated, 1);
  rating.numbers = {{Field::nps, 9}};
  must(store->apply({.from = 0, .to = 1, .late = {rating}}));
  const auto found = store->rows({});
  EXPECT_TRUE(found->calls.empty());
  ASSERT_EQ(found->raw.size(), 1u);
  EXPECT_EQ(found->raw[0].type, "call.rated");
  EXPECT_EQ(found->raw[0].data, "{\"call_id\":\"00000000-0000-0007-0000-000000000008\",\"nps\":9}");
}

INSTANTIATE_TEST_SUITE_P(Engines, Late, testing::ValuesIn(TestEngine::names()), [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace aybiza
