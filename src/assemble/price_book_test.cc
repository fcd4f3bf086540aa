#include "assemble/price_book.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

constexpr Instant when = from_micros(1'763'712'000'000'000);

UsageRow tokens(std::string model, Number input, Number cache_read = {}, Number output = {}) {
  UsageRow row;
  row.time = when;
  row.model = std::move(model);
  row.input_tokens = input;
  row.cache_read_tokens = cache_read;
  row.output_tokens = output;
  return row;
}

void check(const UsageRow& usage, const PriceContext& context, Number expected) {
  EXPECT_EQ(PriceBook::built_in().cost_of(usage, context), expected) << usage.model << " " << context.model;
}

TEST(PriceBook, prices_every_kind_of_token_of_known_models) {
  check(tokens("claude-sonnet-4-5", 1'000'000), {}, 3'000'000'000);
  check(tokens("claude-sonnet-4-5", 900, 3'200, 80), {}, 900 * 3'000 + 3'200 * 300 + 80 * 15'000);
  check(tokens("claude-haiku-4-5", 0, 0, 0), {}, 0);
  check(tokens("claude-opus-4-1", {}, {}, 2), {}, 150'000);
}

TEST(PriceBook, finds_a_model_under_its_date_its_provider_and_the_call) {
  for (const char* name : {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4-5",
                           "us.anthropic.claude-sonnet-4-5-20250929-v1:0"})
    check(tokens(name, 10), {}, 30'000);
  check(tokens("", 10), {.model = "claude-sonnet-4-5"}, 30'000);
}

TEST(PriceBook, what_has_no_price_has_no_cost) {
  check(tokens("mystery-1", 10), {}, std::nullopt);
  check(tokens("", 10), {}, std::nullopt);
  check(tokens("mystery-1", {}), {}, std::nullopt);  // nothing to price
  check(tokens("claude-sonnet-5", 10, 5), {}, std::nullopt);  // its cache price is not known
  const auto book = PriceBook::parse("llm\tm\t-\t-\t1\t-\t-\t-\t-\t-\t1000\ttest\n");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->cost_of(tokens("m", 1'000), PriceContext{}), 1'000'000);
  EXPECT_EQ(book->cost_of(tokens("m", 1'001), PriceContext{}), std::nullopt);
}

TEST(PriceBook, speech_costs_something_only_at_a_listed_provider) {
  UsageRow usage = tokens("claude-haiku-4-5", 10);
  usage.stt_us = 60'000'000;
  usage.tts_characters = 1'000'000;
  check(usage, {}, 10'000);
  check(usage, {.provider_stt = "nobody"}, 10'000);
  check(usage, {.provider_stt = "deepgram"}, 10'000 + 4'300'000);
  check(usage, {.provider_stt = "deepgram", .provider_tts = "openai/tts-1"}, 10'000 + 4'300'000 + 15'000'000'000);
  UsageRow speech;
  speech.time = when;
  speech.stt_us = 6'000'000;
  check(speech, {}, std::nullopt);
  check(speech, {.provider_stt = "deepgram"}, 430'000);
}

TEST(PriceBook, rounds_half_to_even_once) {
  const auto book = PriceBook::parse("llm\tm\t-\t-\t0.0005\t-\t-\t-\t-\t-\t-\ttest\n");
  ASSERT_TRUE(book);
  const auto cost = [&](std::int64_t count) { return book->cost_of(tokens("m", count), PriceContext{}); };
  EXPECT_EQ(cost(1), 0);   // 0.5 nano-USD
  EXPECT_EQ(cost(3), 2);   // 1.5
  EXPECT_EQ(cost(5), 2);   // 2.5
  EXPECT_EQ(cost(7), 4);   // 3.5
}

TEST(PriceBook, periods_are_by_the_day_of_the_event) {
  const auto book = PriceBook::parse("llm\tm\t-\t2025-11-21\t1\t-\t-\t-\t-\t-\t-\told\nllm\tm\t2025-11-21\t-\t2\t-\t-\t-\t-\t-\t-\tnew\n");
  ASSERT_TRUE(book);
  UsageRow usage = tokens("m", 1'000'000);
  EXPECT_EQ(book->cost_of(usage, PriceContext{}), 2'000'000'000);
  usage.time -= std::chrono::hours(24);
  EXPECT_EQ(book->cost_of(usage, PriceContext{}), 1'000'000'000);
}

TEST(PriceBook, refuses_rows_it_does_not_understand) {
  for (const char* row : {"llm\tm\n", "cheese\tm\t-\t-\t1\t-\t-\t-\t-\t-\t-\tx", "llm\tm\tyesterday\t-\t1\t-\t-\t-\t-\t-\t-\tx",
                          "llm\tm\t-\t-\t-1\t-\t-\t-\t-\t-\t-\tx", "llm\tm\t-\t-\t1e3\t-\t-\t-\t-\t-\t-\tx"})
    EXPECT_FALSE(PriceBook::parse(row)) << row;
}

}  // namespace
}  // namespace aybiza
