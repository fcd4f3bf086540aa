#include "server/price_import.h"

#include <gtest/gtest.h>

#include "server/price_file.h"

namespace aybiza {
namespace {

TEST(PriceImport, moves_decimals_exactly) {
  EXPECT_EQ(scaled_usd("3e-06", 1'000'000), 3'000'000'000);
  EXPECT_EQ(scaled_usd("0.0000003", 1'000'000), 300'000'000);
  EXPECT_EQ(scaled_usd("7.167e-05", 3'600), 258'012'000);
  EXPECT_EQ(scaled_usd("1.25E-07", 1'000'000), 125'000'000);
  EXPECT_EQ(scaled_usd("0", 1'000'000), 0);
  EXPECT_EQ(scaled_usd("5e-10", 1), 0);       // half of a nano-USD, to even
  EXPECT_EQ(scaled_usd("1.5e-9", 1), 2);
  EXPECT_EQ(scaled_usd("1e-300", 1), 0);
  for (const char* text : {"", "x", "-1", "1e", "null", "1e300", "0x1", "9999999"}) EXPECT_EQ(scaled_usd(text, 1'000'000), std::nullopt) << text;
}

TEST(PriceImport, reads_models_of_litellm) {
  const auto read = read_litellm(R"({"sample_spec":{"input_cost_per_token":0.0},
    "claude-x":{"input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"cache_read_input_token_cost":3e-07,"input_cost_per_token_above_200k_tokens":6e-06,"max_tokens":5},
    "deepgram/nova-3":{"input_cost_per_second":7.167e-05,"litellm_provider":"deepgram"},
    "odd":{"input_cost_per_token":"free"}})", "2026-01-01");
  ASSERT_TRUE(read) << read.error().message;
  std::string lines;
  for (const PriceRate& rate : read->rates) lines += to_line(rate) + '\n';
  EXPECT_EQ(lines,
            "input\t*\tclaude-x\t3\t1M\t2026-01-01T00:00:00.000Z\t-\tLiteLLM\n"
            "output\t*\tclaude-x\t15\t1M\t2026-01-01T00:00:00.000Z\t-\tLiteLLM\n"
            "cache_read\t*\tclaude-x\t0.3\t1M\t2026-01-01T00:00:00.000Z\t-\tLiteLLM\n"
            "stt\tdeepgram\tnova-3\t0.258012\thour\t2026-01-01T00:00:00.000Z\t-\tLiteLLM\n");
  EXPECT_EQ(read->left_out, 2u);
  EXPECT_FALSE(read_litellm("[]", ""));
  EXPECT_FALSE(read_litellm(R"({"a":{"input_cost_per_token":1)", ""));
  EXPECT_FALSE(read_litellm(R"({"a":{"input_cost_per_token":1e-6}})", "yesterday"));
}

TEST(PriceFile, changes_its_line_and_leaves_the_others) {
  const auto rate = [](std::string_view line) { return *parse_rate(line); };
  const std::string text = "# ours\ninput\t*\tM\t1\t1M\ninput\t*\tm\t2\t1M\t2026-01-01\nsuffix\t-x";
  const PriceRate changed = rate("input\t*\tm\t3\t1M");
  EXPECT_EQ(with_rates(text, std::span(&changed, 1)).value(), "# ours\ninput\t*\tm\t3\t1M\t-\t-\t-\ninput\t*\tm\t2\t1M\t2026-01-01\nsuffix\t-x\n");
  const PriceRate fresh = rate("tts\t*\tv\t3\t1M");
  EXPECT_TRUE(with_rates("", std::span(&fresh, 1)).value().ends_with("source\ntts\t*\tv\t3\t1M\t-\t-\t-\n"));
  EXPECT_EQ(without_rates(text, changed, true).value(), "# ours\nsuffix\t-x");
  EXPECT_EQ(without_rates(text, changed, false).value(), "# ours\ninput\t*\tm\t2\t1M\t2026-01-01\nsuffix\t-x");
  EXPECT_EQ(without_rates(text, fresh, true).error().code, Code::not_found);
}

}  // namespace
}  // namespace aybiza
