#include "live/advice.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "live/tokens.h"
#include "query/rows_scan.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'800'000'000'000'000);

class AdviceTest : public testing::Test {
 protected:
  // Calls of a kind on a model: of each hundred so many go well, each costs so many cents and reads so many tokens, some of them from the cache.
  void calls(int count, std::string_view kind, std::string_view model, int well, std::int64_t cents, std::int64_t read = 0, std::int64_t cached = 0) {
    for (int i = 0; i < count; ++i) {
      CallRow call;
      call.call_id = uuid_v5(fmt::format("call {}", rows_.calls.size())), call.start = call.updated = now - 30min;
      call.dims[Field::agent_type] = kind, call.dims[Field::model_used] = model, call.dims[Field::customer_id] = "acme";
      call.state = CallState::ended, call.call_outcome = i % 100 < well ? "successful" : "failed";
      call.cost_nano = cents * 10'000'000, call.cost_source = CostSource::reported;
      if (read > 0) {
        UsageRow usage;
        usage.id = {1, rows_.usage.size()}, usage.call_id = call.call_id, usage.time = call.start, usage.model = model;
        usage.input_tokens = read, usage.cache_read_tokens = cached, usage.output_tokens = 100, usage.cache_write_tokens = 40;
        rows_.usage.push_back(usage);
      }
      rows_.calls.push_back(std::move(call));
    }
  }
  AdviceState advice() {
    const TokenPrice price = [](std::string_view model, bool cached) { return model == "unpriced" ? Known() : Known(cached ? 0.3e-6 : 3e-6); };
    return compute_advice([this](const Question& q) { return answer_from_rows(q, rows_, now, "store"); }, [this](const FleetQuestion& q) { return Answered<std::vector<SpendLeak>>(spend_leaks_from_rows(q, rows_)); }, price, {}, now);
  }
  RowSet rows_;
};

TEST_F(AdviceTest, ACheaperModelThatDoesAsWell) {
  calls(4'000, "support", "opus", 90, 20), calls(4'000, "support", "haiku", 90, 5);
  const AdviceState state = advice();
  ASSERT_EQ(state.error, "");
  ASSERT_EQ(state.list.size(), 1u);
  const Advice& a = state.list[0];
  EXPECT_EQ(a.model, "opus");
  EXPECT_EQ(a.other, "haiku");
  EXPECT_NEAR(a.saving_usd, 4'000 * 0.15, 1e-6);
  EXPECT_EQ(a.n, 4'000);
  EXPECT_DOUBLE_EQ(a.share, 0.9);
  const auto effect = effect_of({4'000, 3'600}, {4'000, 3'600}, advice_alpha);
  EXPECT_DOUBLE_EQ(a.effect->low, effect->low);
  EXPECT_EQ(state.length, 1h);
}

TEST_F(AdviceTest, NoneWhereSuccessIsLessOrUnsure) {
  calls(4'000, "support", "opus", 90, 20), calls(4'000, "support", "haiku", 80, 5);  // known to be worse
  calls(150, "sales", "opus", 90, 20), calls(150, "sales", "haiku", 90, 5);          // too few to leave out a loss
  calls(4'000, "billing", "opus", 90, 5), calls(4'000, "billing", "haiku", 90, 20);  // that model is the dear one: the other is advised
  const AdviceState state = advice();
  ASSERT_EQ(state.list.size(), 1u);
  EXPECT_EQ(state.list[0].agent_type, "billing");
  EXPECT_EQ(state.list[0].model, "haiku");
}

TEST_F(AdviceTest, WhatTheCacheWouldSave) {
  calls(100, "support", "sonnet", 90, 5, 2'000, 8'000), calls(100, "sales", "sonnet", 90, 5, 8'000, 2'000);
  calls(10, "billing", "sonnet", 90, 5, 1'000, 0);            // too little to speak of
  calls(100, "a", "unpriced", 90, 5, 2'000, 8'000), calls(100, "b", "unpriced", 90, 5, 8'000, 2'000);
  const AdviceState state = advice();
  ASSERT_EQ(state.list.size(), 1u);
  const Advice& a = state.list[0];
  EXPECT_EQ(a.kind, AdviceKind::cache);
  EXPECT_EQ(a.agent_type, "sales");
  EXPECT_EQ(a.other, "support");
  EXPECT_DOUBLE_EQ(a.share, 0.2);
  EXPECT_DOUBLE_EQ(a.other_share, 0.8);
  EXPECT_NEAR(a.saving_usd, 0.6 * 1'000'000 * 2.7e-6, 1e-9);
}

TEST_F(AdviceTest, LongCallsAndSilence) {
  calls(200, "support", "", 90, 10), calls(200, "sales", "", 100, 10);  // of support every tenth fails
  for (CallRow& call : rows_.calls) {
    const bool support = call.dims[Field::agent_type] == "support", failed = call.call_outcome == "failed";
    call.duration_us = failed ? 200'000'000 : 100'000'000;
    TurnRow turn;  // they speak half, or a fifth, of the time
    turn.call_id = call.call_id, turn.turn_number = 1, turn.time = turn.updated = call.start;
    turn.started = call.start, turn.ended = call.start + Duration(*call.duration_us / (support ? 5 : 2));
    rows_.turns.push_back(turn);
  }
  const AdviceState state = advice();
  ASSERT_EQ(state.list.size(), 2u);
  const Advice &silence = state.list[0], &length = state.list[1];
  EXPECT_EQ(silence.kind, AdviceKind::silence);
  EXPECT_EQ(silence.agent_type, "support");
  EXPECT_DOUBLE_EQ(silence.share, 0.8);
  EXPECT_DOUBLE_EQ(silence.other_share, 0.5);
  EXPECT_NEAR(silence.saving_usd, 200 * 0.1 * 0.3, 1e-9);  // silence as of sales
  EXPECT_EQ(length.kind, AdviceKind::long_calls);
  EXPECT_EQ(length.n, 20);
  EXPECT_DOUBLE_EQ(*length.length_ms, 100'000);
  EXPECT_NEAR(length.saving_usd, 20 * 0.1 * 0.5, 1e-9);
}

TEST_F(AdviceTest, TokensByKindAndModel) {
  calls(3, "support", "sonnet", 90, 5, 1'000, 500), calls(1, "support", "haiku", 90, 5, 10, 0);
  ViewScope scope;
  scope.range = "1h";
  const TokensState state = compute_tokens([this](const Question& q) { return answer_from_rows(q, rows_, now, "live"); }, scope, now);
  ASSERT_EQ(state.models.size(), 2u);
  EXPECT_EQ(state.models[0].model, "sonnet");
  EXPECT_EQ(state.models[0].kinds, (std::array<double, token_columns>{3'000, 1'500, 300, 120}));
  double written = 0, known = 0;
  for (const auto& value : state.over_time.values[2]) written += value.value_or(0), known += value ? 1 : 0;
  EXPECT_EQ(written, 400);
  EXPECT_EQ(known, 1);  // other minutes are unknown, not zero
}

}  // namespace
}  // namespace aybiza
